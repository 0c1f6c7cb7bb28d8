"""Every way in which HTML names the file of a picture, and which of an element's files is the largest.

`src`, `srcset` with widths and densities, the `source`s of a <picture>, the attributes in which scripts keep the real
or the large file (`data-src`, `data-zoom-image`, `data-large_image` ...), a link to the file around a thumbnail, and a
background in `style`. Until a script runs, `src` may hold a stand-in: a `data:` picture, or a file called blank.gif.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from itertools import islice
from typing import Any

from crawlers.extract.photos.photo_proxies import IMAGE_FILE
from crawlers.extract.photos.photo_sizes import sized
from crawlers.extract.photos.size_words import UNSIZED
from crawlers.extract.photos.srcset import candidates
from crawlers.extract.photos.stand_ins import is_no_photo, stands_in

_LARGE = re.compile(
    r"large|zoom|full|big|hi-?_?res|high|magnif|lightbox|popup|retina|huge|master|original-src", re.I
)
_SMALL = re.compile(r"thumb|small|tiny|mini|preview|placeholder|lqip|low|blur|medium", re.I)
_OTHER = re.compile(r"hover|alt|roll-?over|swap|flip|second|video|poster|icon|logo|json|dynamic|srcset", re.I)
_LAZY = re.compile(
    r"^(?:data-)?(?:lazy|src|original|echo|ll-|actual|image|img|default|source|url|defer|pin|flickity|photo|bg|background)"
    r"|lazy|[-:_]src$"
)
_SURE = re.compile(r"^(?:data-)?(?:lazy|src|original)|[-:_]src$")  # hold a file, and not a page's address
_NUMBERED = re.compile(r"(?<!\d)[2-9]$")  # data-image-2 is another photo
_NUMBER_LAST = re.compile(r"(?<![0-9])([1-9][0-9]{2,3})w?(\.[a-z]{3,4})(?:$|[?#])", re.I)
_BACKGROUND = re.compile(r"background(?:-image)?\s*:[^;]{0,200}?url\(\s*['\"]?([^'\")]{1,2000})", re.I)
_LONGEST_STYLE = 5_000
_PICTURES = frozenset(["img", "amp-img"])
_CLIMB = 3  # levels above a thumbnail in which a link to its large file is looked for
_LINK_HOLDS = 4  # children of such a link at most: a thumbnail, an icon, a caption
_NEAR = 30  # elements inside one that names no file, among which an <img> is looked for
_MOST_SOURCES = 20  # of one <picture>
_MOST_FILES = 250  # of one picture; real ones name thirty, of each <source> ten


class Kind(IntEnum):
    """What an attribute is for; of files that name no size the larger kind is larger."""

    SMALL = 0
    SHOWN = 1
    LAZY = 2
    LARGE = 3
    LINKED = 4


@dataclass(frozen=True)
class _File:
    """One file that an element names. `pixels` are those its srcset states, 0 for none; `times` its density."""

    address: str
    kind: Kind
    pixels: float = 0.0
    times: float = 1.0


def files_of(element: Any) -> list[str]:
    """List the addresses of one picture that an element names, as written, the largest file first.

    element  of lxml: an <img>, <source>, <a>, <link>, <meta>, or any other with such attributes or a background
    Nothing for an element that names no file but a stand-in. Takes time in proportion to its attributes.
    """
    named = islice(_files(element), _MOST_FILES)
    files = [file for file in named if not is_no_photo(file.address)]
    if not files and element.tag in _PICTURES:
        files = [_File(value, Kind.LAZY) for value in islice(_unheard_of(element), 1)]
    files = [file for file in files if not stands_in(file.address)] or files
    if len(files) < 2:
        return [file.address for file in files]
    names = [sized(file.address) for file in files]
    in_sizes = {name.photo for name in names if name.pixels < UNSIZED}
    numbers = _numbers_of_twins([file.address for file in files])
    ranked = []
    for place, (file, name) in enumerate(zip(files, names, strict=True)):
        pixels = file.pixels or float(name.pixels)
        if not file.pixels and file.address in numbers:
            pixels = numbers[file.address]
        elif not file.pixels and name.pixels == UNSIZED and name.photo not in in_sizes:
            pixels = (0.0, 1.0, 1.0, 5_000.0, 6_000.0)[
                file.kind
            ]  # a name alone says nothing: srcsets end before
        ranked.append((-pixels * file.times, -file.kind, place, file.address))
    return list(dict.fromkeys(address for *_, address in sorted(ranked)))


def _numbers_of_twins(addresses: list[str]) -> dict[str, float]:
    """Read the numbers in which the files of one picture alone differ, c-400.jpg and c-1600.jpg: these are sizes."""
    matches = [(address, match) for address in addresses if (match := _NUMBER_LAST.search(address))]
    numbers: dict[str, dict[str, float]] = {}
    for address, match in matches:
        rest = f"{address[: match.start(1)]} {address[match.end(1) : match.start(2)]}"
        numbers.setdefault(rest, {})[address] = float(match[1])
    return {
        address: number
        for twins in numbers.values()
        if len(set(twins.values())) > 1
        for address, number in twins.items()
    }


def file_at(element: Any) -> str:
    """Find the largest file of the photo that an element shows, as written; empty for none.

    Of a link to a page, or of an element that names no file, it is the first <img> inside that counts; of an <img>
    that waits for a script, its twin in the <noscript> behind it.
    """
    files = files_of(element) or files_of_twin(element)
    if files and (element.tag != "a" or IMAGE_FILE.search(files[0])):
        return files[0]
    inside = (files_of(each) for each in islice(element.iter(), 1, _NEAR) if each.tag in _PICTURES)
    return next((more[0] for more in inside if more), files[0] if files else "")


def files_of_twin(element: Any) -> list[str]:
    """List the files of the <img> that a page shows where no script runs, in the <noscript> right behind a picture."""
    behind = element.getnext() if element.tag in _PICTURES else None
    if (
        behind is None
        and element.getparent() is not None
        and element.getparent().tag in ("picture", "source")
    ):
        behind = element.getparent().getnext()
    if behind is None or behind.tag != "noscript":
        return []
    return next((files_of(each) for each in islice(behind.iter("img"), 1)), [])


def largest_in(srcset: str) -> str:
    """Find the candidate of a srcset with the most pixels, empty for none; widths count before densities."""
    sizes = [(unit == "w", number, address) for address, number, unit in candidates(srcset)]
    return max(sizes, key=lambda size: size[:2])[2] if sizes else ""


def sources_of(picture: Any) -> list[Any]:
    """List the <source>s of the <picture> that an <img> stands in; none for an <img> outside.

    libxml2 does not know that a <source> has no end: what follows one stands inside it.
    """
    above = picture.getparent()
    if above is None or above.tag not in ("source", "picture"):
        return []
    sources: list[Any] = []
    while above is not None and above.tag == "source" and len(sources) < _MOST_SOURCES:
        sources.append(above)
        above = above.getparent()
    if above is not None and above.tag == "picture":
        sources += islice(
            (each for each in above.iterchildren("source") if each not in sources), _MOST_SOURCES
        )
    return sources


def link_around(element: Any) -> Any:
    """Find the <a> that a picture stands in, at most a few levels above it; None for none."""
    above, climb = element.getparent(), _CLIMB
    for _ in range(_CLIMB + _MOST_SOURCES):
        if above is None or above.tag == "a":
            return above
        climb -= above.tag not in ("picture", "source")
        if not climb:
            return None
        above = above.getparent()
    return None


def leads_to_file(link: Any) -> bool:
    """Whether an <a> leads to an image file, and holds a thumbnail and little else."""
    return len(link) <= _LINK_HOLDS and _names_file(link.get("href") or "")


def _files(element: Any) -> Iterator[_File]:
    tag = element.tag
    if tag in ("a", "link"):
        href = element.get("href") or ""
        yield _File("" if href.lstrip()[:11].lower() == "javascript:" else href, Kind.LINKED)
    elif tag == "meta":
        yield _File(element.get("content") or "", Kind.SHOWN)
    yield from _named(element)
    if tag == "img":
        for source in sources_of(element):
            yield from _named(source)
    if tag == "img" and (link := link_around(element)) is not None and leads_to_file(link):
        yield _File(link.get("href"), Kind.LINKED)
        yield from (file for file in _named(link) if file.kind == Kind.LARGE)


def _named(element: Any) -> Iterator[_File]:
    """Read the files that an element's own attributes name."""
    try:
        attributes = element.items()
    except ValueError:  # a name that XML forbids
        attributes = [("src", element.get("src") or ""), ("srcset", element.get("srcset") or "")]
    bare = not _names_file(element.get("src") or "")
    for name, value in attributes:
        name = name.lower()
        if not value or name in ("alt", "class", "id", "title", "href", "itemprop"):
            continue
        if "srcset" in name or name.endswith(("src-set", "bgset")):
            for address, number, unit in candidates(value):
                in_pixels = unit == "w"
                yield _File(address, Kind.SHOWN, number if in_pixels else 0.0, 1.0 if in_pixels else number)
        elif name == "src":
            yield _File(value, Kind.SHOWN)
        elif name == "style":
            if match := _BACKGROUND.search(value[:_LONGEST_STYLE]):
                yield _File(match[1], Kind.SHOWN)
        elif (kind := _kind_of(name)) is not None and _is_rooted(value):
            may_be_page = not (bare or _SURE.search(name) or _names_file(value))
            if not may_be_page:
                yield _File(value, kind)


def _unheard_of(picture: Any) -> Iterator[str]:
    """Find image files in attributes whose names say nothing, for a picture that names no other: data-breeze."""
    try:
        attributes = picture.items()
    except ValueError:  # a name that XML forbids
        return
    for name, value in attributes:
        is_other = _NUMBERED.search(name) or _OTHER.search(name)
        if name.startswith("data-") and not is_other and _is_rooted(value) and _names_file(value):
            yield value


def _kind_of(name: str) -> Kind | None:
    """Say what a script's attribute is for; None for one that names another picture, or none."""
    if _NUMBERED.search(name):
        return None
    if not (name.startswith("data-") or "src" in name or "zoom" in name) or _OTHER.search(name):
        return None
    if _LARGE.search(name):
        return Kind.LARGE
    if _SMALL.search(name):
        return Kind.SMALL
    return Kind.LAZY if _LAZY.search(name) else None


def _is_rooted(value: str) -> bool:
    """Whether an attribute of any name holds an address: a rooted one, or the name of an image file."""
    text = value.strip()
    if not text or text[0] in "{[<" or any(space in text for space in "\n\t"):
        return False
    return text.startswith(("http://", "https://", "/", "./", "../")) or _names_file(text)


def _names_file(address: str) -> bool:
    return "." in address and IMAGE_FILE.search(address[-300:]) is not None
