"""schema.org nodes, from JSON-LD or microdata alike -> one Reading: every field that shops fill."""

from typing import Any

from crawlers.extract.reading import Reading
from crawlers.extract.schema_org.categories import breadcrumb, categories_of
from crawlers.extract.schema_org.jsonld import (
    Node,
    distinct,
    line_in,
    lines_in,
    listed,
    of_type,
    said_in,
)
from crawlers.extract.schema_org.node_photos import photos_of
from crawlers.extract.schema_org.offers import in_stock, lowest_amounts, stated_price
from crawlers.extract.schema_org.page_nodes import PageNodes
from crawlers.extract.schema_org.product_facts import facts_of
from crawlers.extract.schema_org.product_parts import group_of, parts_of
from crawlers.extract.text import text_of, words_listed

PRODUCT_TYPES = ("Product", "ProductGroup", "IndividualProduct", "ProductModel", "SomeProducts")
_KEYS = ("sku", "productID", "mpn")


def reading_of(node: Node | None, found: PageNodes, source: str) -> Reading:
    """Read what a page's nodes say of the product `node`; without one, the categories that the page stands in."""
    nodes, nodes_by_id = found.nodes, found.nodes_by_id
    if node is None:
        path = breadcrumb(nodes, nodes_by_id, {}, found.base, found.pages)
        return Reading(source=source, categories=path, product=False)
    whole = parts_of(node, nodes, nodes_by_id)
    node, title = whole.node, line_in(whole.node.get("name"))
    amounts = lowest_amounts(whole.offers, nodes_by_id)
    stated = facts_of(whole)
    return Reading(
        source=source,
        keys={"productGroupID": group_of(node), **{kind: line_in(node.get(kind)) for kind in _KEYS}},
        title=title,
        description=_description(node.get("description")),
        brand=stated.brand,
        categories=categories_of(node) or breadcrumb(nodes, nodes_by_id, node, found.base, found.pages),
        tags=words_listed(_keywords(node.get("keywords"))),
        colour=stated.colour,
        gender=stated.gender,
        price=amounts.price,
        currency=amounts.currency,
        list_price=amounts.list_price,
        in_stock=in_stock(lines_in(said_in(whole.offers, "availability"))),
        attributes=stated.attributes,
        photos=photos_of(whole.every(), nodes_by_id, found.base)
        or photos_of(list(of_type(nodes, "ImageGallery", "MediaGallery")), nodes_by_id, found.base),
        unread_price=stated_price(whole.offers) if amounts.price is None else "",
    )


def _description(value: Any) -> str:
    """Read a description, which may be HTML, also HTML whose tags were escaped once more."""
    text = text_of("\n".join(part for part in listed(value) if isinstance(part, str)))
    return text_of(text) if "<" in text else text


def _keywords(value: Any) -> Any:
    return [line_in(part) for part in distinct(value)] if isinstance(value, list) else value
