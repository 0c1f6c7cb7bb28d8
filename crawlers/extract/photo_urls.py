"""The photos of a product, in the shop's order, each address once, with the view it shows."""

from typing import Any

from crawlers.extract.page_url import joined
from crawlers.extract.photo_view import view_of
from crawlers.extract.text import printable, text_in

MOST_LOOKED_AT = 20_000  # images of one product, of which at most crawlers.extract.merge.MOST_PHOTOS are kept


def add(photos: dict[str, str], source: str, base: str, caption: str = "", view: str = "") -> None:
    """Put one more into `photos` (view by address). A `data:` picture or a bare reference is none.

    An address that is broken beyond reading is kept as it is: the image stage refuses it by name.
    """
    source = printable(source).strip().replace("&amp;", "&")  # escaped twice, or for HTML inside JSON
    if not source or source[0] == "#" or source[:5].lower() == "data:":
        return
    address = joined(base, source)
    photos.setdefault(address, view or view_of(address, caption))


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
