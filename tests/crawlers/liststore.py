"""A crawl's core without network and lake: a store that keeps its rows in lists, and rows of yesterday."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from schemas.ids import image_id
from schemas.product import Product

THEN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
SHOP = "https://shop.example"


class ListStore:
    """crawlers.state.photo_store.PhotoStore; a part is complete with every `part` photos.

    rows     photos in the order they came
    flushed  how many of them would survive a kill
    reports  of progress
    """

    def __init__(self, part: int = 1000) -> None:
        self.rows: list[Mapping[str, Any]] = []
        self.flushed = 0
        self.reports: list[tuple[str, int, int | None, str]] = []
        self._part = part

    def has_photo(self, image_id: str) -> bool:
        return any(row["image_id"] == image_id for row in self.rows)

    def add(self, row: Mapping[str, Any]) -> bool:
        self.rows.append(row)
        full = len(self.rows) % self._part == 0
        if full:
            self.flush()
        return full

    def flush(self) -> None:
        self.flushed = len(self.rows)

    def report(self, stage: str, done: int, total: int | None, note: str) -> None:
        self.reports.append((stage, done, total, note))


def product(n: int, title: str = "", photos: tuple[str, ...] | None = None) -> Product:
    urls = (f"{SHOP}/img/{n}.jpg",) if photos is None else photos
    return Product(
        product_id=f"acme:{n}",
        shop="acme",
        title=title or f"Coat {n}",
        source="json-ld",
        fetched_at=THEN,
        url=page(n),
        image_urls=urls,
        image_views=("front",) * len(urls),
    )


def page(n: int) -> str:
    return f"{SHOP}/product/{n}"


def photo_row(data: bytes, url: str = f"{SHOP}/img/0.jpg") -> dict[str, Any]:
    """A row of schemas.image.IMAGES as far as a recorder looks at it."""
    return {
        "image_id": image_id(data),
        "bytes": data,
        "thumbnail": b"\0" * 192,
        "url": url,
        "robots": {"allowed": True},
        "fetched_at": THEN,
    }


def yesterday(n: int, image: str = "", **more: Any) -> dict[str, Any]:
    """A row of the previous products table, with the key of its page."""
    there = product(n, **more)
    ids = tuple(image for _ in there.image_urls)
    return dict(there.row(ids, THEN)) | {"page": there.url}


def ledger_row(url: str, kind: str = "product", **facts: Any) -> dict[str, Any]:
    """A row of the previous ledger, with the key of its page."""
    usual: dict[str, Any] = {
        "url": url,
        "kind": kind,
        "outcome": "read",
        "etag": "",
        "last_modified": "",
        "lastmod": "",
        "fresh_until": None,
        "image_id": "",
        "product_ids": [],
        "leads_to": [],
        "fetched_at": datetime.now(UTC),
    }
    return usual | facts | {"key": url}
