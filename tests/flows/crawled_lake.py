"""Small committed crawls to label, and what reads the card of it."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa

from flows.learn.label import label_products
from flows.parameters.label import LabelParameters
from infra.lake import Lake
from schemas.ids import image_id
from schemas.image import IMAGES
from schemas.manifest import Count
from schemas.product import PRODUCTS, Product
from schemas.reject import REJECTS

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def labelled(lake: Lake, crawls: Sequence[str] | None = None, **options: Any) -> dict[str, Any]:
    """Label by the titles' words, without Prefect; returns the result."""
    wanted = LabelParameters.read({"lake": lake.uri, "crawls": crawls, "fields": ["title"]} | options)
    result: dict[str, Any] = label_products.fn(wanted)
    return result


FIRST_IMAGES = pa.schema(  # the table before it had these columns
    [field for field in IMAGES if field.name not in ("declared_type", "orientation", "quality")],
    metadata={"table": "images", "version": "1"},
)


def crawled(
    lake: Lake,
    shop: str,
    products: dict[str, tuple[str, list[str]]],
    seed: int = 0,
    images_schema: pa.Schema = IMAGES,
    known: Sequence[str] = (),
) -> str:
    """Commit a crawl: key -> (title, what each photo's bytes say); "" stands for a refused photo.

    known  photos that an earlier crawl stored
    """
    random = np.random.default_rng(seed)
    run = lake.begin("crawl", "crawl", shop, parameters={"shop": shop})
    rows, images, rejects = run.writer(PRODUCTS), run.writer(images_schema), run.writer(REJECTS)
    stored = {image_id(photo.encode()) for photo in known}
    for key, (title, photos) in products.items():
        ids = [photo and image_id(photo.encode()) for photo in photos]
        urls = tuple(f"http://127.0.0.1/{key}/{n}" for n in range(len(ids)))
        product = Product(
            f"{shop}:{key}",
            shop,
            title,
            "import",
            NOW,
            price=Decimal(9),
            image_urls=urls,
            image_views=("",) * len(ids),
        )
        rows.write(product.row(tuple(ids), NOW))
        for name in dict.fromkeys(ids):
            if name in stored or not name:
                continue
            stored.add(name)
            row = {
                "image_id": name, "bytes": b"x", "media_type": "image/jpeg", "declared_type": "",
                "width": 64, "height": 64, "orientation": 1, "quality": 90,
                "phash": int(random.integers(0, 2**63)), "thumbnail": random.bytes(192), "url": "",
                "product_id": product.product_id, "fetched_at": NOW,
                "robots": {"allowed": True, "noai": False, "noimageai": False},
            }  # fmt: skip
            images.write({name: row[name] for name in images_schema.names})
    for schema, writer in ((PRODUCTS, rows), (images_schema, images), (REJECTS, rejects)):
        run.add(schema, writer.close())
    run.counts["page"] = Count(len(products), len(products))
    return lake.commit(run, {"shop": shop, "crawl_id": run.run_id}).run_id


def catalogue(n: int = 80) -> dict[str, tuple[str, list[str]]]:
    colours, kinds = ("red", "blue", "green", "white"), ("dress", "shirt", "skirt")
    return {f"p{i}": (f"The {colours[i % 4]} {kinds[i % 3]} no{i}", [f"a{i}", f"b{i}"]) for i in range(n)}


def figures(result: dict[str, Any], section: str) -> dict[str, float]:
    return {row["name"]: row["value"] for row in result["report_card"] if row["section"] == section}
