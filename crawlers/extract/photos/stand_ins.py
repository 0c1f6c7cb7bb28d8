"""What stands where a photo should be, and is none: until a script runs, or because the shop has no photo."""

import re
from urllib.parse import unquote

_NO_ADDRESS = frozenset(
    ["null", "undefined", "none", "false", "true", "n/a", "no_selection", "[object object]", "0"]
)
_SCHEMES = ("data:", "about:", "blob:")
_UNFILLED = re.compile(r"\{\{|\$\{|<%|[{]\w{1,20}[}]|%7B\w{1,20}%7D", re.I)  # {width} of lazysizes
# A film, a model or a document among a product's pictures.
_OTHER_KIND = re.compile(
    r"\.(?:mp4|m4v|webm|mov|ogv|m3u8|mpd|glb|gltf|usdz|pdf)(?:$|[?#])"
    r"|^(?:https?:)?//(?:www\.|m\.|player\.)?(?:youtube(?:-nocookie)?\.com|youtu\.be|vimeo\.com)/",
    re.I,
)
_LONGEST_NAME = 80  # of a file that is called so
_TAIL = r"(?:[-_. ]?(?:\d+(?:x\d+)?|gif|image|img|pixel|bg|trans|default|small|medium|large|thumb(?:nail)?))*"
_UNTIL_LOADED = re.compile(
    r"(?:blank|dot|clear|empty|px|dummy|shim|trans|1x1"
    r"|(?:.*[-_.])?(?:spacer|pixel|transparent|loading|loader|preload(?:er)?|spinner|lazy(?:[-_]?load(?:er|ing)?)?"
    rf"|blank|placeholder)){_TAIL}",
    re.I,
)
_LONE_GIF = re.compile(r"[stbx]|gr[ae]y|white|bg|default", re.I)
_PICTURE = r"(?:image|img|photo|picture|pic|foto|bild|imagen|immagine)s?"
_NO_PICTURE = re.compile(
    rf"(?:.*[-_.])?(?:no[-_ ]?{_PICTURE}(?:[-_ ]?(?:available|found|yet|vorhanden))?"
    rf"|{_PICTURE}[-_ ]?(?:not[-_ ]?(?:found|available)|missing|unavailable|(?:is[-_ ])?coming[-_ ]?soon)"
    rf"|missing[-_ ]?{_PICTURE}|coming[-_ ]?soon|bild[-_ ]?folgt|kein[-_ ]?{_PICTURE}"
    rf"|sans[-_ ]?{_PICTURE}|sin[-_ ]?{_PICTURE}"
    rf"|(?:{_PICTURE}|product)[-_]?placeholder|placeholder(?:[-_]?{_PICTURE})?|default[-_]?(?:product|{_PICTURE})"
    rf"|not[-_]?available|noimg){_TAIL}"
    # As Shopify, PrestaShop, BigCommerce, EC-CUBE and Cafe24 call theirs.
    r"|no-image-\d+-[0-9a-f]{6,40}(?:_[a-z]+)?|[a-z]{2}-default(?:-[a-z]+_default)?|productdefault"
    r"|no[-_]?image[-_](?:product|detail|list|main)|img_product_(?:big|medium|small|tiny)",
    re.I,
)
_OF_PLACEHOLDERS = re.compile(r"/placeholders?/(?:default/)?[^/]*\Z", re.I)  # Magento's folder


def is_no_photo(address: str) -> bool:
    """Whether what stands where an address should is none, or holds a photo's place until a script runs.

    A `data:` picture, a fragment, a word such as "null", a template left unfilled, a blank.gif, a film.
    """
    text = address.strip()
    low = text[:40].lower()
    if not text or text[0] == "#" or low in _NO_ADDRESS or low.startswith(_SCHEMES):
        return True
    if _UNFILLED.search(text[:500]) or _OTHER_KIND.search(text[-300:] if len(text) > 300 else text):
        return True
    stem, kind = _file(text)
    return kind in ("gif", "svg") and bool(_UNTIL_LOADED.fullmatch(stem) or _LONE_GIF.fullmatch(stem))


def stands_in(address: str) -> bool:
    """Whether a file is named like one that holds a photo's place, in any format: beside another, that is the photo."""
    stem, _ = _file(address)
    return (bool(stem) and bool(_UNTIL_LOADED.fullmatch(stem))) or says_no_picture(address)


def says_no_picture(address: str) -> bool:
    """Whether a file is named like the picture that shops show where they have none: no-image.jpg, placeholder.png.

    The whole name must say it, or the folder: `no-picture-tee.jpg` is a photo.
    """
    stem, _ = _file(address)
    return bool(stem) and bool(_NO_PICTURE.fullmatch(stem) or _in_folder_of_placeholders(address))


def _in_folder_of_placeholders(address: str) -> bool:
    return bool(_OF_PLACEHOLDERS.search(address.partition("?")[0][-200:]))


def _file(address: str) -> tuple[str, str]:
    """Split the file's name from its format; empty for a name that is longer than such names are."""
    path = address.partition("?")[0].partition("#")[0]
    stem, _, kind = path[path.rfind("/") + 1 :].rpartition(".")
    if len(stem) > _LONGEST_NAME:
        return "", ""
    return (unquote(stem) if "%" in stem else stem), kind.lower()
