"""Where a product stands in its shop: its `category`, in whichever form shops write it, or the page's breadcrumb."""

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import islice

from crawlers.extract.money.price import price_of
from crawlers.extract.page_url import host_of, is_web, joined, key_of, place_of
from crawlers.extract.schema_org.jsonld import (
    Node,
    distinct,
    follow,
    line_in,
    lines_in,
    listed,
    of_type,
    parts,
)
from crawlers.extract.text import category_path, is_home

# Of the shop's page for a category, or of a taxonomy such as Google's: it names nothing in words.
_ADDRESS = re.compile(r"(?:[a-z][a-z0-9+.-]{0,9}:)?//\S+|www\.\S+", re.I)
_NUMBER = re.compile(r"\d+")  # of a category in such a taxonomy
# The home page of one of a shop's markets, /en, /de-at/ or /us/en, and its file.
_HOME = re.compile(
    r"(?:(/[a-z]{2}(?:[-_][a-z]{2})?(?:/[a-z]{2})?)(?=/|\Z))?/?(?:(?<=/)(?:index|default|home)\.\w{2,5})?",
    re.I,
)
_WORD = re.compile(r"\w+")
_FEWEST_WORDS = 3  # of a crumb that is a shorter name of the product: "Rain jacket" may be a category
_MOST_WORDS = 200  # of a name
_LONGEST_HOME = 20  # characters of the home page's name
_MOST_PATHS = 2_000
_LONGEST_ADDRESS = 2_000


def categories_of(node: Node) -> tuple[str, ...]:
    """Read a product's category, outer first: one path, or several values, each a level or a path with `>`."""
    lines = [
        line
        for line in islice(lines_in(node.get("category")), _MOST_PATHS)
        if not (_ADDRESS.fullmatch(line) or is_number(line))
    ]
    if len(lines) == 1:
        levels = category_path(lines[0])
    else:
        levels = tuple(level for line in lines for level in (category_path(line) if ">" in line else (line,)))
    return tuple(dict.fromkeys(levels))


def is_number(name: str) -> bool:
    """Whether a category is only its number in a taxonomy, such as Google's."""
    return _NUMBER.fullmatch(name) is not None


def breadcrumb(
    nodes: list[Node],
    nodes_by_id: Mapping[str, Node],
    product: Node,
    base: str,
    pages: Sequence[str] = (),
) -> tuple[str, ...]:
    """Read the page's place in the shop, without the home page and the product itself.

    Both are known by their names or by where their crumbs lead: home, or to one of the page's own addresses, `pages`.
    """
    stated_in = ("breadcrumb", "breadcrumbList")
    values = (node[name] for node in nodes for name in stated_in if name in node)
    inside = (crumb for value in values for crumb in parts(follow(value, nodes_by_id)))
    names = _Names(nodes_by_id)
    title = line_in(product.get("name"))
    home = pages[0] if pages else base  # links may start from another host
    own = [page for page in _pages_of(product, base, pages) if not _leads_home(page, home)]
    for crumbs in of_type(distinct([*nodes, *inside]), "BreadcrumbList"):
        items = distinct(parts(follow(listed(crumbs.get("itemListElement")), nodes_by_id)))
        items.sort(key=lambda item: price_of(item.get("position")) or Decimal(0))
        if items and _is_this_page(items[-1], names, title, own, base):
            items.pop()
        if items and _leads_home(_address(items[0], base), home):
            items = items[1:]
        stated = (names.of(item) for item in items)
        if path := tuple(
            name for name in stated if name and name != title and not is_home(name[:_LONGEST_HOME])
        ):
            return path
    return ()


class _Names:
    """The names of crumbs, and their words; what many refer to is read once."""

    def __init__(self, nodes_by_id: Mapping[str, Node]) -> None:
        self._nodes_by_id = nodes_by_id
        self._lines: dict[int, str] = {}
        self._words: dict[str, list[str]] = {}

    def of(self, item: Node) -> str:
        """Read the name of a crumb, else of what it leads to."""
        things = listed(follow(item.get("item"), self._nodes_by_id))
        return next(filter(None, map(self._line, [item.get("name"), *things])), "")

    def words(self, text: str) -> list[str]:
        """Split a name into its words, whatever their case."""
        if text not in self._words:
            self._words[text] = _WORD.findall(text.casefold())[:_MOST_WORDS]
        return self._words[text]

    def _line(self, value: object) -> str:
        if id(value) not in self._lines:  # values are of the page and outlive this
            self._lines[id(value)] = line_in(value)
        return self._lines[id(value)]


def _is_this_page(item: Node, names: _Names, title: str, pages: list[str], base: str) -> bool:
    """Whether the last crumb is the page itself: it leads here or, where it leads nowhere, is named as the product."""
    if address := _address(item, base):
        return any(_is_one(address, page) for page in pages)
    crumb, product = names.words(names.of(item)), names.words(title)
    if not crumb or not product:
        return False
    return set(product) <= set(crumb) or (len(crumb) >= _FEWEST_WORDS and set(crumb) <= set(product))


def _pages_of(product: Node, base: str, pages: Sequence[str]) -> Iterator[str]:
    """Give the addresses of the page: its own, what links on it start from, and its product's."""
    stated = (
        _absolute(text, base) for text in islice(listed(product.get("url")), 2) if isinstance(text, str)
    )
    yield from filter(None, dict.fromkeys((*pages, base, *stated)))


def _address(item: Node, base: str) -> str:
    """Read where a crumb leads; empty where it says nothing, or only a place on the page, as `#` does."""
    value = next(iter(listed(item.get("item"))), None)
    if isinstance(value, dict):
        value = value.get("url") or value.get("@id")
    return _absolute(value, base) if isinstance(value, str) else ""


def _absolute(value: str, base: str) -> str:
    link = value.strip()
    if not link or link.startswith("#") or len(link) > _LONGEST_ADDRESS:
        return ""
    address = joined(base, link)
    return address if is_web(address) else ""


def _is_one(one: str, other: str) -> bool:
    return host_of(one) == host_of(other) and key_of(one) == key_of(other)


def _leads_home(address: str, page: str) -> bool:
    """Whether an address is the home page of the shop, or of the market that the page is in."""
    if not address or host_of(address) != host_of(page):
        return False
    home = _HOME.fullmatch(place_of(address))
    if not home or not home[1]:
        return home is not None
    # Of another market, or none, such a short name may be a category.
    return f"{place_of(page)}/".casefold().startswith(f"{home[1]}/".casefold())
