"""Which addresses are one photo in several sizes, by the ways in which shop software writes a size into an address.

A parameter (`?width=300`), a part of the path (`/w_300,c_fill/`, `/300x300/`, `/24-home_default/`) or the end of the
file's name (`-300x300`, `_small`, `.320.`, `@2x`). A number that may as well be a photo's own (`coat-102.jpg`) is none.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote, urlsplit

from crawlers.extract.photos.photo_proxies import Proxied, proxied
from crawlers.extract.photos.size_parameters import without_sizes
from crawlers.extract.photos.size_words import UNSIZED, WORDS

_LONGEST = 2_000  # characters of an address that are looked at
_REMEMBERED = 1_024  # addresses: those of a page are asked about several times
_MOST_ENDINGS = 4  # sizes at the end of one file name

_ON_SHOPIFY = WORDS | {"small": 100, "compact": 160, "medium": 240, "large": 480, "grande": 600}
# PrestaShop's types of image; a file without one is larger than all.
_TYPES = {
    "cart": 125,
    "small": 98,
    "home": 250,
    "medium": 452,
    "large": 800,
    "category": 141,
    "thickbox": 801,
}
_SHOPIFY = re.compile(r"cdn\.shopify\.com|/cdn/shop/")

_CROP = r"1x1|4x3|3x4|16x9|9x16|2x3|3x2"  # Google asks for three crops of one photo ("Product" structured data, image)
_ENDING = (
    r"@(?P<times>[23])x"
    r"|[-_.](?P<width>\d{2,4})x(?P<high>\d{2,4})?(?:_crop(?:_[a-z]+)?|_cropped)?"
    r"|[-_.]x(?P<height>\d{2,4})(?:_crop(?:_[a-z]+)?)?"
    r"|[-_.](?P<wide>\d{2,4})w|[-_]w(?P<lead>[1-9]\d{1,3})"
    r"|[-_](?P<hybris>\d{2,4})Wx\d{2,4}H"
    r"|\.(?P<dotted>\d{2,4})\.(?P<deep>\d{2,4})|\.(?P<lone>\d{2,4})"
    r"|\._(?P<amazon>[A-Z]{2}[A-Z0-9_,]*)_"
    r"|=(?:w|h|s)(?P<google>\d{2,4})[-a-z0-9]*"
    rf"|[-_](?P<crop>{_CROP})"
    r"|[-_](?P<word>pico|icon|thumb|thumbnail|tn|small|compact|medium|large|grande|scaled|fullsize|hires|original"
    r"|orig|master)"
)
_AT_END = re.compile(rf"(?:{_ENDING})\Z")
_AT_BEGIN = re.compile(
    r"(?:thumb|thumbnail|tn)(?=[-_]\w)|(?:small|medium|large|original)(?=_\w)|\d{2,4}Wx\d{2,4}H(?=[-_]\w)"
)
# What is left of a name is none: the number behind it is the photo's own, IMG_1200, DSC.1200, foto-640w.
_NAMELESS = re.compile(
    r"(?:img|dsc[fn]?|dscn|pxl|pict?|p|image|imagen|photo|foto|bild|look|scan|view|art|sku)[-_.]*", re.I
)
# Sizes of trousers, 30x32; beyond _STEEPEST two numbers are no width and height.
_TROUSERS, _STEEPEST = range(24, 47), 4
_MADE = frozenset(
    [180, 360, 375, 414, 420, 540, 720, 828, 1080, 1170, 1242]
)  # widths of files beside round ones
_MAY_BE_OWN = frozenset(["width", "wide", "lead", "lone"])  # beside what is no name
_LEAST_WIDE = 50
_KIND = re.compile(r"\.(?:jpe?g|png|webp|avif|gif|jfif)\Z", re.I)
_TRANSFORMATION = re.compile(r"[a-z]{1,3}_[\w.:-]+(?:,[a-z]{1,3}_[\w.:-]+)*")  # Cloudinary, Wix, ImageKit
_IMAGEKIT = re.compile(r"tr:(?:[\w.:-]+,?)+")
_IN_TRANSFORMATION = re.compile(r"(?:^|[,:])[wh][_=-](\d{2,4})(?![^,])")
_FORM = re.compile(
    r"c_(?:fill|fit|scale|crop|thumb|pad|limit|auto|lfill|mfit|lpad|mpad|fill_pad|auto_pad|imagga_\w+)"
    r"|f_(?:auto|jpe?g|png|webp|avif|gif|jxl)(?::\w+)?|q_auto(?::\w+)?|dpr_(?:auto|\d(?:\.\d+)?)"
)
_FORM_OF_NUMBER = re.compile(r"[wh]_(?:\d{2,4}|auto)(?::\S*)?|q_\d{1,3}(?::\S*)?|[cf]_[a-z]+")
_DELIVERED = frozenset(["upload", "fetch", "private", "authenticated"])
_DIMENSIONS = re.compile(r"(\d{2,4})x(?:\d{2,4})?(?:x\d)?|x(\d{2,4})|(\d{2,4})w")
_PRESTASHOP = re.compile(r"(\d+)-([a-z]+)(?:_default)?")
_A_CROP = re.compile(_CROP)
_VTEX = re.compile(r"(\d{4,})-(\d{2,4})-(?:\d{2,4}|auto)")
_HASH = re.compile(r"[0-9a-f]{32}")
# Names of hosts on which a shop serves the files of its own.
_SERVES_FILES = re.compile(
    r"\A(?:www|cdn|static|assets?|media|img|imgs|images?|pics?|photos?|files|content)-?\d{0,2}\.(?=[^.]+\.)"
)
_CACHED = 500  # Magento names its sizes by a hash


@dataclass(frozen=True)
class Sized:
    """What an address names: `photo`, equal for all sizes of one; `pixels`, about its longer side, or UNSIZED."""

    photo: str
    pixels: int


@lru_cache(_REMEMBERED)
def sized(address: str) -> Sized:
    """Take the size out of a photo's address. Never raises; an address that is none is a photo of its own."""
    try:
        parts = urlsplit(address[:_LONGEST])
    except ValueError:
        return Sized(address, UNSIZED)
    if len(address) > _LONGEST:
        return Sized(address, UNSIZED)
    words = _ON_SHOPIFY if _SHOPIFY.search(address) else WORDS
    if (service := proxied(parts)) is not None and len(service.source) < len(address):
        return _made_by(service, words)
    query, sizes = without_sizes(parts.query, is_file=_KIND.search(parts.path) is not None)
    folders, name = _folders(unquote(parts.path), words, sizes)
    said = len(sizes)
    photo = _file(name, words, sizes)
    if len(sizes) > said and query.startswith("?context=") and "/medias/" in parts.path:
        query = ""  # SAP Commerce: where the file of this size is stored
    pixels = min((size for size in sizes if size), default=UNSIZED)
    host = _SERVES_FILES.sub("", parts.netloc.lower(), count=1)
    return Sized(f"{host}{'/'.join([*folders, photo])}{query}", pixels)


def _made_by(service: Proxied, words: Mapping[str, int]) -> Sized:
    """Name the photo that a service makes smaller; the service's file comes after the photo's own."""
    own, (_, sizes) = sized(service.source), without_sizes(service.query)
    for folder in service.folders:
        _is_size(folder, [""], words, sizes)
    made = min((size for size in sizes if size), default=UNSIZED - 1)
    return Sized(own.photo, min(own.pixels, made))


def largest_of_each(photos: Mapping[str, str]) -> dict[str, str]:
    """Keep of each photo its largest file, where its first one stood: view by address."""
    chosen: dict[str, tuple[str, int, str]] = {}
    for address, view in photos.items():
        named = sized(address)
        best, pixels, known_view = chosen.get(named.photo, (address, named.pixels, ""))
        if named.pixels > pixels:
            best, pixels = address, named.pixels
        chosen[named.photo] = best, pixels, known_view or view
    return {address: view for address, _, view in chosen.values()}


def _folders(path: str, words: Mapping[str, int], sizes: list[int]) -> tuple[list[str], str]:
    """Take the folders that name a size out of a path; return the others and the file."""
    *folders, name = path.split("/")
    if "v1" in folders and "media" in folders:  # Wix: /media/FILE/v1/fill/w_300,h_400/FILE
        cut = folders.index("v1")
        sizes += [size for folder in folders[cut:] if (size := _transformed(folder))]
        return folders[: cut - 1], folders[cut - 1]
    kept: list[str] = []
    for folder in folders:
        if not kept or not _is_size(folder, kept, words, sizes):
            kept.append(folder)
    return kept, name


def _is_size(folder: str, kept: list[str], words: Mapping[str, int], sizes: list[int]) -> bool:
    """Whether a folder names a size and nothing else; its pixels then go into `sizes`."""
    if match := _DIMENSIONS.fullmatch(folder):
        sizes.append(int(match[1] or match[2] or match[3]))
    elif _A_CROP.fullmatch(folder):
        sizes.append(UNSIZED - 1)
    elif folder.lower() in words:
        sizes.append(words[folder.lower()])
    elif (match := _PRESTASHOP.fullmatch(folder)) and match[2] in _TYPES:
        sizes.append(_TYPES[match[2]])
        kept.append(match[1])
    elif match := _VTEX.fullmatch(folder):
        sizes.append(int(match[2]))
        kept.append(match[1])
    elif kept[-1] == "cdn-cgi" and folder == "image":  # Cloudflare: /cdn-cgi/image/width=300,quality=75/...
        kept.pop()
    elif folder.startswith(("width=", "w=", "fit=", "quality=", "format=")):
        sizes.extend(int(number) for number in re.findall(r"\bw(?:idth)?=(\d{2,4})(?!\d)", folder))
    elif _HASH.fullmatch(folder) and "cache" in kept:
        del kept[kept.index("cache") :]
        sizes.append(_CACHED)
    elif _IMAGEKIT.fullmatch(folder) or (_TRANSFORMATION.fullmatch(folder) and _means_form(folder, kept)):
        sizes.extend(filter(None, [_transformed(folder)]))
    else:
        return False
    return True


def _means_form(folder: str, kept: list[str]) -> bool:
    """Whether a folder of `a_b,c_d` is a transformation: it sets width, height, crop, format or quality.

    `/w_123/` alone may be a photo's number, unless it stands where Cloudinary puts its transformations.
    """
    parts = folder.split(",")
    if any(map(_FORM.fullmatch, parts)):
        return True
    is_there = len(parts) > 1 or not _DELIVERED.isdisjoint(kept)
    return is_there and any(map(_FORM_OF_NUMBER.fullmatch, parts))


def _transformed(folder: str) -> int:
    return max(map(int, _IN_TRANSFORMATION.findall(folder)), default=0)


def _file(name: str, words: Mapping[str, int], sizes: list[int]) -> str:
    """Take sizes and format out of a file's name."""
    stem, times = name, 1
    for _ in range(2):  # coat.jpg.webp
        stem = _KIND.sub("", stem)
    found: list[int] = []
    for _ in range(_MOST_ENDINGS):
        match = _AT_END.search(stem, max(0, len(stem) - 60))
        if match is None or not match.start():
            break
        pixels = _pixels(match, words)
        if not pixels or (words is not _ON_SHOPIFY and _is_own_number(match)):
            break
        if match["times"]:
            times = pixels
        else:
            found.append(pixels)
        stem = stem[: match.start()]
    if (match := _PRESTASHOP.fullmatch(stem)) and match[2] in _TYPES and stem.endswith("_default"):
        found.append(_TYPES[match[2]])
        stem = match[1]
    elif match := _AT_BEGIN.match(stem):
        found.append(words[match[0]] if match[0] in words else int(match[0].partition("W")[0]))
        stem = stem[match.end() + 1 :]
    if found or times > 1:
        sizes.append(min(found, default=UNSIZED) * times)
    return stem


def _is_own_number(match: re.Match[str]) -> bool:
    """Whether a number behind what is no name is the photo's own: IMG_1200x."""
    return match.lastgroup in _MAY_BE_OWN and bool(_NAMELESS.fullmatch(match.string, 0, match.start()))


def _pixels(match: re.Match[str], words: Mapping[str, int]) -> int:
    """Read the size that a name's ending names; 0 where the number may be the photo's own."""
    kind = match.lastgroup or ""
    text = match[kind]
    if kind == "word":
        return words[text]
    if kind == "crop":
        return UNSIZED - 1
    if kind == "amazon":
        return max(map(int, re.findall(r"(?:S[LXYSR]|U[LXYS])(\d+)", text)), default=_CACHED)
    if kind in ("high", "deep"):
        return _width(*(int(text) for text in match.group("width" if kind == "high" else "dotted", kind)))
    number = int(text)
    if kind in ("wide", "lead"):  # jeans-w32, look-2025w: files are made in round widths
        return (
            number if number >= _LEAST_WIDE and (not number % 50 or not number % 16 or number in _MADE) else 0
        )
    if kind == "lone":  # coat.101.jpg, coat.102.jpg are two photos; files are made 320 or 1280 wide
        return number if number >= 40 and (number % 10 == 0 or number % 16 == 0) else 0
    return number


def _width(width: int, height: int) -> int:
    """Judge a width with a height: 0 where the two are a size of trousers, or no width and height."""
    if width != height and width in _TROUSERS and height in _TROUSERS:
        return 0
    return 0 if max(width, height) > _STEEPEST * min(width, height) else width
