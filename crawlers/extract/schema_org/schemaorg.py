"""schema.org nodes, from JSON-LD or microdata alike -> one Reading: every field that shops fill."""

from decimal import Decimal
from typing import Any

from crawlers.extract.money.price import price_of
from crawlers.extract.reading import Reading
from crawlers.extract.schema_org.jsonld import (
    Node,
    distinct,
    follow,
    line_in,
    lines_in,
    listed,
    of_type,
    parts,
    resolved,
)
from crawlers.extract.schema_org.node_photos import photos_of
from crawlers.extract.schema_org.offers import in_stock, lowest_amounts
from crawlers.extract.schema_org.product_facts import facts_of
from crawlers.extract.schema_org.product_parts import parts_of
from crawlers.extract.text import category_path, is_home, text_of, words_listed

PRODUCT_TYPES = ("Product", "ProductGroup", "IndividualProduct", "ProductModel", "SomeProducts")
_KEYS = ("sku", "productID", "productGroupID", "mpn")


def reading_of(node: Node | None, nodes: list[Node], source: str, base: str) -> Reading:
    """Read what a page's nodes say of the product `node`; without one, the categories that the page stands in."""
    if node is None:
        return Reading(source=source, categories=_breadcrumb(nodes, resolved(nodes), ""), product=False)
    nodes_by_id = resolved(nodes)
    whole = parts_of(node, nodes, nodes_by_id)
    node, title = whole.node, line_in(whole.node.get("name"))
    amounts = lowest_amounts(whole.offers, nodes_by_id)
    stated = facts_of(whole)
    return Reading(
        source=source,
        keys={kind: line_in(node.get(kind)) for kind in _KEYS},
        title=title,
        description=_description(node.get("description")),
        brand=stated.brand,
        categories=_categories(node) or _breadcrumb(nodes, nodes_by_id, title),
        tags=words_listed(_keywords(node.get("keywords"))),
        colour=stated.colour,
        gender=stated.gender,
        price=amounts.price,
        currency=amounts.currency,
        list_price=amounts.list_price,
        in_stock=in_stock(lines_in(distinct(offer.get("availability") for offer in whole.offers))),
        attributes=stated.attributes,
        photos=photos_of(whole.every(), nodes_by_id, base),
    )


def _description(value: Any) -> str:
    """Read a description, which may be HTML, also HTML whose tags were escaped once more."""
    text = text_of("\n".join(part for part in listed(value) if isinstance(part, str)))
    return text_of(text) if "<" in text else text


def _categories(node: Node) -> tuple[str, ...]:
    category = node.get("category")
    if isinstance(category, list) and all(isinstance(part, str) for part in category):
        return category_path(category if len(category) > 1 else next(iter(category), ""))
    return category_path(line_in(category))


def _breadcrumb(nodes: list[Node], nodes_by_id: dict[str, Node], title: str) -> tuple[str, ...]:
    """Read the page's place in the shop, without the home page and the product itself."""
    stated_in = ("breadcrumb", "breadcrumbList")
    values = (node[name] for node in nodes for name in stated_in if name in node)
    inside = (crumb for value in values for crumb in parts(follow(value, nodes_by_id)))
    for crumbs in of_type(distinct([*nodes, *inside]), "BreadcrumbList"):
        items = parts(follow(listed(crumbs.get("itemListElement")), nodes_by_id))
        items.sort(key=lambda item: price_of(item.get("position")) or Decimal(0))
        names = [
            line_in(item.get("name")) or line_in(follow(item.get("item"), nodes_by_id)) for item in items
        ]
        if path := tuple(name for name in names if name and name != title and not is_home(name)):
            return path
    return ()


def _keywords(value: Any) -> Any:
    return [line_in(part) for part in value] if isinstance(value, list) else value
