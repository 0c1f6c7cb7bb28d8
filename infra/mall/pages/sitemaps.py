"""Sitemaps as the protocol at sitemaps.org has them: an index, and files of at most 500 addresses."""

from collections.abc import Callable, Sequence
from html import escape

from infra.mall.item import Item

PER_FILE = 500
HEAD = '<?xml version="1.0" encoding="UTF-8"?>'
SCHEMA = "http://www.sitemaps.org/schemas/sitemap/0.9"


def files(items: Sequence[Item]) -> int:
    """How many files the products need."""
    return max(1, -(-len(items) // PER_FILE))


def index(urls: Sequence[str]) -> str:
    """The sitemap of sitemaps."""
    rows = "".join(f"<sitemap><loc>{escape(url)}</loc></sitemap>" for url in urls)
    return f'{HEAD}<sitemapindex xmlns="{SCHEMA}">{rows}</sitemapindex>'


def products(
    items: Sequence[Item], number: int, page: Callable[[Item], str], image: Callable[[Item], str]
) -> str:
    """The `number`-th file, from 1: page, time of change, first image."""
    rows = "".join(
        f"<url><loc>{escape(page(item))}</loc><lastmod>{item.updated.isoformat()}</lastmod><changefreq>daily</changefreq>"
        f"<image:image><image:loc>{escape(image(item))}</image:loc><image:title>{escape(item.title)}</image:title></image:image></url>"
        for item in items[(number - 1) * PER_FILE : number * PER_FILE]
    )
    space = 'xmlns:image="http://www.google.com/schemas/sitemap-image/1.1"'
    return f'{HEAD}<urlset xmlns="{SCHEMA}" {space}>{rows}</urlset>'


def pages(urls: Sequence[str]) -> str:
    """A sitemap of plain pages."""
    rows = "".join(f"<url><loc>{escape(url)}</loc></url>" for url in urls)
    return f'{HEAD}<urlset xmlns="{SCHEMA}">{rows}</urlset>'
