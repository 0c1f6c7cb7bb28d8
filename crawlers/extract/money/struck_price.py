"""A price written as HTML with the former one struck through: `<del>60 €</del> <ins>45 €</ins>`.

What `del` and `s` hold is no longer asked (HTML standard, 4.7.2 and 4.5.5; `strike` is their predecessor), nor what a
class or a style strikes. WooCommerce writes every reduced price so, with a sentence for screen readers beside each.
"""

import re
from itertools import islice
from typing import Any

from lxml.etree import iterwalk
from lxml.html import fragment_fromstring

_STRUCK = frozenset(["del", "s", "strike"])
_FORMER = re.compile(
    r"(?<![a-z])(?:old|was|former|previous|strike(?:through|d)?|line-through|crossed)(?![a-z])", re.I
)
_ALOUD = re.compile(r"screen-reader-text|visually-?hidden|(?<![a-z])sr-only", re.I)
_LONGEST = 4_000  # characters of markup around a price
_MOST_EVENTS = 100  # starts and ends of elements in one price
_DEEPEST = 50


def is_struck(element: Any, item: Any) -> bool:
    """Whether an element stands in struck text, inside the element `item`."""
    for _ in range(_DEEPEST):
        if element is None or element is item:
            return False
        if _is_struck(element):
            return True
        element = element.getparent()
    return False


def without_struck(element: Any) -> tuple[str, list[str]]:
    """Read the text of an element without what is struck in it, and each struck text.

    A text for screen readers repeats a price in words; it is read only where no other has a figure.
    """
    if len(element) == 0:
        return " ".join((element.text or "").split()), []
    shown: list[str] = []
    spoken: list[str] = []
    struck: list[list[str]] = []
    apart: Any = None  # the element that is not shown as asked, while inside
    into = shown
    for event, each in islice(iterwalk(element, events=("start", "end", "comment", "pi")), _MOST_EVENTS):
        if event == "start":
            if apart is None and each is not element:
                if _is_struck(each):
                    apart, into = each, []
                    struck.append(into)
                elif _ALOUD.search(each.get("class", "")):
                    apart, into = each, spoken
            into.append(each.text or "")
            continue
        if each is apart:
            apart, into = None, shown
            into.append(" ")
        if each is not element:
            into.append(each.tail or "")
    asked = _line(shown)
    if not any(letter.isdigit() for letter in asked):
        asked = _line([asked, " ", *spoken])
    return asked, [text for pieces in struck if (text := _line(pieces))]


def split_struck(markup: str) -> tuple[str, list[str]]:
    """Read the same of HTML in a text; a text without tags is returned as it is."""
    if "<" not in markup:
        return markup, []
    try:
        return without_struck(fragment_fromstring(markup[:_LONGEST], create_parent="div"))
    except (ValueError, AssertionError):  # a null byte; nothing but a comment
        return "", []


def _is_struck(element: Any) -> bool:
    return (
        element.tag in _STRUCK
        or _FORMER.search(element.get("class", "")) is not None
        or "line-through" in element.get("style", "")
    )


def _line(pieces: list[str]) -> str:
    return " ".join("".join(pieces).split())
