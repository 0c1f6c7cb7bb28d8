"""Arbitrary and mutated pages through the structured platform, and the first cases of the bench through all."""

import json
from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st
from scrapy.http import HtmlResponse

from crawlers.discover.visit import Found, Visit
from crawlers.platforms import Shop, load
from schemas.product import Product
from schemas.reject import Reject
from tests.bench.extract_fuzz import outcomes, read, saved_pages

PIECES = st.sampled_from(
    [
        *(
            "<div",
            "</div>",
            ">",
            "{",
            "}",
            "[",
            "]",
            ",",
            ":",
            "<!--",
            "-->",
            "<![CDATA[",
            "]]>",
            "&quot;",
            ";",
        ),
        *(
            "<script type='application/ld+json'>",
            "</script>",
            "<base href='//['>",
            "<a rel=next href='?page=2'>",
        ),
        *('"@type":"Product"', '"name":"a"', '"image":"/a.jpg"', '"@graph":[', '"offers":{"price":'),
        *(
            "<p itemscope itemtype='http://schema.org/Product'>",
            "<p itemprop='name'>",
            "<p itemprop='offers' itemscope>",
        ),
        *("<p itemscope itemref='a a' id='a'>", "<meta property='og:type' content='product'>"),
        *("<meta property='og:image' content='http://['>", "<link rel='canonical' href='http://['>"),
        *(
            "<a href='/p/1'><img></a>$5",
            "<nav><a href='//[x'>",
            "<?xml version='1.0'?>",
            "<urlset>",
            "<url>",
            "<loc>/a",
        ),
        *("</loc>", "</url>", "\x00", "\x1b", "\ud800", "\u202e", "\ufeff", "\\u12", "\\"),
    ]
)
HTML = st.lists(PIECES | st.text(max_size=12), max_size=30).map("".join)


def answer(body: bytes, url: str = "https://shop.example/products/1") -> HtmlResponse:
    return HtmlResponse(url, body=body, encoding="utf-8")


def everything_from(body: bytes) -> list[Found]:
    """What both readings give; ValueError is their documented way to refuse a page."""
    platform = load("structured", Shop("acme", "https://shop.example/"))
    found: list[Found] = []
    for reading in (platform.product, platform.listing, platform.start):
        with suppress(ValueError):
            found += reading(answer(body))
    return found


def assert_read_or_refused(body: bytes) -> None:
    for item in everything_from(body):
        assert isinstance(item, Visit | Product | Reject)
        if isinstance(item, Product):
            assert item.title and item.image_urls
            json.dumps(item.row(("",) * len(item.image_urls), item.fetched_at), default=str).encode()


@given(HTML)
def test_whatever_a_page_is_made_of_it_is_read_or_refused(text: str) -> None:
    assert_read_or_refused(text.encode(errors="surrogatepass"))


@given(st.binary(max_size=300))
def test_whatever_bytes_an_answer_has_it_is_read_or_refused(body: bytes) -> None:
    for start in (b"", b"\x1f\x8b", b"<?xml version='1.0'?><urlset>"):
        assert_read_or_refused(start + body)


def test_the_first_mutated_pages_of_the_bench_are_read_or_refused() -> None:
    faults = [f"{o.page.platform}/{o.page.case}: {o.fault}" for o in outcomes(300) if o.fault]

    assert faults == []


def test_a_seed_gives_the_same_cases_again() -> None:
    first, again = ([(o.page.case, o.end) for o in outcomes(20, seed=3)] for _ in range(2))

    assert first == again


def test_the_saved_pages_themselves_are_products_more_often_than_not() -> None:
    ends = [read(page, page.body).end for page in saved_pages() if page.platform == "structured"]

    assert ends.count("product") > len(ends) / 2
