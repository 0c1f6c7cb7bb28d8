"""A price written as HTML with the former one struck through: `<del>60 €</del> <ins>45 €</ins>`.

What `del` and `s` hold is no longer asked (HTML standard, 4.7.2 and 4.5.5; `strike` is their predecessor), nor what a
class or a style strikes. WooCommerce writes every reduced price so, with a sentence for screen readers beside each.
Shops also set the hundredths small and without a sign, `49<sup>99</sup> €`; as text alone that would be 4999.
"""

import html
import re
from itertools import islice
from typing import Any

from lxml.etree import iterwalk
from lxml.html import fragment_fromstring

_STRUCK = frozenset(["del", "s", "strike"])
_FORMER = re.compile(
    r"(?<![a-z])(?:old|was|former|previous|strike(?:through|d)?|line-through|crossed(?:-out)?|rrp|msrp|uvp|non-?sale"
    r"|compare[-_]?at|(?:compare|before|list|original|initial|retail)[-_]?price"
    r"|price[-_]{1,2}(?:item--)?(?:compare|before|original|initial|retail)|price[-_]{2}(?:item--)?list)(?![a-z])",
    re.I,
)
# What themes also call a price that is not reduced: former only where what is asked instead stands beside it.
_USUAL = re.compile(
    r"(?<![a-z])(?:(?:regular|standard|normal|full)[-_]?price|price[-_]{1,2}(?:item--)?(?:regular|standard|normal|full))"
    r"(?![a-z])",
    re.I,
)
_INSTEAD = re.compile(
    r"(?<![a-z])(?:sales?|special|current|final|now|our|offer|discount(?:ed)?|promo(?:tion(?:al)?)?|reduced|new|actual"
    r"|selling|best)(?![a-z])",
    re.I,
)
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_ALOUD = re.compile(r"screen-reader-text|visually-?hidden|(?<![a-z])sr-only", re.I)
# As a word of a class, also in camel case: a-price-fraction, price__cents, priceDecimals.
_FRACTION = re.compile(
    r"(?:(?<![A-Za-z])(?:cent|decimal|fraction|centime|centavo)|Cent|Decimal|Fraction)(?:s|al)?(?![a-z])"
)
_TWO_DIGITS = re.compile(r"\s*\d\d(?:\s*[€$£])?\s*")
_FEW_DIGITS = re.compile(r"\s*\d{1,2}(?!\d)[\s*)]*")
_NUMBER_LAST = re.compile(r"\d(?:[.,]?\d)*(?=\s*\Z)")
_LONGEST_NUMBER = 30  # characters before a fraction that are looked at
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
            if each is not element:
                into.append(_text_behind(into, each))
            else:
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


def unescaped(text: str) -> str:
    """Read the entities in a price (`1&nbsp;299&euro;`), also where they were escaped once more."""
    return html.unescape(html.unescape(text)) if "&" in text else text


def split_struck(markup: str) -> tuple[str, list[str]]:
    """Read the same of HTML in a text; a text without tags only has its entities read."""
    if "<" not in markup:
        markup = unescaped(markup)
    if "<" not in markup:
        return markup, []
    try:
        return without_struck(fragment_fromstring(markup[:_LONGEST], create_parent="div"))
    except (ValueError, AssertionError):  # a null byte; nothing but a comment
        return "", []


def _text_behind(pieces: list[str], element: Any) -> str:
    """Read the text of an element behind the pieces of a price: small hundredths behind a decimal sign.

    Other small digits at a number are the mark of a footnote.
    """
    text: str = element.text or ""
    raised = element.tag == "sup"
    if (
        not (raised or _FRACTION.search(element.get("class", "")))
        or len(element)
        or not _FEW_DIGITS.match(text)
    ):
        return text
    tail = ""
    for piece in reversed(pieces):
        tail = piece[-_LONGEST_NUMBER:] + tail
        if len(tail) >= _LONGEST_NUMBER:
            break
    number = _NUMBER_LAST.search(tail[-_LONGEST_NUMBER:])
    if not number:
        return text
    sign = next((letter for letter in reversed(number[0]) if letter in ".,"), "")
    is_whole = not sign or len(number[0]) - number[0].rindex(sign) == len(".299")
    if is_whole and _TWO_DIGITS.fullmatch(text):
        while not pieces[-1].strip():
            pieces.pop()
        pieces[-1] = pieces[-1].rstrip()
        return ("," if sign == "." else ".") + text.lstrip()
    return "" if raised and _FEW_DIGITS.fullmatch(text) else text


def _is_struck(element: Any) -> bool:
    name = _words_of(element)
    return (
        element.tag in _STRUCK
        or _FORMER.search(name) is not None
        or "line-through" in element.get("style", "")
        or (_USUAL.search(name) is not None and _is_replaced(element))
    )


def _words_of(element: Any) -> str:
    """Read a class with its words apart: wasPrice as was-Price."""
    name: str = element.get("class", "")
    return name if name.islower() else _CAMEL.sub("-", name)


def _is_replaced(element: Any) -> bool:
    """Whether another price stands beside an element and calls itself the one that is asked."""
    beside = element.getparent()
    others = islice(beside.iter("*"), 1, _MOST_EVENTS) if beside is not None else ()
    return any(
        each is not element and (each.tag == "ins" or _INSTEAD.search(_words_of(each))) for each in others
    )


def _line(pieces: list[str]) -> str:
    return " ".join("".join(pieces).split())
