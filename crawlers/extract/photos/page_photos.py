"""What a product page shows beside the photos that its data states: larger files of them, and more views of it.

Only what is certain is taken: a file that one element names together with a stated photo is the same photo; a link to
an image file around its thumbnail, in the gallery of the stated photo or in one that calls itself a gallery, is one
more view. What else the gallery shows is counted, so that it can be told.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from scrapy.http import TextResponse
from scrapy.utils.response import get_base_url

from crawlers.extract.photos.photo_markup import files_of, leads_to_file, link_around, sources_of
from crawlers.extract.photos.photo_sizes import largest_of_each, sized
from crawlers.extract.photos.photo_urls import addresses_in
from crawlers.extract.photos.photo_view import view_of
from crawlers.extract.photos.stand_ins import says_no_picture
from crawlers.extract.text import printable

_MOST_STATED = 60  # photos of one product that are looked for on its page
_MOST_SHOWN = 2_000  # pictures of one page that are looked at
_MOST_FILES = 4_000  # of these pictures; a shop's gallery of fifty with twenty sizes each has a quarter
_MOST_TAKEN = 60  # views that a page adds to those stated
_CLIMB, _NEAR = (
    4,
    2,
)  # levels above a picture in which its gallery is looked for: of a link, of a picture alone
_FOREIGN_CLIMB = 12
_MOST_ABOVE = 60  # elements above a picture that are looked at, the <source>s around it among them
_LEAST_WIDTH = 40  # pixels a picture is said to be wide; under that it is an icon
_WIDE = frozenset(["html", "body", "main", "article", "form"])  # hold more than a gallery
_OUTSIDE = frozenset(["nav", "header", "footer", "aside"])
_GALLERY = re.compile(
    r"galler|thumb|carousel|slider|slick|swiper|lightbox|fancybox|photoswipe|zoom|splide|glide"
    r"|product[-_]*(?:view|single|detail|main)?[-_]*(?:image|img|photo|picture|media)s?",
    re.I,
)
_FOREIGN = re.compile(
    r"relat|recommend|recent|similar|also|cross-?_?sell|up-?_?sell|review|customer|comment|ugc|instagram|blog|footer"
    r"|swatch|size-?_?(?:chart|guide|table)|banner|newsletter|payment|badge|logo|descri|lookbook|the-look|bundle"
    r"|mini-?cart",
    re.I,
)
_CHART = re.compile(r"siz(?:e|ing)s?[-_ ]?(?:chart|guide|table)|measure|groessen|care[-_ ]?label", re.I)


@dataclass
class PagePhotos:
    """What a page shows of one product beside its stated photos.

    larger  larger file by stated address
    more    views that the data does not state and that are certain: view by address
    unread  how many further pictures the gallery shows, as far as can be seen
    """

    larger: dict[str, str] = field(default_factory=dict)
    more: dict[str, str] = field(default_factory=dict)
    unread: int = 0

    def added_to(self, photos: Mapping[str, str]) -> dict[str, str]:
        """Give stated photos, each in its largest file, and behind them what the page shows more: view by address."""
        stated = {self.larger.get(address, address): view for address, view in photos.items()}
        return largest_of_each(stated | {url: view for url, view in self.more.items() if url not in stated})


def photos_on(page: TextResponse, stated: Iterable[str]) -> PagePhotos:
    """Compare what a page shows with the photos that its data states. Never raises; linear in the page, and bounded.

    stated  addresses, of all markups of the page's product
    """
    addresses = list(islice(dict.fromkeys(stated), _MOST_STATED))
    return _Comparison(page, addresses).result() if addresses else PagePhotos()


class _Comparison:
    """One page and the photos that its data states.

    photos   stated addresses by photo (`sized(...).photo`)
    near     elements around a stated photo, by how many levels they stand above it
    judged   of each picture looked at, photo by file, the largest file first
    """

    def __init__(self, page: TextResponse, stated: list[str]) -> None:
        self._base = get_base_url(page)
        self._photos: dict[str, list[str]] = {}
        for address in stated:
            self._photos.setdefault(sized(address).photo, []).append(address)
        self._names = {photo.partition("?")[0].rpartition("/")[2] for photo in self._photos}
        self._near: dict[Any, int] = {}
        self._says: dict[Any, tuple[bool, bool]] = {}
        self._root = page.selector.root
        self._judged: dict[Any, dict[str, str]] = {}
        self._files_left = _MOST_FILES

    def result(self) -> PagePhotos:
        found, others = PagePhotos(), list[tuple[Any, bool]]()
        # XPath, and no walk: what stands behind </html> is in the document, and in no tree under its root.
        for picture in self._root.xpath("//img")[:_MOST_SHOWN]:
            link = link_around(picture)
            linked = link is not None and leads_to_file(link)
            may_be_stated = self._may_be_stated(picture, link if linked else None)
            files = self._files(picture) if may_be_stated else {}
            if not self._photos.keys().isdisjoint(files.values()):
                self._note(picture, files, found)
            # A picture inside a link to another page shows that page's product.
            elif linked or link is None or str(link.get("href") or "#").lstrip()[:1] == "#":
                others.append((picture, linked))
        self._add_others(others, found)
        return found

    def _add_others(self, others: list[tuple[Any, bool]], found: PagePhotos) -> None:
        """Add the views that the gallery links to, and count those that it only shows."""
        known = {*self._photos, *(sized(address).photo for address in found.larger.values())}
        unread: set[str] = set()
        for picture, linked in others:
            files = self._files(picture) if self._is_in_gallery(picture, linked=linked) else {}
            if not files or not known.isdisjoint(files.values()) or any(map(_is_no_view, files)):
                continue
            largest, photo = next(iter(files.items()))
            if linked and len(found.more) < _MOST_TAKEN:
                known.update(files.values())
                found.more[largest] = view_of(largest, picture.get("alt") or "")
            elif not _is_icon(picture):
                unread.add(photo)
        found.unread = len(unread - known)

    def _may_be_stated(self, picture: Any, link: Any) -> bool:
        """Whether a stated file's name stands in what an element names; a look that costs little."""
        text = " ".join(_values(picture))
        for source in sources_of(picture):
            text += " ".join(_values(source))
        if link is not None:
            text += f" {link.get('href')}"
        return any(map(text.__contains__, self._names))

    def _files(self, picture: Any) -> dict[str, str]:
        """List the photo of each of a picture's files, absolute, the largest file first; none beyond the bound."""
        if picture not in self._judged:
            files: dict[str, str] = {}
            for written in files_of(picture) if self._files_left > 0 else ():
                is_whole = written.startswith(("https://", "http://"))
                for file in (printable(written),) if is_whole else addresses_in(written, self._base):
                    files.setdefault(file, sized(file).photo)
            self._files_left -= len(files)
            self._judged[picture] = files
        return self._judged[picture]

    def _note(self, picture: Any, files: dict[str, str], found: PagePhotos) -> None:
        """Note the largest file of a stated photo, and what the photo stands in."""
        first = next(iter(files))
        largest = sized(first)
        for photo in dict.fromkeys(files.values()):
            for address in self._photos.get(photo, ()):
                own = sized(address)
                if address in files or (own.photo == largest.photo and own.pixels < largest.pixels):
                    known = sized(found.larger.get(address, address))
                    if address not in found.larger or (
                        known.photo == largest.photo and known.pixels < largest.pixels
                    ):
                        found.larger[address] = first
        for level, above in enumerate(islice(_around(picture), _CLIMB)):
            if above.tag in _WIDE:
                break
            self._near[above] = min(level, self._near.get(above, level))

    def _is_in_gallery(self, picture: Any, *, linked: bool) -> bool:
        """Whether a picture stands beside a stated one or in what calls itself a gallery, and in nothing else's."""
        within = False
        for level, above in enumerate(islice(_around(picture), _FOREIGN_CLIMB)):
            if self._near.get(above, _CLIMB) < (_CLIMB if linked else _NEAR) and level < _CLIMB:
                return True
            if above.tag in ("html", "body", "main"):
                break
            gallery, foreign = self._said_of(above)
            if foreign:
                return False
            within = within or (gallery and level < _CLIMB)
        return within

    def _said_of(self, element: Any) -> tuple[bool, bool]:
        """Whether an element calls itself a gallery, and whether it is about something else."""
        if element not in self._says:
            names = f"{element.get('class') or ''} {element.get('id') or ''}"[:500]
            foreign = element.tag in _OUTSIDE or bool(_FOREIGN.search(names))
            self._says[element] = bool(_GALLERY.search(names)), foreign
        return self._says[element]


def _around(picture: Any) -> Iterator[Any]:
    """Give the elements around a picture, inner first, without those that belong to it."""
    above = islice(picture.iterancestors(), _MOST_ABOVE)
    return (each for each in above if each.tag not in ("picture", "source"))


def _values(element: Any) -> list[str]:
    try:
        return list(element.values())
    except ValueError:  # a name that XML forbids
        return [element.get("src") or ""]


def _is_no_view(address: str) -> bool:
    """Whether a file's name says that it shows no side of the product."""
    return says_no_picture(address) or bool(_CHART.search(address[-200:]))


def _is_icon(picture: Any) -> bool:
    width = picture.get("width") or ""
    return width.isdigit() and len(width) < 6 and int(width) < _LEAST_WIDTH
