"""A product as Shopify's public endpoints state it, field for field."""

from datetime import datetime, timedelta, timezone
from typing import Any

from infra.mall.catalogue import Catalogue
from infra.mall.item import Item, Photo
from infra.mall.seeds import number as stable_number
from infra.mall.trade import Shop

OFFSET = timezone(timedelta(hours=1))  # Shopify writes times in the shop's zone, with its offset


def moment(time: datetime) -> str:
    """A time as Shopify writes it."""
    return time.astimezone(OFFSET).isoformat(timespec="seconds")


def image_url(shop: Shop, catalogue: Catalogue, item: Item, photo: Photo) -> str:
    """Address on the shop's cdn path; `v` changes with the photo."""
    version = stable_number(catalogue.edition(item, photo)) % 10**10
    return f"{shop.url}/cdn/shop/files/{item.handle}_{photo.name}.jpg?v={version:010d}"


def product_number(shop: Shop, item: Item) -> int:
    """The id of a product."""
    return stable_number("product", shop.name, item.sku)


def entry(shop: Shop, catalogue: Catalogue, item: Item, alone: bool = False) -> dict[str, Any]:
    """One product as /products.json lists it; `alone` adds what only its own .json says."""
    key = product_number(shop, item)
    made, changed = moment(item.created), moment(item.updated)
    option = "Size" if shop.language == "en" else "Größe"
    images: list[dict[str, Any]] = [
        {
            "id": stable_number(key, "image", n),
            "created_at": made,
            "position": n + 1,
            "updated_at": changed,
            "product_id": key,
            "variant_ids": [],
            "src": image_url(shop, catalogue, item, photo),
            "width": photo.width or None,
            "height": photo.height or None,
        }
        | ({"alt": f"{item.title} {photo.view}"} if alone else {})
        for n, photo in enumerate(item.photos)
    ]
    sizes = item.sizes or ("Default Title",)
    return {
        "id": key,
        "title": item.title,
        "handle": item.handle,
        "body_html": item.description_html,
        "published_at": made,
        "created_at": made,
        "updated_at": changed,
        "vendor": item.brand,
        "product_type": item.categories[-1] if item.categories else "",
        "tags": ", ".join(tags(item)) if alone else tags(item),
        "variants": [variant(item, key, n, size) for n, size in enumerate(sizes)],
        "images": images,
        "options": [{"name": option if item.sizes else "Title", "position": 1, "values": list(sizes)}],
    }


def tags(item: Item) -> list[str]:
    """Tags, with gender and colour among them: Shopify has no fields of its own for these."""
    extra = [f"gender:{item.gender}"] if item.gender else []
    return [*item.tags, *extra, *([f"color:{item.colour}"] if item.colour else [])]


def variant(item: Item, key: int, number: int, size: str) -> dict[str, Any]:
    """One size of a product."""
    code = stable_number(key, size)
    # An item in stock still lacks a size here and there, never its first.
    available = item.in_stock and (number == 0 or code % 5 > 0)
    price = f"{item.price:.2f}" if item.price is not None else "0.00"
    before = f"{item.list_price:.2f}" if item.list_price is not None else None
    return {
        "id": code,
        "title": size,
        "option1": size,
        "option2": None,
        "option3": None,
        "sku": item.sku if not item.sizes else f"{item.sku}-{size}",
        "requires_shipping": True,
        "taxable": True,
        "featured_image": None,
        "available": available,
        "price": price,
        "grams": 200 + code % 600,
        "compare_at_price": before,
        "position": number + 1,
        "product_id": key,
        "created_at": moment(item.created),
        "updated_at": moment(item.updated),
    }
