"""Crawls of a PageShop, and what they left, by the pages' own names."""

from typing import Any

from flows.crawl.crawl_shops import crawl_shop
from flows.parameters.crawl import CrawlParameters
from infra.lake import Lake
from schemas.manifest import Manifest
from tests.crawlers.page_shop import PageShop

RESTLESS = ("fetched_at", "first_seen", "etag", "last_modified", "content_hash")


Row = dict[str, Any]


def crawled(shop: PageShop, lake: Lake, at: str = "/", **options: Any) -> Manifest:
    url = shop.base + at
    wanted = CrawlParameters(urls=(url,), lake=lake.uri, **options)
    return lake.run(crawl_shop.fn("acme", url, wanted)["crawl_id"])


def products(lake: Lake, crawl: Manifest, shop: PageShop) -> dict[str, Row]:
    """Products by key, without what differs between two servers or two moments."""
    rows = lake.table(crawl, "products").to_pylist()
    return {
        row["product_id"].partition(":")[2]: {
            name: [url.replace(shop.base, "") for url in value] if name == "image_urls" else value
            for name, value in row.items()
            if name not in RESTLESS
        }
        | {"url": row["url"].replace(shop.base, "")}
        for row in rows
    }


def reasons(lake: Lake, crawl: Manifest, shop: PageShop) -> dict[str, str]:
    rows = lake.table(crawl, "rejects").to_pylist()
    return {row["url"].replace(shop.base, ""): row["reason"] for row in rows}
