"""Which of the products that a page mentions it is about, by evidence: addresses first, then the page's own headings.

A page of one product may mention others: recently viewed, part of a look, in an article. Shops mark the one it is about
in many ways, and some not at all; a list marks none, and is no product's page.
"""

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

from scrapy.http import TextResponse

from crawlers.extract.page_url import is_web, joined, key_of
from crawlers.extract.schema_org.flat_variants import united_variants
from crawlers.extract.schema_org.jsonld import (
    Node,
    distinct,
    follow,
    line_in,
    listed,
    of_type,
    parts,
    referred,
)
from crawlers.extract.schema_org.page_nodes import PageNodes
from crawlers.extract.schema_org.product_parts import group_id
from crawlers.extract.schema_org.property_names import types_of
from crawlers.extract.schema_org.schemaorg import PRODUCT_TYPES

_TITLES = "//h1 | //title | //meta[@property='og:title']"
_MOST_TITLES, _LONGEST_TITLE = 20, 500
_MOST_NAMES = 200  # products whose names are looked for in the page's headings
_FEW = 2  # products that may stand on a page about one of them without saying so
_MOST_TWINS = 3  # further nodes of one product: a review app's, a theme's
_IDS = ("sku", "mpn", "gtin", "gtin8", "gtin12", "gtin13", "gtin14", "productID")
_WORD = re.compile(r"\w+")


def main_product(found: PageNodes, page: TextResponse) -> Node | None:
    """Find the product that a page is about, among those it mentions; None on a page that lists products.

    In this order: what states the page's address; what the page calls its main entity; of those that state no address
    the one that the headings name; the only one. Several that are variants of one are that one. A product that states
    another page's address, while the headings have no more than half of its words, is of the neighbourhood, also where
    it stands alone.
    """
    url, products = found.url, _candidates(found.nodes)
    if len(products) < _FEW:
        return next((node for node in products if not _is_neighbour(node, page, url)), None)
    here, addresses = {key_of(url), key_of(page.url)}, [_own_url(node, url) for node in products]
    both = list(zip(products, addresses, strict=True))
    own = [node for node, address in both if address and key_of(address) in here]
    silent = [node for node, address in both if not address]
    if not own:
        own = _called_main(found, silent, here)
    if whole := _united(own or silent or products, found, page):
        return whole
    if own or len(silent) == 1:
        return (own or silent)[0]
    among = silent or products
    names = {line_in(node.get("name")) for node in among}
    if len(names) == 1 or ("" not in (of := {group_id(node) for node in among}) and len(of) == 1):
        return among[0]
    if named := _named(silent, products, page):
        return named
    return among[0] if silent and len(names) <= _FEW else None


def twins_of(node: Node, found: PageNodes) -> list[Node]:
    """Find further nodes of the page that are about the same product, in page order, a few at most.

    One has the same `@id` or name; none states another number or address, as a variant or a neighbour does.
    """
    name, own = _words(line_in(node.get("name"))), node.get("@id")
    url = found.url
    address = _own_url(node, url)
    variants = set(map(id, parts(node.get("hasVariant"))))
    return list(
        islice(
            (
                other
                for other in _candidates(found.nodes)
                if other is not node
                and id(other) not in variants
                and (
                    (own and other.get("@id") == own) or (name and _words(line_in(other.get("name"))) == name)
                )
                and _own_url(other, url) in ("", address)
                and not any(node.get(key) and other.get(key) and node[key] != other[key] for key in _IDS)
            ),
            _MOST_TWINS,
        )
    )


def _candidates(nodes: list[Node]) -> list[Node]:
    """List groups, then products that are no variants of a group, each once."""
    groups = list(of_type(nodes, "ProductGroup"))
    others = distinct([*groups, *of_type(nodes, *PRODUCT_TYPES)])[len(distinct(groups)) :]
    return groups + [node for node in others if not (groups and (node.get("isVariantOf") or group_id(node)))]


def _united(nodes: list[Node], found: PageNodes, page: TextResponse) -> Node | None:
    """Make one product of variants that stand side by side, of which none leads to a page of its own.

    What differs in the query alone, `?v=1` and `?v=2` of one page, may be such a variant.
    """
    if len(nodes) < _FEW:
        return None
    here = {_path(address) for address in (found.url, page.url)}
    if any(_path(each) not in here for node in nodes for each in _addresses(node, found.url)):
        return None
    return united_variants(nodes, _titles(page))


def _path(address: str) -> str:
    return key_of(address.partition("?")[0])


def _called_main(found: PageNodes, silent: list[Node], here: set[str]) -> list[Node]:
    """Find products without an address of their own that are this page's main entity, or are sold here."""
    nodes_by_id = found.nodes_by_id
    pages = (node for node in found.nodes if any(name.endswith("page") for name in types_of(node)))
    main = {id(follow(each, nodes_by_id)) for node in pages for each in parts(node.get("mainEntity"))}
    called = [
        node for node in silent if main and not main.isdisjoint((id(node), id(referred(node, nodes_by_id))))
    ]
    return called or [node for node in silent if here & set(_keys_of_addresses(node, found.url))]


def _keys_of_addresses(node: Node, url: str) -> Iterator[str]:
    """Give the pages that a product without an address names otherwise."""
    return map(key_of, _addresses(node, url))


def _addresses(node: Node, url: str) -> Iterator[str]:
    """Give the addresses that a product names: its own, its offers', its @id's, its main page's."""
    said: list[Any] = [node.get("url"), node.get("@id"), *listed(node.get("mainEntityOfPage"))]
    said += [offer.get("url") for offer in islice(parts(node.get("offers")), _FEW)]
    for value in said:
        address = value.get("@id") or value.get("url") if isinstance(value, dict) else value
        if isinstance(address, str) and not address.lstrip().startswith(("#", "_:")):
            absolute = joined(url, address.partition("#")[0].strip())
            if address.strip() and is_web(absolute):
                yield absolute


def _named(silent: list[Node], products: list[Node], page: TextResponse) -> Node | None:
    """Find the product that the headings name: wholly, also one with an address, else within a longer heading."""
    titles = _titles(page)
    whole = set(titles)
    for node in islice((*silent, *products), 2 * _MOST_NAMES):
        if (name := _words(line_in(node.get("name")))) and name in whole:
            return node
    within = [
        (len(name), node)
        for node in silent[:_MOST_NAMES]
        if (name := _words(line_in(node.get("name"))))
        and any(f" {name} " in f" {title} " for title in titles)
    ]
    return max(within, key=lambda found: found[0])[1] if within else None


def _is_neighbour(node: Node, page: TextResponse, url: str) -> bool:
    """Whether a lone product is not what the page is about: it states another page, and headings lack half its words.

    "Hat sale" is a list, though all it shows is a Felt Hat.
    """
    address = _own_url(node, url)
    if not address or key_of(address) in {key_of(url), key_of(page.url)}:
        return False
    words = set(_words(line_in(node.get("name"))).split())
    said = {word for title in _titles(page) for word in title.split()}
    return bool(words and said) and 2 * len(words & said) <= len(words)


def _titles(page: TextResponse) -> list[str]:
    """Read the headings as words; a word may be parted by marks, and words by nothing but marks, so each both ways."""
    titles: dict[str, None] = {}
    for found in page.xpath(_TITLES)[:_MOST_TITLES]:
        texts = found.xpath(".//text() | self::meta/@content").getall()
        for between in ("", " "):
            titles[_words(between.join(texts)[:_LONGEST_TITLE])] = None
    return list(filter(None, titles))


def _words(text: str) -> str:
    """The words of a text whatever its case, blanks and marks."""
    return " ".join(_WORD.findall(text.casefold()))


def _own_url(node: Node, base: str) -> str:
    """Read the address a product gives as its own; empty where it gives none."""
    value = node.get("url")
    url = joined(base, value.strip()) if isinstance(value, str) and value.strip() else ""
    return url if is_web(url) else ""
