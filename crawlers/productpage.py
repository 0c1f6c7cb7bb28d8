"""A page's JSON-LD nodes -> one Product: every field that schema.org has and shops fill."""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

from scrapy.http import TextResponse

from crawlers.jsonld import Node, follow, listed, of_type, resolved, said
from crawlers.price import currency_of, price_of
from crawlers.sink import refused
from crawlers.text import category_path, text_of, words_listed
from crawlers.view import view_of
from schemas.ids import product_id
from schemas.product import Product

PRODUCT_TYPES = ("Product", "ProductGroup", "IndividualProduct", "ProductModel")
_KEYS = ("sku", "productID", "productGroupID", "mpn")
_BUYABLE = frozenset(
    [
        "instock",
        "onlineonly",
        "instoreonly",
        "limitedavailability",
        "madetoorder",
        "preorder",
        "presale",
        "backorder",
    ]
)
_FACTS = ("material", "pattern", "size", "mpn", "gtin", "gtin13", "itemCondition")


def product_of(nodes: list[Node], page: TextResponse, shop: str) -> Product | dict[str, Any]:
    """The first product among a page's nodes, or the reject row that says what it lacks."""
    known = resolved(nodes)
    node = next(of_type(nodes, *PRODUCT_TYPES))
    node = {name: _followed(value, known) for name, value in node.items()}
    variants = [part for part in listed(node.get("hasVariant")) if isinstance(part, dict)]
    key = next((text for name in _KEYS if (text := said(node.get(name)))), "")
    key = key or unquote(urlsplit(page.url).path).strip("/")  # stable, and the shop's own
    title = said(node.get("name"))
    if not key or not title:
        missing = "title" if key else "sku, productID or path"
        return refused("page", "page_incomplete", page.url, detail=f"JSON-LD Product without {missing}")
    name = product_id(shop, key)
    photos = _photos(node, variants, page.url)
    if not photos:
        return refused("page", "no_image", page.url, name, "JSON-LD Product without image")
    offers = [offer for part in [node, *variants] for offer in _offers(part, known)]
    price, currency = _price(offers)
    return Product(
        product_id=name,
        shop=shop,
        title=title,
        source="json-ld",
        fetched_at=datetime.now(UTC),
        url=page.url,
        description=text_of(_text(node.get("description"))),
        brand=said(node.get("brand")) or said(node.get("manufacturer")),
        categories=_categories(node, nodes, known, title),
        tags=words_listed(_keywords(node.get("keywords"))),
        colour=", ".join(words_listed([said(part.get("color")) for part in [node, *variants]])),
        gender=_gender(node),
        price=price,
        currency=currency,
        in_stock=_in_stock(offers),
        attributes=dict(_attributes(node)),
        image_urls=tuple(photos),
        image_views=tuple(photos.values()),
        etag=_header(page, "ETag"),
        last_modified=_header(page, "Last-Modified"),
    )


def _followed(value: Any, known: dict[str, Node]) -> Any:
    return [follow(part, known) for part in value] if isinstance(value, list) else follow(value, known)


def _text(value: Any) -> str:
    """A description may be HTML, so its lines are not flattened yet."""
    return value if isinstance(value, str) else "\n".join(v for v in listed(value) if isinstance(v, str))


def _photos(node: Node, variants: list[Node], base: str) -> dict[str, str]:
    """View by address: the product's photos, those of its variants, then what customers sent with reviews."""
    photos: dict[str, str] = {}
    for part in [node, *variants]:
        for address, caption in _images(part.get("image"), base):
            photos.setdefault(address, view_of(address, caption))
    for review in listed(node.get("review")) + listed(node.get("reviews")):
        if isinstance(review, dict):
            for address, _ in _images([review.get("image"), review.get("associatedMedia")], base):
                photos.setdefault(address, "customer")
    return photos


def _images(value: Any, base: str, depth: int = 0) -> Iterator[tuple[str, str]]:
    """Address and caption of each image: a string, an ImageObject, or a list of either."""
    if depth > 3:
        return
    for image in listed(value):
        if isinstance(image, list):
            yield from _images(image, base, depth + 1)
            continue
        source, caption = image, ""
        if isinstance(image, dict):
            source = next(
                (image[k] for k in ("contentUrl", "url", "@id", "src") if isinstance(image.get(k), str)), None
            )
            caption = " ".join(filter(None, (said(image.get("name")), said(image.get("caption")))))
        if isinstance(source, str) and source.strip():
            try:
                address = urljoin(base, source.strip())
            except ValueError:  # "http://[broken": the image stage refuses it by name
                address = source.strip()
            yield address, caption


def _offers(node: Node, known: dict[str, Node]) -> Iterator[Node]:
    """Offers of a product, those inside an AggregateOffer after it."""
    for offer in listed(_followed(node.get("offers"), known)):
        if isinstance(offer, dict):
            yield offer
            yield from (
                inner for inner in listed(_followed(offer.get("offers"), known)) if isinstance(inner, dict)
            )


def _price(offers: list[Node]) -> tuple[Decimal | None, str]:
    """The lowest price asked, and its currency; strike-through prices are not asked."""
    best: tuple[Decimal, str] | None = None
    currency = ""
    for offer in offers:
        specifications = [s for s in listed(offer.get("priceSpecification")) if isinstance(s, dict)]
        for part in [
            offer,
            *(s for s in specifications if "list" not in str(s.get("priceType", "")).lower()),
        ]:
            for stated in (part.get("lowPrice"), part.get("price")):
                code = currency_of(part.get("priceCurrency") or offer.get("priceCurrency"), stated)
                currency = currency or code
                amount = price_of(stated)
                if amount is not None and (best is None or amount < best[0]):
                    best = (amount, code)
    return (best[0], best[1] or currency) if best else (None, currency)


def _in_stock(offers: list[Node]) -> bool | None:
    stated = [said(offer.get("availability")) for offer in offers]
    words = [text.replace("#", "/").rpartition("/")[2].lower().replace(" ", "") for text in stated if text]
    return any(word in _BUYABLE for word in words) if words else None


def _categories(node: Node, nodes: list[Node], known: dict[str, Node], title: str) -> tuple[str, ...]:
    """The product's own category, else the page's breadcrumb without its ends."""
    category = node.get("category")
    if isinstance(category, list) and all(isinstance(part, str) for part in category):
        path = category_path(category if len(category) > 1 else category[0])
    else:
        path = category_path(said(category))
    if path:
        return path
    for crumbs in of_type(nodes, "BreadcrumbList"):
        items = [i for i in listed(_followed(crumbs.get("itemListElement"), known)) if isinstance(i, dict)]
        items.sort(key=lambda item: price_of(item.get("position")) or Decimal(0))
        names = [said(item.get("name")) or said(follow(item.get("item"), known)) for item in items]
        return tuple(n for n in names if n and n != title and n.lower() not in ("home", "homepage", "start"))
    return ()


def _keywords(value: Any) -> Any:
    return [said(part) for part in value] if isinstance(value, list) else value


def _gender(node: Node) -> str:
    for audience in listed(node.get("audience")):
        if isinstance(audience, dict):
            for name in ("suggestedGender", "audienceType", "name"):
                if text := said(audience.get(name)):
                    return text.rpartition("/")[2]
    return said(node.get("gender"))


def _attributes(node: Node) -> Iterator[tuple[str, str]]:
    for name in _FACTS:
        if text := said(node.get(name)):
            yield name, text
    for fact in listed(node.get("additionalProperty")):
        if isinstance(fact, dict) and (name := said(fact.get("name"))) and (text := said(fact.get("value"))):
            yield name, text


def _header(page: TextResponse, name: str) -> str:
    value = page.headers.get(name)
    return value.decode("latin-1") if value else ""
