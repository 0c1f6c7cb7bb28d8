"""crawlers/platforms/structured.py on sitemaps: which are asked, which of their addresses are visited, and as what."""

import asyncio
import gzip

import pytest
from scrapy.http import HtmlResponse, Response, TextResponse

from crawlers.discover.visit import Visit
from crawlers.platforms import Fetch, Platform, Shop, load
from schemas.reject import Reject
from tests.crawlers.sitemaps import HEAD, ONE, SPACE, URL, listing, urlset

HOME = HtmlResponse("https://shop.example/", body=b"<a href='/c/a'>A</a>", encoding="utf-8")


def index(*locs: str) -> bytes:
    inside = "".join(f"<sitemap><loc>https://shop.example/{loc}</loc></sitemap>" for loc in locs)
    return HEAD + b"<sitemapindex" + SPACE + b">" + inside.encode() + b"</sitemapindex>"


def test_the_product_sitemaps_of_an_index_come_first_and_unknown_ones_are_read() -> None:
    found = listing(
        index(
            "post-sitemap.xml",
            "sitemap-7.xml",
            "product_cat-sitemap.xml",
            "product-sitemap.xml",
            "wp-sitemap-posts-product-1.xml",
            "a/pages.xml",
            "wp-sitemap-taxonomies-product_cat-1.xml",
        )
    )

    assert [item.url.rpartition("/")[2] for item in found if isinstance(item, Visit)] == [
        "product-sitemap.xml",
        "wp-sitemap-posts-product-1.xml",
        "sitemap-7.xml",
    ]


def test_without_product_sitemaps_every_sitemap_of_an_index_is_read() -> None:
    found = listing(index("post-sitemap.xml", "categories.xml", "sitemap.php?page=2"))

    assert len(found) == 3
    assert all(isinstance(item, Visit) and not item.product for item in found)


def test_addresses_are_made_absolute_kept_in_the_shop_and_carry_lastmod() -> None:
    body = ONE.replace(
        b"</urlset>",
        b"<url><loc>/p/2</loc></url><url><loc>https://www.shop.example/p/3</loc></url><url><loc>/a.jpg</loc></url>"
        b"<url><loc>https://else.example/p/4</loc></url><url><loc>http://[x</loc></url><url><loc>javascript:1</loc></url></urlset>",
    )

    found = listing(body)

    assert found[0] == Visit("https://shop.example/p/1", True, "2026-01-02T03:04Z")
    assert [item.url for item in found if isinstance(item, Visit)][1:] == [
        "https://shop.example/p/2",
        "https://www.shop.example/p/3",
    ]
    assert [item.reason for item in found if isinstance(item, Reject)] == ["address"] * 3


def test_a_page_is_named_once_in_the_language_of_the_shop_and_its_twins_are_refused() -> None:
    links = "".join(
        f"<xhtml:link rel='alternate' hreflang='{tag}' href='/{tag}/p'/>" for tag in ("de", "fr", "xx?")
    )
    abroad = "<xhtml:link rel='alternate' hreflang='fr' href='https://shop-fr.example/p'/>"
    body = urlset().replace(
        b"</urlset>",
        f"<url><loc>/de/p</loc><lastmod>2026-01-01</lastmod>{links}</url><url><loc>/fr/p</loc>{links}</url>"
        f"<url><loc>/de/q</loc>{abroad}</url></urlset>".encode(),
    )
    body = body.replace(b"<urlset ", b"<urlset xmlns:xhtml='http://www.w3.org/1999/xhtml' ", 1)
    platform = load("structured", Shop("acme", "https://shop.example/", language="fr-ch"))

    found = list(platform.listing(TextResponse(URL, body=body)))

    assert [item.url for item in found if isinstance(item, Reject)] == [
        "https://shop.example/de/p",
        "https://shop.example/de/q",
    ]
    assert [item for item in found if isinstance(item, Visit)] == [
        Visit("https://shop.example/fr/p", True, "2026-01-01"),
        Visit("https://shop.example/fr/p", True),
    ]


def test_sitemaps_of_other_languages_are_refused_by_name() -> None:
    body = index(*(f"sitemap-{tag}.xml" for tag in ("de", "en", "fr")))
    platform = load("structured", Shop("acme", "https://shop.example/", language="en"))

    found = list(platform.listing(TextResponse(URL, body=body)))

    assert [item.url for item in found if isinstance(item, Visit)] == ["https://shop.example/sitemap-en.xml"]
    assert [item.reason for item in found if isinstance(item, Reject)] == ["language"] * 2


def test_categories_are_walked_only_where_a_sitemap_names_no_product() -> None:
    mixed = listing(urlset("https://shop.example/category/a", "https://shop.example/product/a"))
    lists = listing(urlset("https://shop.example/category/a", "https://shop.example/red-coat"))

    assert [item.product for item in mixed if isinstance(item, Visit)] == [True, True]
    assert [item.product for item in lists if isinstance(item, Visit)] == [False, True]


def test_a_list_with_one_card_is_no_product_and_its_links_are_followed() -> None:
    card = (
        "<div itemscope itemtype='https://schema.org/Product'><a itemprop=url href=/products/x>"
        "<span itemprop=name>Felt Hat</span></a><img itemprop=image src=/x.jpg></div>"
    )
    body = f"<title>Hat sale</title><h1>Hat sale</h1>{card}".encode()
    page = HtmlResponse("https://shop.example/collections/hats", body=body, encoding="utf-8")
    platform = load("structured", Shop("acme", "https://shop.example/"))

    assert list(platform.listing(page)) == [Visit("https://shop.example/products/x", True)]


def test_an_answer_that_claims_to_be_a_sitemap_and_is_none_is_refused() -> None:
    for body in (b"<html>Not found</html>", b"<?xml version='1.0'?><rss></rss>"):
        with pytest.raises(ValueError, match="neither"):
            listing(body)


def detected(answers: dict[str, bytes], named: tuple[str, ...] = ()) -> tuple[float, list[str], list[str]]:
    """Score, what was asked, and where a shop that gives these answers is begun."""
    asked: list[str] = []

    async def fetch(url: str) -> TextResponse | None:
        asked.append(url)
        return Response(url, body=answers[url]) if url in answers else None  # type: ignore[return-value]

    platform: Platform = load("structured", Shop("acme", "https://shop.example/en/", named))
    probe: Fetch = fetch
    score = asyncio.run(platform.detect(HOME, probe))
    return score, asked, [visit.url for visit in platform.start(HOME)]


@pytest.mark.parametrize("place", ["sitemap.xml", "sitemap_index.xml", "wp-sitemap.xml", "sitemap.xml.gz"])
def test_the_usual_places_are_asked_until_one_answers(place: str) -> None:
    url = f"https://shop.example/{place}"

    score, asked, begun = detected({url: gzip.compress(ONE) if place.endswith("gz") else ONE})

    assert (score, asked[-1], begun) == (0.5, url, [url])


def test_sitemaps_of_robots_are_all_begun_when_one_answers_and_none_is_asked_twice() -> None:
    named = ("/a.xml", "https://cdn.example/b.xml", "/a.xml", "http://[broken")

    score, asked, begun = detected({"https://cdn.example/b.xml": ONE}, named)

    assert score == 0.5
    assert asked == begun == ["https://shop.example/a.xml", "https://cdn.example/b.xml"]


def test_a_shop_whose_sitemaps_do_not_answer_is_walked() -> None:
    score, asked, begun = detected({"https://shop.example/sitemap.xml": b"<html>no</html>"}, ("/gone.xml",))

    assert (score, len(asked), begun) == (0.1, 9, ["https://shop.example/c/a"])
    assert asked[1:6:4] == ["https://shop.example/en/sitemap.xml", "https://shop.example/sitemap.xml"]
