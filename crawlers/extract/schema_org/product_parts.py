"""A product's nodes: its group's words, its variants, its offers and what these offer, wherever on the page they stand.

schema.org lets either side name the other: a group its variants (`hasVariant`) or they their group (`isVariantOf`,
`inProductGroupWithID`), a product its offers (`offers`) or an offer its product (`itemOffered`).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from crawlers.extract.page_url import key_of
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
from crawlers.extract.schema_org.property_names import types_of

_MOST_VARIANTS = 1_000  # of one product; what is beyond is not read
_OWN = frozenset(
    ["hasVariant", "@id", "@type", "url", "sku", "mpn", "offers"]
)  # of a group, not of its variants
_AMOUNTS = ("price", "lowPrice", "highPrice", "minPrice", "maxPrice", "priceSpecification")
_OFFERED = ("priceCurrency", "priceValidUntil", "availability", "itemCondition")  # beside an amount


@dataclass(frozen=True)
class ProductParts:
    """The nodes that together say what a product is; references are followed.

    node      the product itself, with what only its group says
    variants  products that vary it
    offers    of the product and its variants; those inside an AggregateOffer come after it
    offered   what single offers say they offer: mostly one variant each
    """

    node: Node
    variants: list[Node]
    offers: list[Node]
    offered: list[Node]

    def every(self) -> list[Node]:
        """Give all nodes that may state a fact of the product, the surest first."""
        return [self.node, *self.variants, *self.offered, *self.offers]


def parts_of(node: Node, nodes: list[Node], nodes_by_id: Mapping[str, Node]) -> ProductParts:
    """Collect what a page's `nodes` hold of the product `node`, one of them; each node once, in page order."""
    candidates = [node, *_variants(node, nodes, nodes_by_id)]
    whole = [{name: follow(value, nodes_by_id) for name, value in each.items()} for each in candidates]
    whole[0] = _with_group(whole[0], nodes, nodes_by_id)
    on_top = list(_offers_that_name(candidates, nodes, nodes_by_id))
    offers = distinct([*_offers_in(whole, nodes_by_id), *on_top, *_offers_in(on_top, nodes_by_id)])
    things = distinct(
        thing for offer in offers for thing in parts(follow(listed(offer.get("itemOffered")), nodes_by_id))
    )
    known = things and {
        id(each) for product in candidates for each in (product, referred(product, nodes_by_id))
    }
    offered = [
        {name: follow(value, nodes_by_id) for name, value in thing.items()}
        for thing in islice(things, _MOST_VARIANTS)
        if id(thing) not in known
    ]
    priced = [
        {name: follow(value, nodes_by_id) for name, value in offer.items()}
        for offer in _with_currency(offers, nodes_by_id)
    ]
    if not any(name in offer for offer in priced for name in _AMOUNTS):
        priced += _offered_by(whole)
    return ProductParts(whole[0], whole[1:], priced, offered)


def _offered_by(products: list[Node]) -> Iterator[Node]:
    """Give what products say of their price themselves as an offer each: as some do who leave the offer out."""
    for product in products:
        if any(product.get(name) for name in _AMOUNTS):
            yield {name: product[name] for name in (*_AMOUNTS, *_OFFERED) if name in product}


def group_id(node: Node) -> str:
    """Read the productGroupID of the group that a variant says it is of; empty where it says none."""
    if written := line_in(node.get("inProductGroupWithID")):
        return written
    stated = (line_in(group.get("productGroupID")) for group in distinct(parts(node.get("isVariantOf"))))
    return next(filter(None, stated), "")


def group_of(node: Node) -> str:
    """Read the productGroupID of the group that a node is, or says it is of; empty where it says none."""
    return line_in(node.get("productGroupID")) or group_id(node)


def _with_group(node: Node, nodes: list[Node], nodes_by_id: Mapping[str, Node]) -> Node:
    """Fill a variant with what only its group says; its own words, identifiers and address come first."""
    groups = parts(follow(listed(node.get("isVariantOf")), nodes_by_id))
    if not groups and (identity := group_id(node)):
        groups = [
            group
            for group in of_type(nodes, "ProductGroup")
            if line_in(group.get("productGroupID")) == identity
        ]
    for group in groups:
        return {name: value for name, value in group.items() if name not in _OWN} | node
    return node


def _variants(node: Node, nodes: list[Node], nodes_by_id: Mapping[str, Node]) -> list[Node]:
    """Collect those a group lists, and those elsewhere on the page that name it as theirs."""
    candidates = parts(follow(listed(node.get("hasVariant")), nodes_by_id))
    number = line_in(node.get("productGroupID"))
    siblings = "" if number else group_id(node)
    for other in nodes:
        named = [
            part.get("@id") if isinstance(part, dict) else part for part in listed(other.get("isVariantOf"))
        ]
        if any(
            nodes_by_id.get(name) is referred(node, nodes_by_id) for name in named if isinstance(name, str)
        ):
            candidates.append(other)
        elif number:
            candidates += [other] if group_id(other) == number else []
        elif siblings:
            candidates += [other] if group_id(other) == siblings and _at_same_address(node, other) else []
        elif _is_flat_variant(node, other):
            candidates.append(other)
    return [variant for variant in islice(distinct(candidates), _MOST_VARIANTS) if variant is not node]


def _is_flat_variant(node: Node, other: Node) -> bool:
    """Whether a product that names no group is a variant of another: it states the same page and a number of its own.

    Shops write so what the page's buttons choose between, `?variant=1` and `?variant=2` of one address.
    """
    pages = [line_in(each.get("url")) for each in (node, other)]
    numbers = [line_in(each.get("sku")) for each in (node, other)]
    return (
        all(pages)
        and all(numbers)
        and numbers[0] != numbers[1]
        and not {"product", "individualproduct", "productmodel"}.isdisjoint(types_of(other))
        and not group_of(other)
        and key_of(pages[0]) == key_of(pages[1])
    )


def _at_same_address(node: Node, other: Node) -> bool:
    """Whether a product of the same group may be shown on this page: one with a page of its own is not."""
    here, there = line_in(node.get("url")), line_in(other.get("url"))
    return not there or (bool(here) and key_of(there) == key_of(here))


def _offers_in(nodes: Iterable[Node], nodes_by_id: Mapping[str, Node]) -> list[Node]:
    outer = [offer for node in nodes for offer in parts(follow(listed(node.get("offers")), nodes_by_id))]
    inner = (
        inside
        for offer in distinct(outer)
        for inside in (offer, *parts(follow(listed(offer.get("offers")), nodes_by_id)))
    )
    return distinct(inner)


def _offers_that_name(
    products: list[Node], nodes: list[Node], nodes_by_id: Mapping[str, Node]
) -> Iterator[Node]:
    """Find offers on top that offer one of these, or another thing of the same name without an address of its own."""
    offers = list(of_type(nodes, "Offer", "AggregateOffer"))
    if not offers:
        return
    ours = {id(each): True for product in products for each in (product, referred(product, nodes_by_id))}
    name = line_in(products[0].get("name"))

    def is_ours(thing: Node) -> bool:
        if id(thing) not in ours:  # many offers may refer to one thing
            alike = name != "" and line_in(thing.get("name")) == name
            ours[id(thing)] = alike and _at_same_address(products[0], thing)
        return ours[id(thing)]

    for offer in offers:
        if any(is_ours(thing) for thing in parts(follow(listed(offer.get("itemOffered")), nodes_by_id))):
            yield offer


def _with_currency(offers: list[Node], nodes_by_id: Mapping[str, Node]) -> list[Node]:
    """Give an offer inside an AggregateOffer the currency that only the latter states."""
    stated: dict[int, object] = {}
    for offer in offers:
        if currency := offer.get("priceCurrency"):
            for inside in parts(follow(listed(offer.get("offers")), nodes_by_id)):
                stated.setdefault(id(inside), currency)
    return [
        offer
        if offer.get("priceCurrency") or id(offer) not in stated
        else {**offer, "priceCurrency": stated[id(offer)]}
        for offer in offers
    ]
