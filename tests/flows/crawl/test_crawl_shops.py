"""Whole crawls over real HTTP: the flow's task, its process, the lake. Tables are compared, not calls."""

import socket
from pathlib import Path
from typing import Any

import pytest
from starlette.responses import HTMLResponse, RedirectResponse, Response

from flows.crawl.crawl_shops import crawl, summed
from infra.lake import Lake
from schemas.errors import FetchError, InputError, RejectedError
from schemas.manifest import Manifest
from tests.crawlers.shopserver import Shop, ShopifyShop, StructuredShop, photo, serve
from tests.flows.crawl.shop_crawls import crawled, rows


def reasons(lake: Lake, manifest: Manifest) -> dict[str, str]:
    """Reason by path of every reject."""
    return {row["url"].partition("127.0.0.1:")[2].partition("/")[2] or row["url"]: row["reason"]
            for row in rows(lake, manifest, "rejects")}  # fmt: skip


@pytest.mark.parametrize(("kind", "products"), [(ShopifyShop, 260), (StructuredShop, 40)])
def test_every_product_and_photo_of_a_shop_is_stored_once(
    kind: type[Shop], products: int, lake: Lake
) -> None:
    shop = kind(products)
    with serve(shop) as url:
        result, manifest = crawled(url, lake)

    stored = rows(lake, manifest, "products")
    images = {row["image_id"] for row in rows(lake, manifest, "images", "bytes")}
    assert len(stored) == len({row["product_id"] for row in stored}) == products
    assert {name for row in stored for name in row["image_ids"]} == images
    assert {tuple(row["image_views"]) for row in stored} == {("front", "back")}
    assert len(images) == manifest.rows("images") == 2 * shop.photographed
    assert sum(path.startswith("/img/") for path in shop.asked) == 2 * shop.photographed
    assert shop.asked.count("/robots.txt") == 1  # what it says holds for both stages
    assert all(agent.startswith("vitrine/") for agent in shop.user_agents)
    wanted = {"shop": "acme", "products": products, "added": products, "removed": 0, "rejected": {}}
    assert wanted.items() <= result.items()
    assert manifest.counts["page"].went_out == products
    assert manifest.counts["image"].came_in == 2 * shop.photographed
    assert set(manifest.seconds) == {"page", "image"}


def test_what_goes_wrong_is_refused_by_its_name_and_everything_else_goes_on(lake: Lake) -> None:
    shop = StructuredShop(120)
    shop.extra = (
        "/private/secret.html",
        "/gone.html",
        "/broken.html",
        "/away.html",
        "/fails.html",
        "/about.html",
        "/again.html",
    )
    ld = "<script type='application/ld+json'>{}</script>"
    shop.pages = {
        "/private/secret.html": HTMLResponse("a secret"),
        "/broken.html": HTMLResponse(ld.format('{"@type":"Product", "name')),
        "/away.html": RedirectResponse("http://10.0.0.1/metadata"),
        "/fails.html": HTMLResponse("oops", status_code=503, headers={"Retry-After": "0"}),
        "/about.html": HTMLResponse("<h1>About us</h1>"),
        "/again.html": HTMLResponse(
            ld.format('{"@type":"Product","sku":"SKU-7","name":"Same","image":"/img/coat-7-front.jpg"}')
        ),
    }
    whole = photo(1)
    shop.photos = {
        "coat-0-front.jpg": Response(status_code=404),
        "coat-1-front.jpg": Response(whole[: len(whole) // 2]),
        "coat-2-front.jpg": HTMLResponse("<h1>Hotlinking forbidden</h1>"),
        "coat-3-front.jpg": Response(whole, headers={"X-Robots-Tag": "noindex, noai"}),
        "coat-4-front.jpg": Response(whole, headers={"X-Robots-Tag": "noindex, noai"}),
        "coat-5-front.jpg": Response(b""),
        "coat-6-front.jpg": Response(photo(2, width=20)),
        "coat-8-front.jpg": RedirectResponse("file:///etc/passwd"),
        "coat-9-front.jpg": RedirectResponse("http://169.254.169.254/latest"),
        "coat-10-front.jpg": RedirectResponse("/img/coat-10-front.jpg"),
    }
    with serve(shop) as url:
        result, manifest = crawled(url, lake)

    found = reasons(lake, manifest)
    assert found == {
        "private/secret.html": "robots",
        "gone.html": "http_4xx",
        "again.html": "duplicate",  # whichever came later: it adds nothing, and its address is the longer one
        "about.html": "no_product",
        "broken.html": "page_unreadable",
        "away.html": "address",
        "fails.html": "http_5xx",
        "img/coat-0-front.jpg": "http_4xx",
        "img/coat-1-front.jpg": "truncated",
        "img/coat-2-front.jpg": "not_an_image",
        "img/coat-3-front.jpg": "opted_out",
        "img/coat-4-front.jpg": "opted_out",
        "img/coat-5-front.jpg": "empty",
        "img/coat-6-front.jpg": "too_small",
        "img/coat-8-front.jpg": "address",
        "img/coat-9-front.jpg": "address",
        "img/coat-10-front.jpg": "out_of_bounds",
    }
    assert "/private/secret.html" not in shop.asked
    assert shop.asked.count("/fails.html") == 3
    by_id = {row["product_id"]: row["image_ids"] for row in rows(lake, manifest, "products")}
    assert by_id["acme:SKU-0"][0] == ""
    assert by_id["acme:SKU-3"][0] == by_id["acme:SKU-4"][0] == ""
    assert whole not in [row["bytes"] for row in rows(lake, manifest, "images")]
    assert result["products"] == len(by_id) == 120


def test_a_second_crawl_knows_what_is_there_and_says_what_changed(lake: Lake) -> None:
    shop = ShopifyShop(30)
    with serve(shop) as url:
        _, first = crawled(url, lake)
        _, second = crawled(url, lake)
        shop.products = 29
        entry = shop.entry
        shop.entry = lambda n: entry(n) | ({"title": "Now linen"} if n == 3 else {})  # type: ignore[method-assign]
        third_result, third = crawled(url, lake)

    assert second.result["images_new"] == 0
    assert second.result["images_known"] == 60
    assert [second.result[name] for name in ("added", "changed", "removed")] == [0, 0, 0]
    assert [third_result[name] for name in ("added", "changed", "removed")] == [0, 1, 1]
    assert third.parents == [second.run_id]
    seen = {row["first_seen"] for row in rows(lake, third, "products")}
    assert seen == {row["first_seen"] for row in rows(lake, first, "products")}
    assert len(seen) == 1
    assert rows(lake, second, "products", "fetched_at") == rows(lake, first, "products", "fetched_at")


def test_a_limit_reads_that_many_products_and_no_more_pages_than_needed(lake: Lake) -> None:
    structured, shopify = StructuredShop(100), ShopifyShop(600)
    with serve(structured) as url:
        assert crawled(url, lake, limit=7)[0]["products"] == 7
    with serve(shopify) as url:
        assert crawled(url, lake, "other", limit=7)[0]["products"] == 7

    assert sum(path.startswith("/product/") for path in structured.asked) == 7
    assert sum("page=" in path for path in shopify.asked) == 1


def test_a_shop_without_a_sitemap_is_walked_through_its_categories(lake: Lake) -> None:
    shop = StructuredShop(6)
    pages = {
        "/category/all.html": "<a href='/product/0'><img></a><a href='/product/1'>x</a>"
        "<a rel='next' href='/category/2.html'>2</a>",
        "/category/2.html": "<a href='/product/2?utm=1#top'><img></a><a href='/cart/'>Cart</a>"
        "<a href='https://else.example/p/1'>y</a>",
    }
    shop.pages = {path: HTMLResponse(f"<html>{body}</html>") for path, body in pages.items()}
    shop.pages["/sitemap.html"] = HTMLResponse("no")
    shop.home = "<nav><a href='/category/all.html'>All</a></nav>"
    shop.without_sitemap = True
    with serve(shop) as url:
        result, _ = crawled(url, lake)

    assert result["products"] == 3


def test_robots_that_fail_forbid_everything_and_robots_that_are_absent_nothing(lake: Lake) -> None:
    shop = StructuredShop(2)
    shop.robots_status = 404
    with serve(shop) as url:
        assert crawled(url, lake)[0]["products"] == 2
        shop.robots_status = 500
        with pytest.raises(FetchError, match="answers 500, which forbids everything"):
            crawled(url, lake, "other")
    shop.robots_status, shop.robots = 200, "User-agent: *\nDisallow: /\n"
    with serve(shop) as url, pytest.raises(FetchError, match=r"robots\.txt forbids it"):
        crawled(url, lake, "other")


def test_a_shop_that_does_not_answer_is_named_in_one_sentence(lake: Lake) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"

    with pytest.raises(FetchError) as caught:
        crawled(url, lake)

    assert str(caught.value) == f"{url}: does not answer (connection refused)"
    assert list(lake.runs()) == []


def test_a_site_that_is_no_shop_has_no_products(lake: Lake) -> None:
    shop = StructuredShop(0)
    shop.without_sitemap = True
    shop.home = "<h1>Hello</h1>"
    with serve(shop) as url, pytest.raises(FetchError, match="no products found"):
        crawled(url, lake)


def test_a_crawl_that_is_refused_too_much_stops_early(lake: Lake) -> None:
    shop = StructuredShop(10)
    shop.extra = tuple(f"/gone-{n}.html" for n in range(400))
    with serve(shop) as url, pytest.raises(RejectedError, match=r"page stopped: .* mostly http_4xx"):
        crawled(url, lake)

    assert len(shop.asked) < 200


@pytest.mark.parametrize(
    ("urls", "options", "words"),
    [
        ([], {}, "no shop"),
        (["shop.example"], {}, "not an http"),
        (["https://shop.example"], {}, "--contact"),
        (["http://127.0.0.1:1"], {"limit": 0}, "--limit"),
        (["a=http://127.0.0.1:1", "a=http://127.0.0.1:2"], {}, "given twice"),
    ],
)
def test_what_cannot_be_crawled_is_refused_before_anything_is_asked(
    urls: list[str], options: dict[str, Any], words: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=words):
        crawl.fn(urls=urls, lake=str(tmp_path / "lake"), **options)

    assert not (tmp_path / "lake").exists()


def test_several_shops_are_summed_and_each_is_shown() -> None:
    one = dict.fromkeys(["products", "images_new", "images_known", "not_modified", "kept", "requests"], 1)
    one |= {"removal_withheld": 0} | dict.fromkeys(
        ["changed", "added", "removed", "bytes", "unread_photos"], 2
    )
    results = [one | {"shop": s, "crawl_id": s * 2, "seconds": 1.5, "rejected": {"robots": 1}} for s in "ab"]

    total = summed(results, {"c": "hangs"})  # type: ignore[arg-type]

    assert (total["shop"], total["crawl_id"], total["crawls"]) == (["a", "b"], ["aa", "bb"], results)
    assert (total["products"], total["added"], total["rejected"]) == (2, 4, {"robots": 2})
    assert total["seconds"] == 1.5  # side by side
    assert total["failed"] == {"c": "hangs"}
    assert summed(results[:1], {}).keys() == total.keys()  # type: ignore[arg-type]
