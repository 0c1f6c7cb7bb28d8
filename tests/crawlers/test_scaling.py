"""Every reader of foreign text, feeds and sitemaps takes time in proportion to it; of pages: test_scaling_pages.py and
test_scaling_nodes.py.

A parser that compares everything with everything takes sixteen times as long for four times as much, and hangs a
crawl on one small page.
"""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from scrapy.http import JsonResponse, TextResponse
from scrapy.http.headers import Headers

from crawlers.discover.json_pages import next_page
from crawlers.discover.sitemap import CutError, entries
from crawlers.discover.traps import shape
from crawlers.doctor.shop_links import product_pattern
from crawlers.extract.canonical_url import canonical
from crawlers.extract.fact_names import column_of
from crawlers.extract.money.price import currency_of, price_of
from crawlers.extract.page_url import key_of
from crawlers.extract.photos.photo_sizes import sized
from crawlers.extract.photos.photo_urls import addresses_in
from crawlers.extract.photos.photo_view import view_of
from crawlers.extract.photos.srcset import candidates
from crawlers.extract.photos.stand_ins import is_no_photo, says_no_picture, stands_in
from crawlers.extract.schema_org import jsonld
from crawlers.extract.schema_org.lenient_json import rewritten
from crawlers.extract.text import category_path, line_of, printable, text_of, words_listed
from crawlers.fetch.optout import opt_outs
from crawlers.platforms import Shop, load
from tests.crawlers.growth import MOST, URL, Case, Reading, growth, html, of_text

SHOP = Shop("acme", "https://shop.example/")


def of_feed(platform: str, entry: Callable[[int], dict[str, Any]]) -> Case:
    """A feed of one entry with n of something."""

    def case(n: int) -> Reading:
        value = {
            "id": 1,
            "handle": "coat",
            "title": "Coat",
            "name": "Coat",
            "images": [{"src": "/1.jpg"}],
        } | entry(n)
        feed = {"products": [value]} if platform == "shopify" else [value]
        answer = JsonResponse(SHOP.url + "feed", body=json.dumps(feed).encode())
        loaded = load(platform, SHOP)
        return lambda: list(loaded.listing(answer))

    return case


def of_home(platform: str, piece: str) -> Case:
    """The home page a platform is recognised by."""

    def case(n: int) -> Reading:
        page = html(f"<script>{piece * n}</script>")
        one = {"products": [{"id": 1, "handle": "coat"}]}

        async def fetch(url: str) -> TextResponse:
            return JsonResponse(url, body=json.dumps(one).encode())

        return lambda: asyncio.run(load(platform, SHOP).detect(page, fetch))

    return case


def of_sitemap(piece: str, around: str = "<urlset>{}</urlset>") -> Case:
    def case(n: int) -> Reading:
        body = around.replace("{}", piece * n).encode()

        def read() -> None:
            try:
                for _ in entries(body):
                    pass
            except CutError:
                pass

        return read

    return case


TEXTS = {
    "text_of tags that never end": of_text(text_of, "<a"),
    "text_of comments that never end": of_text(text_of, "<!--"),
    "text_of tags": of_text(text_of, "<p>wool</p>"),
    "text_of nested tags": of_text(text_of, "<b>wool "),
    "text_of entities": of_text(text_of, "&amp;&x"),
    "text_of spaces": of_text(text_of, " \t", "<p>"),
    "line_of": of_text(line_of, "a <b> b</b>\n"),
    "printable": of_text(printable, "a\u2028\x00"),
    "words_listed": of_text(words_listed, "a<b>,"),
    "category_path": of_text(category_path, "a > "),
    "price_of digits": of_text(price_of, "1"),
    "price_of numbers": of_text(price_of, "1.1 "),
    "price_of spaces": of_text(price_of, "1   ", "€"),
    "currency_of": of_text(currency_of, "EU "),
    "column_of": of_text(column_of, "colour:"),
    "view_of caption": of_text(lambda text: view_of("", text), "front "),
    "view_of address": of_text(view_of, "/front-"),
    "sized suffixes": of_text(lambda text: sized.__wrapped__(URL + text), "-300x300"),
    "sized folders": of_text(lambda text: sized.__wrapped__(URL + text), "/300x300/w_3,h_4"),
    "sized parameters": of_text(lambda text: sized.__wrapped__(f"{URL}?{text}"), "width=3&w="),
    "srcset": of_text(lambda text: list(candidates(text)), "/a,.jpg 2x ,,"),
    "srcset commas": of_text(lambda text: list(candidates(text)), ","),
    "stand-ins": of_text(lambda text: (is_no_photo(text), stands_in(text), says_no_picture(text)), "no-image-", ".gif"),
    "addresses in one text": of_text(lambda text: list(addresses_in(text, URL)), "/a.jpg, "),
    "canonical path": of_text(lambda text: canonical(URL + text), "/../a;sid=b"),
    "canonical query": of_text(lambda text: canonical(f"{URL}?{text}"), "b=%2e&"),
    "key_of": of_text(lambda text: key_of(f"{URL}?{text}"), "b=1&sid=2&"),
    "shape path": of_text(lambda text: shape.__wrapped__(URL + text), "/2026-01-a0b1c2d3"),
    "shape query": of_text(lambda text: shape.__wrapped__(f"{URL}?{text}"), "a1=2&"),
    "patterns of products": of_text(
        lambda text: product_pattern([f"{URL}/{text}{n}" for n in "012"], [f"{URL}/{text}"]), "a-", "/"
    ),
    "next_page": of_text(lambda text: next_page(f"{URL}?{text}", "1"), "a=2&"),
    "opt-outs in a header": of_text(lambda text: opt_outs(Headers({"X-Robots-Tag": text}), None), "noai: x, a "),
    **{
        f"JSON-LD {piece!r}": of_text(jsonld.values_in, piece, "x")
        for piece in (
            *('[', '{"a":', '"', '"a\\', "[1],", "{}}", ",  ", "<!--", "<!-- x", "-->", "/*", "/* *"),
            *("//", "<![CDATA[", "]]>"),
            *("&quot;", '{"a":1,} ', "\\u12", "\ufeff", "[,", "['a',", '{"@type":"Product"}'),
        )
    },
    **{
        f"JSON-LD by hand {begin!r} {piece!r}": of_text(lambda text, begin=begin: rewritten(begin + text), piece)
        for begin in ('{"a": "', "[", "{")
        for piece in ("{a:", 'b" c, ', '", /*', '","', '"a":1,5 ', "x}", "]", '"\'', "“", "1,", "\\", '"k":', " //")
    },
}  # fmt: skip
FEEDS = {
    "Shopify's currency": of_home("shopify", "Shopify.currency = {"),
    "Shopify's currency, active": of_home("shopify", 'Shopify.currency = {"active":'),
    "Shopify variants": of_feed(
        "shopify", lambda n: {"variants": [{"price": "1.0", "sku": f"s{k}", "option1": f"{k}"} for k in range(n)]}
    ),
    "Shopify options": of_feed(
        "shopify",
        lambda n: {"options": [{"name": f"o{k}"} for k in range(n)], "variants": [{"option1": "a"}] * n},
    ),
    "Shopify photos": of_feed("shopify", lambda n: {"images": [{"src": f"/{k}.jpg"} for k in range(n)]}),
    "Shopify tags": of_feed("shopify", lambda n: {"tags": [f"t{k}:v" for k in range(n)]}),
    "Shopify text": of_feed("shopify", lambda n: {"body_html": "<a" * n}),
    "WooCommerce attributes": of_feed(
        "woocommerce", lambda n: {"attributes": [{"name": f"a{k}", "terms": [{"name": "x"}]} for k in range(n)]}
    ),
    "WooCommerce categories": of_feed(
        "woocommerce", lambda n: {"categories": [{"name": f"c{k}", "link": "/a/b"} for k in range(n)]}
    ),
    "WooCommerce texts": of_feed(
        "woocommerce", lambda n: {"short_description": "a" * n + "b", "description": "a" * 2 * n}
    ),
}  # fmt: skip
SITEMAPS = {
    "urls": of_sitemap("<url><loc>https://shop.example/p</loc></url>"),
    "locs without urls": of_sitemap("<loc>https://shop.example/p</loc>"),
    "nested urls": of_sitemap("<url>"),
    "one long loc": of_sitemap("a", "<urlset><url><loc>{}</loc></url></urlset>"),
    "lines": of_sitemap("https://shop.example/p\n", "{}"),
    "one line": of_sitemap("https://shop.example/p", "{}"),
    "comments": of_sitemap("<!-- x -->"),
    "tags that never end": of_sitemap("<url", "<urlset>{}"),
}
CASES = {
    f"{kind}: {name}": case
    for kind, cases in {"text": TEXTS, "feed": FEEDS, "sitemap": SITEMAPS}.items()
    for name, case in cases.items()
}


@pytest.mark.parametrize("name", CASES)
def test_four_times_as_much_takes_about_four_times_as_long(name: str) -> None:
    ratios = growth(CASES[name])

    assert min(ratios, default=0.0) <= MOST, ratios


def test_a_quadratic_reading_is_found_out() -> None:
    def quadratic(n: int) -> Reading:
        numbers = list(range(n))
        return lambda: [number for number in numbers if -number - 1 in numbers]

    assert min(growth(quadratic, larger=1, again=0)) > MOST
