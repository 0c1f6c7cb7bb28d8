"""Requests that came too early, by the clock of who was asked: a crawl, and plain Scrapy beside it for the record.

A shop and a host of its photos, both on loopback, say `Crawl-delay: 2`; the shop's robots.txt answers 503 for the
first 20 s, and three pages and one photo answer 503 with `Retry-After: 7`. vitrine has its settings of production;
Scrapy obeys robots.txt, with AutoThrottle and otherwise its defaults. Goal: 0 of vitrine's. Takes some four minutes.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import scrapy
from scrapy.crawler import AsyncCrawlerProcess
from scrapy.http import Response, TextResponse

from tests.crawlers.strict_host import Host, Strictness, hosts

ROOT = Path(__file__).resolve().parents[2]
PRODUCTS = 10
SHOP = Strictness(delay_s=2.0, robots_down_s=20.0, busy_at=(3, 9, 14), retry_after_s=7)
PHOTOS = Strictness(delay_s=2.0, busy_at=(4,), retry_after_s=7)


class PlainSpider(scrapy.Spider):
    """Read the sitemap, its pages and their photos, and do nothing with them."""

    name = "plain"

    async def start(self) -> AsyncIterator[scrapy.Request]:
        """Ask for the sitemap."""
        yield scrapy.Request(f"{self.url}/sitemap.xml", self.read_sitemap)  # type: ignore[attr-defined, arg-type]

    def read_sitemap(self, answer: TextResponse) -> Iterator[scrapy.Request]:
        """Ask for every page."""
        answer.selector.remove_namespaces()
        for url in answer.xpath("//loc/text()").getall():
            yield scrapy.Request(url, self.read_page)  # type: ignore[arg-type]

    def read_page(self, answer: TextResponse) -> Iterator[scrapy.Request]:
        """Ask for every photo."""
        for url in json.loads(answer.xpath("//script/text()").get("{}")).get("image", []):
            yield scrapy.Request(url, self.read_photo)

    def read_photo(self, answer: Response) -> None:
        """Leave it."""


def vitrine(shop: Host, photos: Host) -> None:
    """Crawl in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        told = {"url": shop.url, "named": [shop.url, photos.url], "state": f"{folder}/state.db"}
        run([sys.executable, "-m", "tests.crawlers.polite_process"], json.dumps(told))


def plain(shop: Host, photos: Host) -> None:
    """Crawl with nothing but Scrapy, in a process of its own."""
    run([sys.executable, __file__, shop.url], "")


def run(command: list[str], told: str) -> None:
    """Run a command; what it prints is no matter."""
    subprocess.run(command, cwd=ROOT, input=told, text=True, check=True, stdout=subprocess.DEVNULL)


def measured(name: str, crawl: Callable[[Host, Host], None], names: tuple[str, str]) -> dict[str, Any]:
    """Serve, crawl, and count."""
    begun = time.monotonic()
    with hosts(SHOP, PRODUCTS, photos=PHOTOS, names=names) as (shop, photos):
        crawl(shop, photos)
    early = shop.early() + photos.early()
    return {
        "requests": len(shop.asked) + len(photos.asked),
        "too early": len({line.partition(" ")[0] for line in early}),
        "first": early[:1],
        "seconds": round(time.monotonic() - begun),
        "name": name,
    }


def main() -> int:
    """Print both; 1 where a request of vitrine's was too early."""
    if len(sys.argv) > 1:
        settings = {"ROBOTSTXT_OBEY": True, "AUTOTHROTTLE_ENABLED": True, "LOG_ENABLED": False}
        process = AsyncCrawlerProcess(settings)
        process.crawl(PlainSpider, url=sys.argv[1])
        process.start()
        return 0
    rows = [
        measured("vitrine", vitrine, ("shop.example", "photos.example")),
        measured("plain Scrapy", plain, ("127.0.0.1", "localhost")),
    ]
    for row in rows:
        print(
            f"{row['name']:13} {row['requests']:4} requests, {row['too early']:3} too early, {row['seconds']:4} s"
            f"  {'; '.join(row['first'])}"
        )
    return 1 if rows[0]["too early"] else 0


if __name__ == "__main__":
    sys.exit(main())
