"""The parameters with which image servers are asked for a photo in another size or form; all others say which photo.

A size in pixels (`?width=300`), or a preset: a name for many settings, of which only the words in it tell the size
(Scene7 `?$product_large$`, Akamai `?impolicy=thumb`, ImageKit `?tr=n-zoom`).
"""

import re
from urllib.parse import parse_qsl

from crawlers.extract.photos.size_words import UNSIZED, WORDS

# Shopify, imgix, WordPress, Scene7, Salesforce, Akamai, Squarespace, Next.js.
_WIDTHS = frozenset("w width wid sw imw imwidth maxwidth max-width max_width mw rw resize size dw".split())
_HEIGHTS = frozenset("h height hei sh imheight maxheight max-height max_height mh rh".split())
_FORMS = frozenset(
    "q qlt quality fit crop auto fm fmt format dpr sm sfrm strip scale bg bgcolor op_sharpen op_usm resmode ssl v"
    " c".split()
)
_PRESETS = frozenset("preset impolicy".split())  # whatever their value is
# A preset where the value is one, and else perhaps the photo.
_PERHAPS_PRESETS = frozenset("profile rendition style policy imgsize imagesize image_size".split())
_PRESET_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")
_PRESET_PIXELS = re.compile(r"(?<!\d)\d{3,4}(?!\d)|(?<!\d)\d\d(?=[wx](?![a-z]))")
_TRANSFORMATION = re.compile(r"[a-z]{1,4}-[\w.:-]+(?:[,:][a-z]{1,4}-[\w.-]+)*")  # ImageKit
_TRANSFORMED = re.compile(r"(?:^|[,:])[wh]-(\d{2,4})(?!\d)")
_SMALLER = UNSIZED - 1  # a preset without a known word: smaller than the photo without any
_LONGEST = 100  # characters of a preset


def without_sizes(query: str) -> tuple[str, list[int]]:
    """Take sizes and forms out of a query: what is left says which photo it is; the pixels, none or one number.

    Pixels that are said count more than those a preset's name means.
    """
    if not query:
        return "", []
    kept, sizes, meant = [], [], []
    for name, value in parse_qsl(query, keep_blank_values=True):
        low = name.lower()
        if low in _WIDTHS or low in _HEIGHTS:
            if number := re.match(r"\d{1,4}(?!\d)", value):
                sizes.append(int(number[0]))
                continue
            if value.lower() in WORDS:
                sizes.append(WORDS[value.lower()])
                continue
        if low in _FORMS and (low != "c" or value.isdigit()):  # BigCommerce: ?c=2
            if number := re.fullmatch(r"(\d{2,4})w", value):  # Squarespace
                sizes.append(int(number[1]))
            continue
        if pixels := _of_preset(name, value):
            meant.append(pixels)
            continue
        kept.append(f"{name}={value}")
    return f"?{'&'.join(kept)}" if kept else "", [max(sizes)] if sizes else [min(meant)] if meant else []


def _of_preset(name: str, value: str) -> int:
    """Read about how many pixels a preset means; 0 for what is none, and may say which photo it is."""
    low = name.lower()
    if name[:1] == "$" and not value:  # with a value it may fill a photo into a template of Scene7's
        return _meant_by(name) or _SMALLER
    if low in _PRESETS:
        return _meant_by(value) or _SMALLER
    if low == "tr" and _TRANSFORMATION.fullmatch(value[:_LONGEST]):
        stated = [int(number) for number in _TRANSFORMED.findall(value[:_LONGEST])]
        return max(stated, default=_meant_by(value) or _SMALLER)
    return _meant_by(value) if low in _PERHAPS_PRESETS else 0


def _meant_by(preset: str) -> int:
    if number := _PRESET_PIXELS.search(preset[:_LONGEST]):
        return int(number[0])
    words = (word.lower() for word in _PRESET_WORD.findall(preset[:_LONGEST]))
    return min((WORDS[word] for word in words if word in WORDS), default=0)
