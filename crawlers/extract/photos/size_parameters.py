"""The parameters with which image servers are asked for a photo in another size or form; all others say which photo.

A size in pixels (`?width=300`), or a preset: a name for many settings, of which only the words in it tell the size
(Scene7 `?$product_large$`, Akamai `?impolicy=thumb`, ImageKit `?tr=n-zoom`).
"""

import re
from urllib.parse import parse_qsl

from crawlers.extract.photos.size_words import WORDS

# Shopify, imgix, WordPress, Scene7, Salesforce, Akamai, Squarespace, Next.js.
_WIDTHS = frozenset("w width wid sw imw imwidth maxwidth max-width max_width mw rw resize size dw".split())
_HEIGHTS = frozenset("h height hei sh imheight maxheight max-height max_height mh rh".split())
_FORMS = frozenset("q qlt quality fit fm fmt dpr sm sfrm strip op_sharpen op_usm resmode ssl".split())
# What is one only with such a value: `crop=front` may say which photo it is.
_FORM_VALUES = {
    name: re.compile(form, re.I)
    for name, form in {
        "crop": r"(?:(?:entropy|edges|faces?|focalpoint|cent(?:er|re)|middle|top|bottom|left|right|smart|auto|true"
        r"|false)(?:,|$))+|[\d.,:%x-]*",
        "auto": r"(?:(?:format|compress|enhance|redeye|webp|avif|true|false)(?:,|$))*",
        "format": r"(?:p?jpe?g|jpg|png\d*|webp|avif|gif|tiff?|auto|origin(?:al)?|\d{2,4}w)",
        "scale": r"(?:both|canvas|down(?:scale)?(?:canvas|only)?|up(?:scale)?(?:canvas|only)?|none|fit|fill|[\d.]+)",
        "bg": r"[0-9a-f]{3}|[0-9a-f]{6}|[0-9a-f]{8}|#\S*|rgba?\S*|white|black|transparent|(?:\d{1,3},){2}\d{1,3}",
    }.items()
}
_FORM_VALUES["bgcolor"] = _FORM_VALUES["bg"]
# The edition of a file (BigCommerce: ?c=2). Of a script they may say which photo it makes.
_EDITIONS = {"v": re.compile(r".*", re.S), "c": re.compile(r"\d*")}
_LEAST_PIXELS = 16  # fewer, and it is a number of the photo: ?size=2
_PRESETS = frozenset("preset impolicy".split())  # whatever their value is
# A preset where the value is one, and else perhaps the photo.
_PERHAPS_PRESETS = frozenset("profile rendition style policy imgsize imagesize image_size".split())
_PRESET_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")
_PRESET_PIXELS = re.compile(r"(?<!\d)\d{3,4}(?!\d)|(?<!\d)\d\d(?=[wx](?![a-z]))")
_TRANSFORMATION = re.compile(r"[a-z]{1,4}-[\w.:-]+(?:[,:][a-z]{1,4}-[\w.-]+)*")  # ImageKit
_TRANSFORMED = re.compile(r"(?:^|[,:])[wh]-(\d{2,4})(?!\d)")
_SMALLER = 1_000  # a preset without a known word: about as wide as a page shows a photo
_LONGEST = 100  # characters of a preset


def without_sizes(query: str, *, is_file: bool = True) -> tuple[str, list[int]]:
    """Take sizes and forms out of a query: what is left says which photo it is; the pixels, none or one number.

    Pixels that are said count more than those a preset's name means.

    is_file  whether the path in front of it is that of an image file
    """
    if not query:
        return "", []
    kept, sizes, meant = [], [], []
    for name, value in parse_qsl(query, keep_blank_values=True):
        low = name.lower()
        if low in _WIDTHS or low in _HEIGHTS:
            if (number := re.match(r"\d{1,4}(?!\d)", value)) and int(number[0]) >= _LEAST_PIXELS:
                sizes.append(int(number[0]))
                continue
            if value.lower() in WORDS:
                sizes.append(WORDS[value.lower()])
                continue
        if _is_form(low, value, is_file):
            # Squarespace ?format=750w, WordPress ?fit=600,800
            if number := re.fullmatch(r"(\d{2,4})(?:w|,\d{1,4})", value):
                sizes.append(int(number[1]))
            continue
        if pixels := _of_preset(name, value):
            meant.append(pixels)
            continue
        kept.append(f"{name}={value}")
    return f"?{'&'.join(kept)}" if kept else "", [max(sizes)] if sizes else [min(meant)] if meant else []


def _is_form(name: str, value: str, is_file: bool) -> bool:
    if name in _EDITIONS:
        return is_file and _EDITIONS[name].fullmatch(value) is not None
    form = _FORM_VALUES.get(name)
    return name in _FORMS or (form is not None and form.fullmatch(value[:_LONGEST]) is not None)


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
