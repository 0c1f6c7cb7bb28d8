"""Crawls of some products, committed as of some days ago."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from schemas.product import Product

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


Crawled = Callable[..., str]


def product(key: str, shop: str = "s", **facts: Any) -> Product:
    known = {
        "title": f"Dress {key}",
        "price": Decimal(10),
        "currency": "EUR",
        "url": f"http://127.0.0.1/{key}",
    }
    return Product(product_id=f"{shop}:{key}", shop=shop, source="json-ld", fetched_at=NOW, **(known | facts))


def found(result: dict[str, Any]) -> list[tuple[str, str, str, str]]:
    return [(row["product_id"], row["field"], row["before"], row["after"]) for row in result["changes"]]
