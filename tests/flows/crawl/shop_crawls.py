"""Crawls of a shop, and the rows of their tables."""

from typing import Any

from flows.crawl.crawl_shops import crawl_shop
from flows.parameters.crawl import CrawlParameters
from infra.lake import Lake
from schemas.manifest import Manifest

TIMES = ["fetched_at", "first_seen", "at"]


def crawled(url: str, lake: Lake, shop: str = "acme", **options: Any) -> tuple[dict[str, Any], Manifest]:
    wanted = CrawlParameters(urls=(url,), lake=lake.uri, **options)
    result = crawl_shop.fn(shop, url, wanted)
    return result, lake.run(result["crawl_id"])


def rows(lake: Lake, manifest: Manifest, table: str, *drop: str) -> list[dict[str, Any]]:
    found = lake.table(manifest, table).to_pylist()
    return [{name: value for name, value in row.items() if name not in drop} for row in found]
