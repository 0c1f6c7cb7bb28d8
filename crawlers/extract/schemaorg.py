"""schema.org nodes, from JSON-LD or microdata alike -> one Reading: every field that shops fill."""

from collections.abc import Iterator
from decimal import Decimal
from itertools import islice
from typing import Any

from crawlers.extract.jsonld import Node, distinct, follow, line_in, listed, of_type, parts, resolved
from crawlers.extract.offers import in_stock, lowest_amounts, offers_of
from crawlers.extract.photo_urls import add
from crawlers.extract.price import price_of
from crawlers.extract.reading import Reading
from crawlers.extract.text import category_path, is_home, text_of, words_listed

PRODUCT_TYPES = ("Product", "ProductGroup", "IndividualProduct", "ProductModel", "SomeProducts")
_KEYS = ("sku", "productID", "productGroupID", "mpn")
_FACTS = (
    "material",
    "pattern",
    "size",
    "mpn",
    "gtin",
    "gtin8",
    "gtin12",
    "gtin13",
    "gtin14",
    "itemCondition",
)
_ADDRESSES = ("contentUrl", "url", "@id", "src", "thumbnailUrl")
_MOST_VARIANTS = 1_000  # of one product; what is beyond is not read
_MOST_IMAGES = 20_000  # looked at on one page, whatever refers to them


def reading_of(node: Node | None, nodes: list[Node], source: str, base: str) -> Reading:
    """Read what a page's nodes say of the product `node`; without one, the categories that the page stands in."""
    if node is None:
        return Reading(source=source, categories=_breadcrumb(nodes, resolved(nodes), ""), product=False)
    nodes_by_id = resolved(nodes)
    node = _with_group({name: follow(value, nodes_by_id) for name, value in node.items()}, nodes_by_id)
    variants = _variants(node, nodes, nodes_by_id)
    title = line_in(node.get("name"))
    offers = offers_of([node, *variants], nodes_by_id)
    amounts = lowest_amounts(offers)
    return Reading(
        source=source,
        keys={kind: line_in(node.get(kind)) for kind in _KEYS},
        title=title,
        description=_description(node.get("description")),
        brand=line_in(node.get("brand")) or line_in(node.get("manufacturer")),
        categories=_categories(node) or _breadcrumb(nodes, nodes_by_id, title),
        tags=words_listed(_keywords(node.get("keywords"))),
        colour=_values("color", node, variants),
        gender=_gender(node),
        price=amounts.price,
        currency=amounts.currency,
        list_price=amounts.list_price,
        in_stock=in_stock([line_in(offer.get("availability")) for offer in offers]),
        attributes=_attributes(node, variants),
        photos=_photos(node, variants, base),
    )


def _with_group(node: Node, nodes_by_id: dict[str, Node]) -> Node:
    """Fill a variant with what only its group says; its own words, identifiers and address come first."""
    for group in parts(follow(listed(node.get("isVariantOf")), nodes_by_id)):
        own = ("hasVariant", "@id", "@type", "url", "sku", "mpn", "offers")
        return {name: value for name, value in group.items() if name not in own} | node
    return node


def _variants(node: Node, nodes: list[Node], nodes_by_id: dict[str, Node]) -> list[Node]:
    """Collect those a group lists, and those elsewhere on the page that name it as theirs."""
    candidates = parts(follow(listed(node.get("hasVariant")), nodes_by_id))
    identity = node.get("@id")
    if isinstance(identity, str):
        candidates += [
            other for other in nodes if any(p.get("@id") == identity for p in parts(other.get("isVariantOf")))
        ]
    variants = islice(distinct(candidates), _MOST_VARIANTS)
    return [{name: follow(value, nodes_by_id) for name, value in variant.items()} for variant in variants]


def _description(value: Any) -> str:
    """Read a description, which may be HTML, also HTML whose tags were escaped once more."""
    text = text_of("\n".join(part for part in listed(value) if isinstance(part, str)))
    return text_of(text) if "<" in text else text


def _photos(node: Node, variants: list[Node], base: str) -> dict[str, str]:
    """Collect the product's photos, those of its variants, then what customers sent with reviews."""
    photos: dict[str, str] = {}
    values = [(part.get("image"), "") for part in [node, *variants]]
    for review in parts(node.get("review")) + parts(node.get("reviews")):
        values.append(([review.get("image"), review.get("associatedMedia")], "customer"))
    images = ((address, caption, view) for value, view in values for address, caption in _images(value))
    for address, caption, view in islice(images, _MOST_IMAGES):
        add(photos, address, base, caption, view)
    return photos


def _images(value: Any, depth: int = 0) -> Iterator[tuple[str, str]]:
    """Read address and caption of each image: a string, an ImageObject, or a list of either."""
    for image in listed(value) if depth <= 3 else ():
        if isinstance(image, list):
            yield from _images(image, depth + 1)
        elif isinstance(image, str):
            yield image, ""
        elif isinstance(image, dict):
            caption = " ".join(filter(None, (line_in(image.get("name")), line_in(image.get("caption")))))
            urls = next((image[name] for name in _ADDRESSES if image.get(name)), None)
            for address, _ in _images(urls, depth + 1):
                yield address, caption


def _categories(node: Node) -> tuple[str, ...]:
    category = node.get("category")
    if isinstance(category, list) and all(isinstance(part, str) for part in category):
        return category_path(category if len(category) > 1 else next(iter(category), ""))
    return category_path(line_in(category))


def _breadcrumb(nodes: list[Node], nodes_by_id: dict[str, Node], title: str) -> tuple[str, ...]:
    """Read the page's place in the shop, without the home page and the product itself."""
    inside = (crumb for node in nodes for crumb in parts(follow(node.get("breadcrumb"), nodes_by_id)))
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


def _values(name: str, node: Node, variants: list[Node]) -> str:
    """Read a property of the product and its variants, each value once."""
    values = distinct(part.get(name) for part in [node, *variants])
    return ", ".join(words_listed([line_in(value) for value in values]))


def _gender(node: Node) -> str:
    for audience in parts(node.get("audience")):
        for name in ("suggestedGender", "audienceType", "name"):
            if text := line_in(audience.get(name)):
                return text.rpartition("/")[2]
    return line_in(node.get("gender"))


def _attributes(node: Node, variants: list[Node]) -> dict[str, str]:
    facts = {name: text for name in _FACTS if (text := line_in(node.get(name)))}
    for name in ("size", "material", "pattern"):
        if text := _values(name, node, variants):
            facts[name] = text
    for fact in parts(node.get("additionalProperty")):
        if (name := line_in(fact.get("name"))) and (text := line_in(fact.get("value"))):
            facts.setdefault(name, text)
    return facts
