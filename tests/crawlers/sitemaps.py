"""Sitemaps as bytes, for tests of who reads them."""

from scrapy.http import TextResponse

from crawlers.discover.visit import Found
from crawlers.platforms import Shop, load

HEAD = b'<?xml version="1.0" encoding="UTF-8"?>\n'


SPACE = b' xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'


ONE = (
    HEAD
    + b"<urlset"
    + SPACE
    + b"><url><loc>https://shop.example/p/1</loc><lastmod>2026-01-02T03:04Z</lastmod></url></urlset>"
)


URL = "https://shop.example/sitemap.xml"


def urlset(*locs: str) -> bytes:
    return (
        HEAD
        + b"<urlset"
        + SPACE
        + b">"
        + b"".join(f"<url><loc>{loc}</loc></url>".encode() for loc in locs)
        + b"</urlset>"
    )


def listing(body: bytes, url: str = URL) -> list[Found]:
    return list(
        load("structured", Shop("acme", "https://shop.example/")).listing(TextResponse(url, body=body))
    )
