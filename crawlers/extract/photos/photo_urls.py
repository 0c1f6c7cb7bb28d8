"""The photos of a product, in the shop's order, each address once, with the view it shows."""

import json
import re
from collections.abc import Iterator
from typing import Any

from crawlers.extract.page_url import joined
from crawlers.extract.photos.photo_proxies import IMAGE_FILE
from crawlers.extract.photos.photo_view import view_of
from crawlers.extract.photos.stand_ins import is_no_photo
from crawlers.extract.text import printable, text_in

MOST_LOOKED_AT = 20_000  # images of one product, of which at most crawlers.extract.merge.MOST_PHOTOS are kept
_SLASHES = re.compile(r"(https?):(/|/{3,})(?=[^/])", re.I)
_BETWEEN = re.compile(r"\s*[,;|]\s*(?=https?:/|/)|\s+(?=https?://)")
_MOST_LISTED = 250  # addresses in one text
_LONGEST_LIST = 200_000


def add(photos: dict[str, str], source: str, base: str, caption: str = "", view: str = "") -> None:
    """Put one more into `photos` (view by address); several where the text itself is a list of them."""
    for address in addresses_in(source, base):
        photos.setdefault(address, view or view_of(address, caption))


def addresses_in(source: str, base: str) -> Iterator[str]:
    """Read what a markup writes as the address of a photo: absolute, mostly one, several where it is a list.

    A `data:` picture, a bare reference, the page's own address and a blank.gif are none. An address that is broken
    beyond reading is kept as it is: the image stage refuses it by name.
    """
    source = printable(source).strip().replace("&amp;", "&")  # escaped twice, or for HTML inside JSON
    for written in _listed(source):
        if not is_no_photo(written):
            address = joined(base, _mended(written))
            if not _is_same_page(address, base):
                yield address


def photos_in(images: Any, base: str) -> dict[str, str]:
    """Read the images of a feed's entry, objects or addresses: view by address.

    `?v=` is kept, it changes when the photo does. A text says more about the view than a file name, and that
    more than the image's own name.
    """
    photos: dict[str, str] = {}
    for image in images[:MOST_LOOKED_AT] if isinstance(images, list) else []:
        facts = image if isinstance(image, dict) else {"src": image}
        if isinstance(source := facts.get("src"), str):
            alt, name = text_in(facts.get("alt")), text_in(facts.get("name"))
            view = view_of(source, alt) or view_of("", name)
            add(photos, source, base, view=view)
    return photos


def _listed(source: str) -> list[str]:
    """Read one address, or those of a text that is a list: as JSON, or parted and each of them an image file."""
    if source[:1] == "[" and len(source) <= _LONGEST_LIST:
        try:
            values = json.loads(source)
        except (ValueError, RecursionError):
            return [source]
        return [value for value in values[:_MOST_LISTED] if isinstance(value, str)]
    if not _BETWEEN.search(source[:_LONGEST_LIST]):
        return [source]
    pieces = _BETWEEN.split(source[:_LONGEST_LIST], _MOST_LISTED)
    return pieces if all(IMAGE_FILE.search(piece) for piece in pieces) else [source]


def _mended(address: str) -> str:
    """Give an address with the slashes it should have: `http:/cdn/a.jpg` lies in the shop, `https:///cdn.x/a.jpg` at
    a host, as browsers read both beside a page of the same scheme (URL standard, "special authority slashes").
    """
    match = _SLASHES.match(address)
    if match is None:
        return address
    rest = address[match.end() :]
    return f"/{rest}" if match[2] == "/" else f"{match[1]}://{rest}"


def _is_same_page(address: str, base: str) -> bool:
    """Whether an address is the page's own, with a fragment or without."""
    return address.partition("#")[0].rstrip("/") == base.partition("#")[0].rstrip("/")
