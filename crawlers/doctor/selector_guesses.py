"""Selectors that may hold a fact, guessed from pages that nobody has described.

Only the shape of a page is used: the names its elements carry, what looks like a price, and what differs from
product to product. A guess counts if the pages bear it out.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from pydantic import ValidationError
from scrapy.http import TextResponse

from crawlers.doctor.shop_links import page_within
from crawlers.extract.page_url import place_of
from crawlers.extract.schema_org.jsonld import listed
from crawlers.profiles.selection import attribute, values
from crawlers.profiles.shop_profile import Rule

MOST_GUESSES = 200  # names of one kind that are tried on the pages, those on most pages first
ENOUGH = 0.8  # share of the pages on which a rule must find something
_METAS = {
    "title": ["og:title"],
    "price": ["product:price:amount", "og:price:amount"],
    "currency": ["product:price:currency", "og:price:currency"],
    "brand": ["product:brand", "og:brand"],
    "description": ["og:description", "description"],
}
IN_PAGE = "[not(ancestor-or-self::nav or ancestor-or-self::header or ancestor-or-self::footer)]"
_SAFE = re.compile(r"[A-Za-z][A-Za-z_-]*[A-Za-z]|[A-Za-z]")


def best(
    pages: Sequence[TextResponse], rules: Iterable[Any], good: Callable[[list[str]], bool], distinct: bool
) -> Any:
    """Find the first rule that finds something good on enough pages, and something else on each if it must."""
    for rule in rules:
        texts_of_pages = [texts for page in pages if (texts := found_by(page, rule)) and good(texts)]
        if len(texts_of_pages) >= max(1, ENOUGH * len(pages)) and not (
            distinct and len({texts[0] for texts in texts_of_pages}) < len(texts_of_pages)
        ):
            return rule
    return None


def found_by(page: TextResponse, rule: Any) -> list[str]:
    """Find what a rule finds on a page, or the first of several that finds something; nothing for one that is none."""
    try:
        spelt = [Rule(**(each if isinstance(each, dict) else {"css": each})) for each in listed(rule)]
    except ValidationError:
        return []
    return values(page.selector, page.url, spelt)


def firsts(pages: Sequence[TextResponse], rule: Any) -> list[str]:
    """Find the first value on each page that has one."""
    return [texts[0] for page in pages if (texts := found_by(page, rule))]


def named(pages: Sequence[TextResponse], pattern: str, tag: str = "*") -> list[str]:
    """Find selectors of elements whose class, id or itemprop matches, those of most pages first."""
    wanted, pages_by_name = re.compile(pattern, re.I), Counter[str]()
    for page in pages:
        here: dict[str, None] = {}
        for node in page.xpath(f"//{tag}[@class or @id or @itemprop]{IN_PAGE}"):
            here |= dict.fromkeys(css for css in names_of(node.root) if wanted.search(css))
        pages_by_name.update(here.keys())
    return [css for css, _ in pages_by_name.most_common(MOST_GUESSES)]


def names_of(element: Any) -> Iterator[str]:
    """List selectors made of an element's own names (of lxml's); only plain words, which need no quoting anywhere."""
    if (prop := element.get("itemprop")) and _SAFE.fullmatch(prop):
        yield f"[itemprop={prop}]"
    yield from (f".{name}" for name in (element.get("class") or "").split() if _SAFE.fullmatch(name))
    if (name := element.get("id")) and _SAFE.fullmatch(name):
        yield f"#{name}"


def metas(field: str) -> list[str]:
    """List selectors of the <meta> elements that may state a field."""
    return [f'meta[{key}="{name}"]' for name in _METAS[field] for key in ("property", "name")]


def labelled(pages: Sequence[TextResponse], labels: Iterable[str]) -> list[str]:
    """List cells beside a label, in a table or a list of definitions."""
    forms = ('tr:contains("{}") td', 'dt:contains("{}") + dd')
    return [form.format(label) for label in labels for form in forms]


def url_keys(pages: Sequence[TextResponse]) -> list[str]:
    """List regular expressions that take a key from an address: a parameter, a number, else the last part."""
    names = re.findall(r"[?&](\w+)=", pages[0].url)
    shown = [rf"[?&]{name}=([^&#]+)" for name in names]
    return [*shown, r"(?<!\d)(\d{3,})(?:\.\w+)?/?(?:[?#]|$)", r"/([^/?#]+?)(?:\.\w{2,5})?/?(?:[?#]|$)"]


def fact_table(pages: Sequence[TextResponse]) -> dict[str, str]:
    """Find a table or list of definitions that at least half of the pages have, in the page itself."""
    tables = {"rows": "table tr", "name": "th", "value": "td"}
    lists = {"name": "dl dt", "value": "dl dd"}
    for facts, test in ((tables, "//table//tr[th][td]"), (lists, "//dl[dt][dd]")):
        if sum(bool(page.xpath(test + IN_PAGE)) for page in pages) * 2 >= len(pages):
            return facts
    return {}


def card_selector(lists: Sequence[TextResponse], wanted: set[str]) -> str:
    """Find the selector of links that lead to the wanted addresses and to nothing else, as far as can be seen."""
    for page in lists:

        def leads(link: Any, page: TextResponse = page) -> bool:
            url = page_within(page, attribute(link, "href"))
            return bool(url) and place_of(url) in wanted

        for link in [link for link in page.css("a[href]") if leads(link)][:1]:
            own = [f"a{name}" for name in names_of(link.root)]
            above = [
                f"{name} a" for node in link.xpath("ancestor::*")[-1:-5:-1] for name in names_of(node.root)
            ]
            for css in own + above:
                if all(map(leads, page.css(css))):
                    return css
    return ""
