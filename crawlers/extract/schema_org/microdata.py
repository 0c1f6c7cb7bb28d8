"""Microdata by the rules of the HTML standard, and RDFa Lite 1.1, as the same nodes that JSON-LD gives.

The two name the same things by other attributes (`Names`); an RDFa item has no reference to properties elsewhere.
Runs on the tree that Scrapy has already built, in one XPath query and one pass over what it finds.
extruct's reader gives `<time>2027</time>` no value and copies the subtree of every property: a page
of 30 kB whose properties nest holds it for seconds. Here the markup read as text is bounded.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

from lxml.etree import tostring
from scrapy.http import TextResponse
from scrapy.utils.response import get_base_url

from crawlers.extract.choices import choices_in
from crawlers.extract.money.struck_price import is_struck, without_struck
from crawlers.extract.photos.photo_markup import file_at
from crawlers.extract.schema_org.jsonld import DEEPEST, Node
from crawlers.extract.schema_org.property_names import property_name
from crawlers.extract.text import text_of

# Three times as fast as a look at every element, and quadratic: the union is put in the order of the document.
_MARKED = "(//@{0} | //@{1})/.."
_MANY_MARKED = "descendant-or-self::*[@{0} or @{1}]"
_MANY = 1_000  # marks
_REFERRED = "(//*[@id=$id])[1]/descendant-or-self::*[@itemprop]"
_MOST_TEXT = 512 << 10  # characters of markup read as property values on one page
_MOST_PRICES = 1_000  # looked through for what is struck in them
_MOST_REFERENCES = 32
_SOURCE = frozenset(["audio", "embed", "iframe", "img", "source", "track", "video"])
_PHOTO = frozenset(["image", "contenturl", "photo", "logo", "thumbnailurl", "primaryimageofpage"])
_LINK = frozenset(["a", "area", "link"])
_VALUE = frozenset(["data", "meter"])
# Where shops put a value that the element's own place lacks.
_ELSEWHERE = ("content", "href", "resource", "value", "itemtype")
_LISTS = frozenset(["color", "material", "pattern", "size"])
_PRICES = frozenset(["price", "lowPrice", "highPrice", "minPrice", "maxPrice"])


@dataclass(frozen=True)
class Names:
    """The attributes of one markup.

    source   what readings of it are called
    scope, prop, type  of an item, of a property, and of an item's types
    identity  what may hold an item's `@id`, the surest first
    spelt    what a page that has it contains: HTML in any case is one, and React writes the second
    """

    source: str
    scope: str
    prop: str
    type: str
    identity: tuple[str, ...]
    spelt: tuple[str, ...]


MICRODATA = Names(
    "microdata", "itemscope", "itemprop", "itemtype", ("itemid",), ("itemtype", "itemType", "ITEMTYPE")
)
# A property, as of OpenGraph, stands in an item here or is none.
RDFA = Names(
    "rdfa", "typeof", "property", "typeof", ("resource", "about", "href"), ("typeof=", "typeOf=", "TYPEOF=")
)


def nodes_on(
    page: TextResponse, names: Names = MICRODATA, *, of: tuple[str, ...] = ("Product",)
) -> list[Node]:
    """Read a page's items that are no property of another, when an item type of it contains one of `of`.

    Properties that are read here are named as schema.org spells them; a price that is struck through is given as a
    PriceSpecification of that type (schema.org/StrikethroughPrice).
    """
    # A search in a string costs nothing beside one in a tree.
    if not any(name in page.text for name in names.spelt):
        return []
    types = " ".join(page.selector.root.xpath(f"//@{names.type}")).lower()
    if not any(name.lower() in types for name in of):
        return []
    return list(_Items(page, names).top())


class _Items:
    """The items of one tree.

    inside  the item that each element with a mark, and each element on the way up from one, stands in
    """

    def __init__(self, page: TextResponse, names: Names) -> None:
        self._names = names
        self._root = page.selector.root
        self._base = get_base_url(page)
        self._budget = _MOST_TEXT
        self._prices = _MOST_PRICES
        self._references = _MOST_REFERENCES
        self._referred_by_name: dict[str, list[Any]] = {}
        attributes = (names.scope, names.prop)
        text = page.text.lower()
        marks = sum(map(text.count, attributes))
        self._marked = self._root.xpath((_MARKED if marks <= _MANY else _MANY_MARKED).format(*attributes))
        self._inside: dict[Any, Any] = {}
        self._properties: dict[Any, list[Any]] = {}
        for element in self._marked:
            item = self._item_around(element)
            if item is not None and element.get(names.prop) is not None:
                self._properties.setdefault(item, []).append(element)

    def top(self) -> Iterator[Node]:
        """Read items that are no property, or a property of nothing: not even of an item that refers to them."""
        items = [element for element in self._marked if element.get(self._names.scope) is not None]
        referred = dict.fromkeys(name for item in items for name in item.get("itemref", "").split())
        claimed = {element for name in referred for element in self._elements_named(name)}
        for element in items:
            if element.get(self._names.prop) is None or (
                self._inside[element] is None and element not in claimed
            ):
                yield self._node(element, ())

    def _item_around(self, element: Any) -> Any:
        """Find the nearest item above an element; in document order, so that every way up is walked once."""
        way = [element]
        above = element.getparent()
        while above is not None and above not in self._inside and above.get(self._names.scope) is None:
            way.append(above)
            above = above.getparent()
        is_item = above is not None and above.get(self._names.scope) is not None
        item = above if is_item else self._inside.get(above)
        for step in way:
            self._inside[step] = item
        return item

    def _node(self, item: Any, around: tuple[Any, ...]) -> Node:
        node: Node = {"@type": item.get(self._names.type, "").split()}
        identities = (item.get(name, "").strip() for name in self._names.identity)
        if identity := next(filter(None, identities), ""):
            node["@id"] = identity
        around = (*around, item)
        for element in [*self._properties.get(item, ()), *self._referred(item)]:
            if element in around or len(around) > DEEPEST:  # an item that refers to itself
                continue
            names = [property_name(self._bare(name)) for name in element.get(self._names.prop).split()]
            if not _PRICES.isdisjoint(names) and element.get(self._names.scope) is None:
                self._add_price(node, element, names, item)
                continue
            value = self._value(element, around)
            # The blocks of one text, as of a list of colours, are its lines.
            is_list = len(element) and isinstance(value, str) and not _LISTS.isdisjoint(names)
            for name in names:
                node.setdefault(name, []).extend(value.split("\n") if is_list else [value])
        return {
            name: value[0] if name[0] != "@" and len(value) == 1 else value for name, value in node.items()
        }

    def _referred(self, item: Any) -> Iterator[Any]:
        """Find properties elsewhere on the page that an item claims by itemref; those in other items are theirs."""
        for name in item.get("itemref", "").split():
            if self._references <= 0:
                return
            self._references -= 1
            yield from self._elements_named(name)

    def _elements_named(self, name: str) -> list[Any]:
        """Find the properties in the element of an id, without those of items in it; of the first few ids asked."""
        known = self._referred_by_name
        if name not in known and len(known) < _MOST_REFERENCES:
            elements = self._root.xpath(_REFERRED, id=name)
            surrounding = self._inside.get(elements[0]) if elements else None
            known[name] = [element for element in elements if self._inside.get(element) is surrounding]
        return known.get(name, [])

    def _add_price(self, node: Node, element: Any, names: list[str], item: Any) -> None:
        """Put a price into a node, and what is struck through in it or around it as what it was."""
        self._prices -= 1
        shown, struck = without_struck(element) if self._prices >= 0 else ("", [])
        value = element.get("content") or element.get("value") or shown or self._value(element, ())
        if is_struck(element, item):
            value, struck = "", [value, *struck]
        for former in filter(None, struck):
            specification = {
                "@type": ["PriceSpecification"],
                "priceType": "StrikethroughPrice",
                "price": former,
            }
            node.setdefault("priceSpecification", []).append(specification)
        for name in names if value else ():
            node.setdefault(name, []).append(value)

    def _value(self, element: Any, around: tuple[Any, ...]) -> Any:
        if element.get(self._names.scope) is not None:
            return self._node(element, around)
        if value := self._stated(element):
            return value
        return next((other for name in _ELSEWHERE if (other := element.get(name, "").strip())), "")

    def _stated(self, element: Any) -> str:
        """Read the value of an element where the standard wants it."""
        tag = element.tag
        if tag == "meta":
            return str(element.get("content", ""))
        if tag == "object":
            return self._address(element.get("data", ""))
        if tag in _SOURCE or _PHOTO & set(map(self._bare, element.get(self._names.prop).lower().split())):
            return self._address(file_at(element) or element.get("src" if tag in _SOURCE else "content", ""))
        if tag in _LINK:
            # Shops put availability and condition in links: addresses of schema.org, not of the page.
            return self._address(element.get("href", ""))
        if tag == "select":
            return "\n".join(choices_in(element))
        if tag in _VALUE:
            return str(element.get("value", ""))
        if tag == "time" and (moment := element.get("datetime")):
            return str(moment)
        if stated := element.get("content"):  # not in the standard, but in schema.org's own examples
            return str(stated)
        return self._text(element)

    def _bare(self, name: str) -> str:
        """Drop a prefix of RDFa, whatever it stands for: `v:name`, `schema:name`."""
        return (name.rpartition(":")[2] if self._names is RDFA else "") or name

    def _address(self, value: str) -> str:
        """Absolute, as the standard wants it; a text that is no address as it is."""
        value = value.strip()
        try:
            return urljoin(self._base, value) if value else ""
        except ValueError:
            return value

    def _text(self, element: Any) -> str:
        if len(element) == 0:
            return element.text or ""
        if self._budget <= 0:
            return ""
        markup: str = tostring(element, encoding="unicode", method="html", with_tail=False)
        self._budget -= len(markup)
        return text_of(markup)
