"""Crawls of a PageShop, and what they left, by the pages' own names."""

from typing import Any

from flows.crawl.crawl_shops import crawl_shop
from flows.parameters.crawl import CrawlParameters
from infra.lake import Lake
from schemas.manifest import Manifest
from tests.crawlers.page_shop import PageShop, node

RESTLESS = ("fetched_at", "first_seen", "etag", "last_modified", "content_hash")
COLOURS = ("moss", "sand", "ink", "rust")
Row = dict[str, Any]


def colours_on_pages(seed: int, *, canonical: bool = False) -> PageShop:
    """Six products, each colour on a page of its own, and a page of the group."""
    shop = PageShop(seed)
    for n in range(6):
        base = f"/shop/coat-{n}"
        shop.add(base, node(f"C{n}", f"Coat {n}", f"{n}-group", description="The coat.", price="60.00"))
        for colour in COLOURS:
            link = f"<link rel='canonical' href='{base}'>" if canonical else ""
            facts = {
                "color": colour,
                "size": COLOURS.index(colour) + 36,
                "price": f"{50 - COLOURS.index(colour)}.00",
            }
            more = node(f"C{n}", f"Coat {n} {colour}", f"{n}-{colour}-a", f"{n}-{colour}-b", **facts)
            shop.add(f"{base}/{colour}", more, head=link)
    return shop


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
