"""Whole examinations over real HTTP, each in a process of its own: a reactor runs once."""

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from crawlers.doctor.request_budget import MOST_REQUESTS
from crawlers.profiles.shop_profile import checked_profile
from infra.mall.running import RunningMall, start
from infra.mall.trade import MallSpec
from tests.crawlers.doctor.examined_shops import examined
from tests.crawlers.shopserver import Shop, ShopifyShop, StructuredShop, photo, serve

DIALECTS = ("shopify", "woocommerce", "structured", "microdata", "opengraph", "plain")


@pytest.fixture(scope="module")
def mall() -> Iterator[RunningMall]:
    with start(MallSpec(products=180, seed=3, shops=DIALECTS, size=(96, 120))) as mall:
        yield mall


@pytest.mark.parametrize("dialect", DIALECTS)
def test_each_kind_of_shop_is_recognised_counted_and_read_within_the_requests_allowed(
    dialect: str, mall: RunningMall
) -> None:
    shop = next(shop for shop in mall.shops if shop.dialect == dialect)
    result = examined(shop.url, shop.name)

    with urllib.request.urlopen(f"{shop.url}/_mall/stats") as answer:
        counted = json.loads(answer.read())
    assert result["requests"] == counted["requests"] <= MOST_REQUESTS
    assert not counted["disallowed"]
    platform = {"microdata": "structured", "opengraph": "structured", "plain": "profile"}.get(
        dialect, dialect
    )
    assert result["platform"] == platform
    assert set(result["scores"]) >= {"profile", "shopify", "structured", "woocommerce"}
    feed = dialect in ("shopify", "woocommerce")
    assert result["products"]["exact"] is feed
    if dialect in ("opengraph", "plain"):  # nothing but category pages to guess from
        assert 15 <= result["products"]["count"] <= 90
    else:
        assert result["products"]["count"] == shop.products
    for name in ("title", "price", "currency", "images", "description", "brand", "categories", "in_stock"):
        assert result["coverage"][name] == 1.0, name
    assert result["coverage"]["colour"] >= 0.5
    said_by = {"structured": "json-ld", "plain": "profile"}.get(dialect, dialect)
    assert result["sources"]["price"] == said_by
    assert result["validators"]["says_304"]
    assert result["robots"] == result["robots"] | {"allowed": True, "there": True, "crawl_delay_s": None}
    cost = result["cost"]
    assert cost["pages"] == (0 if feed else result["products"]["count"])
    assert cost["photos"] > 2 * result["products"]["count"]
    assert cost["photo_bytes"] > 1000 * cost["photos"]
    profile = f" --profile {shop.name}.yaml" if dialect == "plain" else ""
    assert result["command"] == f"vitrine crawl {shop.name}={shop.url}{profile}"


def test_only_a_shop_without_structured_data_gets_a_draft_and_the_draft_is_a_valid_profile(
    mall: RunningMall,
) -> None:
    results = {
        shop.dialect: examined(shop.url, shop.name) for shop in mall.shops if shop.dialect in DIALECTS[4:]
    }

    assert results["opengraph"]["profile"] == ""
    given = yaml.safe_load(results["plain"]["profile"])
    checked_profile(given, "draft")
    assert given["prices"] == {"decimal": ".", "currency": "CHF"}


@pytest.mark.slow
def test_a_feed_that_goes_on_is_counted_by_the_sitemaps() -> None:
    with start(MallSpec(products=1300, seed=3, shops=("shopify",))) as mall:
        result = examined(mall.urls[0])

    assert result["products"] == result["products"] | {"count": 1300, "exact": False}
    assert "3 of 3 sitemaps" in result["products"]["basis"]
    assert result["requests"] <= MOST_REQUESTS


def test_a_shop_that_forbids_crawlers_is_asked_for_nothing_else() -> None:
    shop = ShopifyShop(3, robots="User-agent: *\nDisallow: /\n")
    with serve(shop) as url:
        result = examined(url)

    assert shop.asked == ["/robots.txt"]
    assert result["robots"]["allowed"] is False
    assert result["platform"] == ""
    assert result["missing"] == ["everything: robots.txt forbids it"]


def test_a_crawl_delay_is_kept_and_reckoned_with_also_behind_a_byte_order_mark() -> None:
    shop = StructuredShop(40, robots="\ufeffUser-agent: *\nCrawl-delay: 0.1\n")
    with serve(shop) as url:
        result = examined(url)

    assert result["robots"]["crawl_delay_s"] == 0.1
    assert result["seconds"] >= 0.1 * (result["requests"] - 4)
    assert result["cost"]["seconds"] == pytest.approx(0.1 * result["cost"]["requests"], rel=0.2)


def test_a_shop_on_which_everything_fails_costs_no_more_requests_than_allowed() -> None:
    class Failing(StructuredShop):
        def _page(self, request: Request) -> Response:
            return Response("oops", status_code=503, headers={"Retry-After": "0"})

    shop = Failing(200)
    with serve(shop) as url:
        result = examined(url)

    assert result["requests"] == len(shop.asked) <= MOST_REQUESTS
    assert result["platform"] == ""
    assert result["missing"][0].startswith("everything: ")


def test_what_the_shop_keeps_from_ai_is_counted_and_told() -> None:
    shop = StructuredShop(20)
    shop.home = "<meta name='robots' content='noindex, noimageai'><title>x</title>"
    whole = photo(1)
    for n in range(20):
        shop.photos[f"coat-{n}-front.jpg"] = Response(whole, headers={"X-Robots-Tag": "noai"})
    with serve(shop) as url:
        result = examined(url)

    assert result["robots"]["opt_outs"] == {"noai": 3, "noimageai": 1}
    assert any(line.startswith("noai is said on 3 answers") for line in result["missing"])


def test_a_shop_without_validators_is_said_to_be_read_again_every_time() -> None:
    with serve(StructuredShop(10)) as url:
        result = examined(url)

    assert result["validators"] == {
        "pages": {"etag": 0.0, "last_modified": 0.0},
        "photos": {"etag": 0.0, "last_modified": 0.0},
        "says_304": None,
        "cheap": False,
    }
    assert "no answer says 304: every later crawl reads every page again" in result["missing"]


def test_a_home_page_that_leads_into_a_private_network_is_not_followed() -> None:
    class Leading(Shop):
        def app(self) -> Starlette:
            return Starlette(
                routes=[Route("/", lambda r: RedirectResponse("http://10.0.0.1/")), *self.routes()[1:]]
            )

    with serve(Leading(0)) as url:
        result = examined(url)

    assert result["error"] == "FetchError"
    assert "10.0.0.1" in result["why"]


@pytest.mark.parametrize(
    ("arguments", "error", "why"),
    [
        (("http://127.0.0.1:1/",), "FetchError", "connection refused"),
        (("https://shop.example/",), "InputError", "--contact"),
        (("http://127.0.0.1:1/", "../evil"), "UsageError", "shop name"),
        (("http://127.0.0.1:1/", "acme", "", "nowhere.yaml"), "InputError", "nowhere.yaml"),
    ],
)
def test_what_cannot_be_examined_is_one_sentence(arguments: tuple[str, ...], error: str, why: str) -> None:
    result = examined(*arguments)

    assert result["error"] == error
    assert why in result["why"]


class HandmadeShop(Shop):
    """Pages by hand: addresses that tell nothing, no menu, no class that a guess could know."""

    def app(self) -> Starlette:
        return Starlette(routes=[Route("/{n:int}", self._page), *self.routes()])

    def list_page(self) -> str:
        cards = "".join(f"<li><a href='/{100 + n}'>Hat {n}</a> £{n}.50</li>" for n in range(self.products))
        return f"<title>Hats</title><header><a href='/'>Hats</a></header><ul class='wares'>{cards}</ul>"

    def _page(self, request: Request) -> Response:
        n = request.path_params["n"] - 100
        return HTMLResponse(
            f"<title>Hats: Hat {n}</title><header><h1>Hats</h1></header><main><h1>Hat {n}</h1>"
            f"<div id='shown'><img src='/img/hat-{n}-a.jpg'><img src='/img/hat-{n}-b.jpg'></div>"
            f"<p>only <strong>£{n}.50</strong> a piece</p><table><tr><th>Colour</th><td>Grey {n}</td></tr>"
            f"<tr><th>Brim</th><td>{n} cm</td></tr></table><footer><img src='/img/logo.png'></footer></main>"
        )


def test_a_draft_reads_a_page_that_names_nothing_as_we_do(tmp_path: Path) -> None:
    shop = HandmadeShop(30)
    shop.home = shop.list_page()
    with serve(shop) as url:
        first = examined(url)
        file = tmp_path / "hats.yaml"
        file.write_text(first["profile"])
        second = examined(url, profile=str(file))

    fields = yaml.safe_load(first["profile"])["fields"]
    assert fields == fields | {"title": "main h1", "images": "#shown img", "price": "main strong"}
    assert fields["facts"] == {"rows": "table tr", "name": "th", "value": "td"}
    assert second["platform"] == "profile"
    assert second["products"]["count"] == 30
    wanted = {"title": 1.0, "price": 1.0, "currency": 1.0, "colour": 1.0, "attributes": 1.0, "images": 1.0}
    assert wanted.items() <= second["coverage"].items()


def test_whatever_a_shop_serves_there_is_an_answer_of_json_values() -> None:
    shop = HandmadeShop(30)
    noise = [
        "<a href='http://[x'>\x00\x1b[31m£3.50</a>",
        "<" * 500,
        "<div " * 400,
        "\u202e",
        "<a 'href=1>",
        "&#x1F;",
    ]
    shop.home = shop.list_page() + "".join(noise)
    page = shop._page
    shop._page = lambda request: HTMLResponse(page(request).body.decode() + "".join(noise))  # type: ignore[method-assign]
    with serve(shop) as url:
        result = examined(url)

    assert result["requests"] == len(shop.asked) <= MOST_REQUESTS
    assert result["coverage"]["title"] == 1.0
