"""Which side of a garment a photo shows, where the shop says so in a caption or a file name."""

import re
from urllib.parse import unquote, urlsplit

VIEWS = frozenset(
    [
        *("front", "back", "side", "left", "right", "detail", "flat", "hanger", "main", "alt", "swatch"),
        *("model", "worn", "lifestyle", "street", "customer"),
    ]
)
_MEANS = {
    "review": "customer",
    "reviews": "customer",
    "customers": "customer",
    "closeup": "detail",
    "rear": "back",
}
_MEANS |= {"details": "detail", "zoom": "detail", "lay": "flat", "laydown": "flat", "reverse": "back"}
_WORD = re.compile(r"[a-z]+")


def view_of(address: str, caption: str = "") -> str:
    """Name the view as one word of VIEWS; empty when nothing says it.

    The caption decides before the file name, and the last known word before earlier ones:
    `front-row-jacket-back.jpg` shows the back.
    """
    try:
        path = urlsplit(address).path
    except ValueError:  # such as "http://[x": no address, so no file name either
        path = ""
    return _last_view(caption) or _last_view(unquote(path.rpartition("/")[2]))


def _last_view(text: str) -> str:
    words = (_MEANS.get(word, word) for word in reversed(_WORD.findall(text.lower())))
    return next((word for word in words if word in VIEWS), "")
