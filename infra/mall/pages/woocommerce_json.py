"""A product as WooCommerce's public Store API states it, field for field."""

from html import escape
from typing import Any

from infra.mall.catalogue import Catalogue, slug
from infra.mall.item import Item
from infra.mall.pricetag import SIGNS
from infra.mall.seeds import number as stable_number
from infra.mall.trade import Shop


def product_number(shop: Shop, item: Item) -> int:
    """The post id of a product; WordPress counts far below 2**31."""
    return 1000 + 16 * item.number + stable_number("post", shop.name, item.sku) % 16


def entities(text: str) -> str:
    """A text as WordPress renders it: typographic signs and what HTML reserves become entities."""
    safe = escape(text, quote=False)
    for sign, code in (("–", 8211), ("—", 8212), ("’", 8217), (" - ", 0), ("'", 8217), ('"', 8221)):
        safe = safe.replace(sign, f"&#{code};" if code else " &#8211; ")
    return safe


def minor(amount: Any) -> str:
    """An amount in cents, as text; empty for none."""
    return "" if amount is None else str(int(amount * 100))


def prices(item: Item) -> dict[str, Any]:
    """The price object. On sale, `regular_price` is the list price."""
    sign = SIGNS.get(item.currency, item.currency)
    asked = minor(item.price)
    return {
        "price": asked,
        "regular_price": minor(item.list_price) or asked,
        "sale_price": asked,
        "price_range": None,
        "currency_code": item.currency,
        "currency_symbol": sign,
        "currency_minor_unit": 2,
        "currency_decimal_separator": ".",
        "currency_thousand_separator": ",",
        "currency_prefix": sign,
        "currency_suffix": "",
    }


def terms(shop: Shop, kind: str, base: str, names: tuple[str, ...]) -> list[dict[str, Any]]:
    """Categories, tags or brands."""
    return [
        {
            "id": stable_number(kind, name) % 100_000,
            "name": entities(name),
            "slug": slug(name),
            "link": f"{shop.url}/{base}/{slug(name)}/",
        }
        for name in names
    ]


def attribute(name: str, values: tuple[str, ...], varies: bool) -> dict[str, Any]:
    """One attribute with its terms."""
    return {
        "id": stable_number("attribute", name) % 1000,
        "name": name,
        "taxonomy": f"pa_{slug(name)}",
        "has_variations": varies,
        "terms": [
            {
                "id": stable_number("term", value) % 100_000,
                "name": value,
                "slug": slug(value),
                "default": False,
            }
            for value in values
        ],
    }


def images(key: int, item: Item, urls: list[str]) -> list[dict[str, Any]]:
    """A product's photos, in its order; `key` is the product's number."""
    return [
        {
            "id": stable_number(key, photo.name) % 10**7,
            "src": url,
            "thumbnail": f"{url}?w=150",
            "srcset": f"{url}?w=150 150w, {url} {photo.width or 640}w",
            "sizes": "(max-width: 640px) 100vw, 640px",
            "name": photo.name,
            "alt": f"{entities(item.title)} {photo.view}",
        }
        for photo, url in zip(item.photos, urls, strict=True)
    ]


def entry(
    shop: Shop, catalogue: Catalogue, item: Item, page_url: str, image_urls: list[str]
) -> dict[str, Any]:
    """One product as /wp-json/wc/store/v1/products lists it."""
    key = product_number(shop, item)
    stated = (
        ("Size", item.sizes, True),
        ("Colour", (item.colour,), False),
        ("Gender", (item.gender,), False),
    )
    return {
        "id": key,
        "name": entities(item.title),
        "slug": item.handle,
        "parent": 0,
        "type": "variable" if item.sizes else "simple",
        "variation": "",
        "permalink": page_url,
        "sku": item.sku,
        "short_description": "",
        "description": item.description_html,
        "on_sale": item.list_price is not None,
        "prices": prices(item),
        "price_html": "",
        "average_rating": "0",
        "review_count": 0,
        "images": images(key, item, image_urls),
        "categories": terms(shop, "category", "product-category", item.categories),
        "tags": terms(shop, "tag", "product-tag", item.tags),
        "brands": terms(shop, "brand", "brand", (item.brand,) if item.brand else ()),
        "attributes": [attribute(name, values, varies) for name, values, varies in stated if any(values)],
        "variations": [
            {"id": key * 16 + n, "attributes": [{"name": "Size", "value": slug(size)}]}
            for n, size in enumerate(item.sizes)
        ],
        "grouped_products": [],
        "has_options": bool(item.sizes),
        "is_purchasable": item.price is not None,
        "is_in_stock": item.in_stock,
        "is_on_backorder": False,
        "low_stock_remaining": None,
        "sold_individually": False,
    }
