"""Selectors of the price that is asked, and of the one that it replaces: never the struck one for the other.

A price is struck by its element (`del`, `s`, `strike`: HTML standard, 4.7.2 and 4.5.5) or by a name such as old-price.
A guess counts if a profile that holds it reads, on every page, the price that is not struck there.
"""

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import islice
from typing import Any

from lxml.etree import iterwalk
from scrapy.http import TextResponse

from crawlers.doctor.selector_guesses import ENOUGH, IN_PAGE, best, metas, named, names_of
from crawlers.extract.money.price import price_of, shows_price
from crawlers.extract.text import line_of
from crawlers.profiles.profile_reading import reading_by
from crawlers.profiles.shop_profile import checked_profile
from schemas.errors import InputError

_PRICE = r"price|preis|prix|precio|prezzo"
_FORMER = re.compile(
    r"\bold|old\b|\bwas|list-?_?price|regular|compare|strike|struck|before|crossed|uvp|rrp|msrp|statt|former|original",
    re.I,
)
_ALOUD = re.compile(r"screen-reader|visually-?hidden|sr-only", re.I)
_STRUCK = frozenset(["del", "s", "strike"])
_OUTSIDE = frozenset(["nav", "header", "footer", "aside", "a"])
_ABOVE = 4  # elements around a price that may say that it is struck, or hold the one that it replaces
_MOST_TRIED = 30  # selectors of prices that are tried in every way
_MOST_NODES = 20  # elements of one selector on one page
_MOST_EVENTS = 400  # starts and ends of elements in one price
_MOST_INSIDE = 30  # elements in one price
_SIGNS = r"€|£|\$|¥|₹|₩|kr|zł|Kč|CHF|EUR|USD|GBP|SEK|NOK|DKK|PLN|CZK|JPY|AUD|CAD"
_ALONE = re.compile(rf"^\s*((?:{_SIGNS})\s?\d[\d.,']{{0,20}}|\d[\d.,']{{0,20}}-?\s?(?:{_SIGNS}))\s*$")
_PLAIN = ("p", "div", "span", "td", "dd", "li", "strong", "b")  # elements of a price that nothing names
_LAST = r"((?:[^\d\s]{1,3}\s?)?\d[\d.,']{0,20}(?:\s?[^\d\s]{1,3})?)\s*$"
_LONE_ELEMENTS = f"//*[not(self::script or self::style or self::title or ancestor::a)]{IN_PAGE}"


def is_price(text: str) -> bool:
    """Whether a text is a price and little else."""
    shown = line_of(text)
    plain = re.fullmatch(r"\d+([.,]\d\d)?", shown) is not None
    return len(shown) <= 40 and (plain or shows_price(shown)) and price_of(shown) is not None


def price_rules(pages: Sequence[TextResponse]) -> dict[str, Any]:
    """Find rules for `price` and `list_price`: those that the pages bear out, none where they show none alike."""
    for css in islice((css for css in named(pages, _PRICE) if not _FORMER.search(css)), _MOST_TRIED):
        if rules := _rules_at(pages, css) or _rules_at(pages, f"main {css}"):
            return rules
    if price := best(pages, metas("price"), lambda texts: is_price(texts[0]), False):
        return {"price": price}
    for css in dict.fromkeys(islice(_lone_texts(pages), _MOST_TRIED)):
        if rules := _rules_at(pages, css):
            return rules
    for css in (f"{scope}{tag}" for scope in ("main ", "") for tag in _PLAIN):
        asked = [_asked(page, css, _ALONE) for page in pages]
        rule = {"css": css, "regex": _ALONE.pattern}
        if _are_enough(asked) and _reads(pages, rule, asked):
            return {"price": rule} | _list_price(pages, css, asked)
    return {}


Asked = tuple[Any, Decimal] | None  # the element of the price that is asked, and its amount


def _rules_at(pages: Sequence[TextResponse], css: str) -> dict[str, Any]:
    """Find rules for what the elements of a selector ask, and for what is struck beside it."""
    asked = [_asked(page, css) for page in pages]
    if not _are_enough(asked):
        return {}
    there = [each for each in asked if each is not None]
    reduced = [each for each in there if _former_beside(*each) is not None]
    for rule in _ways(css, [*reduced, *there][0]):
        if _reads(pages, rule, asked):
            return {"price": rule} | _list_price(pages, css, asked)
    return {}


def _are_enough(asked: Sequence[Asked]) -> bool:
    return sum(each is not None for each in asked) >= max(1, ENOUGH * len(asked))


def _asked(page: TextResponse, css: str, form: re.Pattern[str] | None = None) -> Asked:
    """Find the first element of a selector that shows a price which is not struck, outside menus and cards.

    form  what the whole text of the element must look like
    """
    struck: Asked = None
    for node in islice(page.css(css), _MOST_NODES):
        element = node.root
        if isinstance(element, str) or any(above.tag in _OUTSIDE for above in element.iterancestors()):
            continue
        whole = _text(element, struck=True)
        if not (form.search(whole) if form else shows_price(whole) or is_price(whole)):
            continue
        amount = None if _stands_struck(element) else price_of(_text(element))
        if amount is not None:
            return element, amount
        if struck is None and (amount := price_of(whole)) is not None:
            struck = element, amount
    return struck  # where all is struck, what is struck was meant


def _text(element: Any, *, struck: bool = False) -> str:
    """Read an element's text, without what is struck in it and without what repeats it for screen readers."""
    pieces: list[str] = []
    walk = iterwalk(element, events=("start", "end"))
    for event, each in islice(walk, _MOST_EVENTS):
        if not isinstance(each.tag, str):
            continue
        if event == "start":
            aloud = _ALOUD.search(each.get("class") or "") is not None
            if each is not element and (aloud or (not struck and _is_struck(each))):
                walk.skip_subtree()
            else:
                pieces.append(each.text or "")
        elif each is not element:
            pieces.append(f" {each.tail or ''}")
    return " ".join("".join(pieces).split())


def _is_struck(element: Any) -> bool:
    names = f"{element.get('class') or ''} {element.get('id') or ''}"
    return element.tag in _STRUCK or _FORMER.search(names) is not None


def _stands_struck(element: Any) -> bool:
    return _is_struck(element) or any(map(_is_struck, islice(element.iterancestors(), _ABOVE)))


def _ways(css: str, asked: tuple[Any, Decimal]) -> Iterator[Any]:
    """Write rules that may find the asked price of a selector's elements, the plainest first."""
    element, amount = asked
    yield css
    for above in islice(element.iterancestors(), 2):
        yield from ([f"{name} {css}", css] for name in [*names_of(above), *["ins"] * (above.tag == "ins")])
    inside = [each for each in islice(element.iter("*"), 1, _MOST_INSIDE) if price_of(_text(each)) == amount]
    for each in inside:
        if not _stands_struck(each):
            yield from ([f"{css} {name}", css] for name in [*names_of(each), each.tag])
    yield {"css": css, "regex": _LAST}


def _reads(pages: Sequence[TextResponse], rule: Any, asked: Sequence[Asked]) -> bool:
    """Whether a profile with this rule reads the asked price of every page; one without any is not looked at."""
    read = _read(pages, {"price": rule})
    return all(
        each is None or (got is not None and got[0] == each[1]) for got, each in zip(read, asked, strict=True)
    )


def _read(
    pages: Sequence[TextResponse], fields: dict[str, Any]
) -> list[tuple[Decimal | None, Decimal | None] | None]:
    """Read price and list price of each page with rules for them; None for rules that are none."""
    needed = dict.fromkeys(("title", "product_id", "images"), "no-such-element")
    try:
        profile = checked_profile({"urls": {"product": "."}, "fields": needed | fields}, "draft")
    except InputError:
        return [None for _ in pages]
    readings = [reading_by(profile, page) for page in pages]
    return [(reading.price, reading.list_price) for reading in readings]


def _list_price(pages: Sequence[TextResponse], css: str, asked: Sequence[Asked]) -> dict[str, Any]:
    """Find a rule for the price that stands struck beside the asked one: higher on every page, or not there."""
    former = [_former_beside(*each) if each is not None else None for each in asked]
    found = next((each for each in former if each is not None), None)
    if found is None:
        return _list_price_elsewhere(pages, asked)
    struck, container, _ = found
    own = [*names_of(struck), struck.tag]
    scopes = [css, *names_of(container), container.tag]
    for rule in (*(f"{scope} {name}" for name in own for scope in scopes), *own):
        read = _read(pages, {"list_price": rule})
        pairs = [
            (got[1] if got else None, each[2] if each else None)
            for got, each in zip(read, former, strict=True)
        ]
        if all(got == want for got, want in pairs):
            return {"list_price": rule}
    return {}


def _list_price_elsewhere(pages: Sequence[TextResponse], asked: Sequence[Asked]) -> dict[str, Any]:
    """Find a rule by what shops call such a price, wherever it stands: where it finds one, it is higher."""
    for css in named(pages, _FORMER.pattern):
        read = [got[1] if got else None for got in _read(pages, {"list_price": css})]
        pairs = [
            (got, each[1])
            for got, each in zip(read, asked, strict=True)
            if got is not None and each is not None
        ]
        if pairs and all(got > amount for got, amount in pairs):
            return {"list_price": css}
    return {}


def _former_beside(element: Any, amount: Decimal) -> tuple[Any, Any, Decimal] | None:
    """Find the struck price in an asked one or near it: its element, what holds both, and its amount."""
    for container in (element, *islice(element.iterancestors(), _ABOVE - 1)):
        if container.tag in ("main", "body", "html"):
            return None
        for each in islice(container.iter("*"), 1, _MOST_INSIDE):
            if (
                _is_struck(each)
                and (former := price_of(_text(each, struck=True))) is not None
                and former > amount
            ):
                return each, container, former
    return None


def _lone_texts(pages: Sequence[TextResponse]) -> Iterator[str]:
    """List selectors of elements that show nothing but a price, for a page that names them otherwise."""
    for node in pages[0].xpath(_LONE_ELEMENTS):
        element = node.root
        if is_price(" ".join(node.xpath("text()").getall())) and not _stands_struck(element):
            yield from (f"{element.tag}{name}" for name in names_of(element))
            for above in islice(element.iterancestors(), 3):
                yield from (f"{name} {element.tag}" for name in names_of(above))
            yield from (f"main {element.tag}", element.tag)
