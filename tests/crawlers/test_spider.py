"""crawlers/spider.py over the wire: what it makes of a shop's answers. What becomes of them is tested elsewhere."""

from typing import Any

import pytest
from starlette.responses import HTMLResponse, RedirectResponse, Response

from tests.crawlers.shopserver import ShopifyShop, StructuredShop, serve
from tests.crawlers.spider_process import Asked, SpiderRun, Spiders

LD = "<script type='application/ld+json'>{}</script>"
QUICK = {"RETRY_TIMES": 0}


def types(answers: list[dict[str, Any]]) -> list[str]:
    return [answer["type"] for answer in answers]


def by_path(answers: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Pages by the path they were asked at."""
    return {answer["task"]["key"]: answer for answer in answers if answer["type"] == "PageAnswer"}


def reasons(page: dict[str, Any]) -> list[tuple[str, str]]:
    """Stage and reason of each refusal."""
    return [(item["stage"], item["reason"]) for item in page["items"] if "reason" in item]


def test_the_home_page_says_what_reads_the_shop_and_where_to_begin(spiders: Spiders) -> None:
    shop = StructuredShop(3)
    with serve(shop) as url:
        answers, failure = spiders.run(SpiderRun(url))

    (home,) = answers
    assert failure == ""
    assert (home["type"], home["platform"], home["probe_failed"]) == ("HomeAnswer", "structured", False)
    assert f"{url}/sitemap.xml" in [visit["url"] for visit in home["visits"]]


def test_a_platform_that_read_the_shop_before_is_not_left_for_another(spiders: Spiders) -> None:
    with serve(ShopifyShop(3)) as url:
        answers, failure = spiders.run(SpiderRun(url, platform="structured"))
        assert [answer["platform"] for answer in answers] == ["structured"] and failure == ""

        answers, failure = spiders.run(SpiderRun(url, platform="woocommerce"))

    assert answers == []
    assert failure.startswith("FetchError") and "was read as woocommerce before" in failure


def test_a_list_of_addresses_is_all_that_is_begun_with(spiders: Spiders) -> None:
    with serve(StructuredShop(3)) as url:
        (home,), _ = spiders.run(SpiderRun(url, platform="structured", only=[f"{url}/product/2"]))

    assert [(visit["url"], visit["product"]) for visit in home["visits"]] == [(f"{url}/product/2", True)]
    assert not home["linked"]


def test_a_listing_leads_to_pages_and_a_page_to_its_product_with_validators(spiders: Spiders) -> None:
    shop = StructuredShop(2)
    shop.pages = {"/dated.html": HTMLResponse(LD.format('{"@type": "Product", "sku": "D", "name": "Dated"}'),
                                              headers={"ETag": '"1"', "Last-Modified": "Mon"})}  # fmt: skip
    with serve(shop) as url:
        asked = [Asked("/sitemap-products.xml", "listing"), Asked("/product/0"), Asked("/dated.html")]
        answers, failure = spiders.run(SpiderRun(url, asked))

    pages = by_path(answers)
    assert failure == ""
    listing, page, dated = (pages[each.path] for each in asked)
    assert [item["url"] for item in listing["items"]] == [f"{url}/product/{n}" for n in range(2)]
    assert (listing["outcome"], listing["linked"]) == ("read", False)
    assert [item["product_id"] for item in page["items"]] == ["acme:SKU-0"]
    assert (page["outcome"], page["linked"]) == ("read", True)
    assert (dated["validators"]["etag"], dated["validators"]["last_modified"]) == ('"1"', "Mon")


def test_what_cannot_be_read_or_fetched_is_an_answer_with_its_reason(spiders: Spiders) -> None:
    shop = StructuredShop(1)
    shop.pages = {
        "/broken.html": HTMLResponse(LD.format('{"@type":"Product", "name')),
        "/feed.html": Response("<?xml version='1.0'?><rss/>", media_type="text/xml"),
        "/moved.html": Response(status_code=410),
        "/fails.html": Response(status_code=503, headers={"Retry-After": "0"}),
        "/away.html": RedirectResponse("http://10.0.0.1/metadata"),
        "/empty.html": HTMLResponse("<h1>About us</h1>"),
    }
    pages = ["/broken.html", "/moved.html", "/fails.html", "/away.html", "/empty.html", "/missing.html"]
    with serve(shop) as url:
        asked = [Asked(path) for path in (*pages, "/private/x.html")]
        asked += [Asked(path, "listing") for path in ("/feed.html", "/listing.html")]
        answers, failure = spiders.run(SpiderRun(url, asked, options=QUICK))

    answered = by_path(answers)
    assert failure == ""
    assert {path: (page["outcome"], page["gone"]) for path, page in answered.items()} == {
        "/broken.html": ("read", False),
        "/moved.html": ("http_4xx", True),
        "/fails.html": ("http_5xx", False),
        "/away.html": ("address", False),
        "/empty.html": ("read", False),
        "/missing.html": ("http_4xx", True),
        "/private/x.html": ("robots", False),
        "/feed.html": ("page_unreadable", False),
        "/listing.html": ("http_4xx", True),
    }
    assert reasons(answered["/broken.html"]) == [("page", "page_unreadable")]
    assert reasons(answered["/feed.html"]) == [("discover", "page_unreadable")]
    assert reasons(answered["/listing.html"]) == [("discover", "http_4xx")]
    assert answered["/empty.html"]["items"] == []
    assert answered["/fails.html"]["items"][0]["url"].endswith("/fails.html")
    away = answered["/away.html"]["items"][0]
    assert away["url"].endswith("/away.html")
    assert away["detail"].startswith("it leads to http://10.0.0.1/metadata: ")
    assert "/private/x.html" not in shop.asked


@pytest.mark.parametrize(("word", "products"), [("noai", []), ("noimageai", ["acme:X"])])
def test_what_a_page_keeps_from_ai_is_refused(word: str, products: list[str], spiders: Spiders) -> None:
    page = LD.format('{"@type": "Product", "sku": "X", "name": "Kept", "image": "/img/x.jpg"}')
    shop = StructuredShop(1)
    shop.pages = {"/kept.html": HTMLResponse(page, headers={"X-Robots-Tag": word})}
    with serve(shop) as url:
        answers, _ = spiders.run(SpiderRun(url, [Asked("/kept.html")]))

    (kept,) = by_path(answers).values()
    assert [item["product_id"] for item in kept["items"] if "reason" not in item] == products
    assert {reason for _, reason in reasons(kept)} == {"opted_out"}


class Unchanging(StructuredShop):
    """Answers 304 to whoever knows the page already."""

    def _page(self, request: Any) -> Response:
        if request.headers.get("If-None-Match") == '"7"':
            return Response(status_code=304)
        return super()._page(request)


def test_a_page_asked_with_its_validators_may_answer_that_it_did_not_change(spiders: Spiders) -> None:
    with serve(Unchanging(2)) as url:
        answers, _ = spiders.run(
            SpiderRun(url, [Asked("/product/0", etag='"7"'), Asked("/product/1", etag='"6"')])
        )

    pages = by_path(answers)
    assert [pages[f"/product/{n}"]["outcome"] for n in range(2)] == ["not_modified", "read"]


def test_a_home_page_that_fails_or_shows_no_shop_ends_the_crawl_with_its_reason(spiders: Spiders) -> None:
    shop = StructuredShop(0)
    shop.without_sitemap, shop.home = True, "<h1>Hello</h1>"
    with serve(shop) as url:
        nothing, no_shop = spiders.run(SpiderRun(url))
        _, without_profile = spiders.run(SpiderRun(url, platform="profile"))
        shop.robots = "User-agent: *\nDisallow: /\n"
        _, forbidden = spiders.run(SpiderRun(url))
    _, no_answer = spiders.run(SpiderRun(url, options=QUICK))

    assert nothing == []
    assert no_shop == f"FetchError: {url}: no products found: its home page shows no shop that can be read"
    assert without_profile.endswith("was read with a profile before; give it again, --profile FILE")
    assert "robots.txt forbids it" in forbidden
    assert no_answer == f"FetchError: {url}: does not answer (connection refused)"
