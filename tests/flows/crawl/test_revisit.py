"""A shop that is crawled again: what is asked, what stays, what goes. Real servers, real processes, whole tables."""

import zlib
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from crawlers.extract.canonical_url import canonical
from crawlers.state.page_queue import AUDIT_ONE_IN
from flows.crawl.crawl_shops import crawl_shop
from flows.parameters.crawl import CrawlParameters
from infra.lake import Lake
from schemas.errors import FetchError
from schemas.manifest import Manifest
from tests.crawlers.shopserver import ShopifyShop, serve
from tests.flows.command_line import vitrine
from tests.flows.crawl.dated_shop import SITEMAP, DatedShop

BUSY = Response("busy", 503, headers={"Retry-After": "0"})


def crawled(shop: DatedShop | ShopifyShop, lake: Lake, **options: Any) -> Manifest:
    wanted = CrawlParameters(urls=(shop.base,), lake=lake.uri, **options)
    return lake.run(crawl_shop.fn("acme", shop.base, wanted)["crawl_id"])


def told(crawl: Manifest, *names: str) -> list[Any]:
    return [crawl.result[name] for name in names]


def products(lake: Lake, crawl: Manifest) -> dict[str, dict[str, Any]]:
    return {row["product_id"]: row for row in lake.table(crawl, "products").to_pylist()}


def reasons(shop: DatedShop, lake: Lake, crawl: Manifest) -> dict[str, str]:
    rows = lake.table(crawl, "rejects").to_pylist()
    return {row["url"].removeprefix(shop.base): row["reason"] for row in rows}


def audited(previous: Manifest, shop: DatedShop) -> list[int]:
    """Products whose page the next crawl asks although the sitemap calls it unchanged."""
    salt = f"{previous.run_id} "
    keys = {n: canonical(f"{shop.base}/product/{n}") for n in shop.listed}
    return [n for n, key in keys.items() if zlib.crc32((salt + key).encode()) % AUDIT_ONE_IN == 0]


def test_each_way_to_revisit_asks_no_more_than_it_must(lake: Lake) -> None:
    shop = DatedShop(6)
    with serve(shop):
        first = crawled(shop, lake)
        shop.new()

        shop.change(3, "99.00")
        shop.editions["coat-3-front.jpg"] = 1  # under its old address, and with a lifetime of a day
        second = crawled(shop, lake)
        sampled = [f"/product/{n}" for n in audited(first, shop) if n != 3]
        photos = ["/img/coat-3-back.jpg", "/img/coat-3-front.jpg"]
        assert shop.conditional.count("/sitemap-0.xml") == 1
        assert shop.new() == [*photos, *sorted(["/product/3", *sampled])]

        full = crawled(shop, lake, revisit="full")
        assert not [path for path in shop.conditional if path.startswith("/product/")]
        assert [path for path in shop.new() if path.startswith("/product/")] == [
            f"/product/{n}" for n in range(6)
        ]

        shop.prices[2] = "77.00"
        listed = crawled(shop, lake, revisit="list", only=[f"{shop.base}/product/2"])
        assert [path for path in shop.new() if path.startswith("/product/")] == ["/product/2"]

    assert told(second, "changed", "added", "removed", "not_modified", "images_new") == [1, 0, 0, 5, 1]
    assert told(full, "changed", "not_modified", "images_new") == [0, 0, 0]
    assert told(listed, "changed", "kept", "products", "complete") == [1, 5, 6, False]
    front = [products(lake, crawl)["acme:SKU-3"]["image_ids"][0] for crawl in (first, second)]
    assert front[0] != front[1] and all(front)
    assert products(lake, first)["acme:SKU-5"] == products(lake, second)["acme:SKU-5"]


def test_only_the_shop_s_own_word_removes_a_product_and_no_fault_does(lake: Lake) -> None:
    shop = DatedShop(8)
    with serve(shop):
        crawled(shop, lake)
        shop.dates |= {0: "2026-02-02", 1: "2026-02-02"}
        shop.failing = {"/product/0": BUSY, "/product/1": Response(status_code=410)}
        shop.listed.remove(2)
        second = crawled(shop, lake)
        said = reasons(shop, lake, second)

        shop.listed.remove(3)
        gone = {"/product/1": Response(status_code=410)}
        shop.failing = gone | {"/sitemap-0.xml": BUSY}
        third = crawled(shop, lake)

        shop.failing = gone
        fourth = crawled(shop, lake)

    assert said == {"/product/0": "http_5xx", "/product/1": "gone"}
    assert told(second, "removed", "kept", "complete") == [2, 1, True]
    assert sorted(products(lake, second)) == [f"acme:SKU-{n}" for n in (0, 3, 4, 5, 6, 7)]
    assert told(third, "removed", "complete") == [0, False]
    assert products(lake, third).keys() == products(lake, second).keys()
    assert told(fourth, "removed", "complete") == [1, True]
    for crawl in (second, third, fourth):
        crawl.counts["revisit"].check("revisit")


def test_what_failed_is_asked_again_by_its_reason_and_a_photo_also_by_itself(lake: Lake) -> None:
    shop = DatedShop(4)
    shop.failing = {
        "/product/0": BUSY,
        "/product/1": Response(status_code=403),
        "/img/coat-2-front.jpg": BUSY,
        "/img/coat-3-back.jpg": BUSY,
    }
    with serve(shop):
        first = crawled(shop, lake)
        shop.new()
        shop.failing.pop("/product/0")
        shop.failing.pop("/img/coat-2-front.jpg")
        again = crawled(shop, lake, retry=["http_5xx"])
        paths = shop.new()
        shop.failing.pop("/img/coat-3-back.jpg")
        third = crawled(shop, lake)
        photos = [path for path in shop.new() if path.startswith("/img/")]

    assert told(first, "products", "images_new") == [2, 2]
    photos_again = {f"/img/coat-{name}.jpg" for name in ("0-front", "0-back", "2-front", "3-back")}
    assert set(paths) == {"/product/0"} | photos_again
    assert told(again, "products", "added", "changed", "kept", "images_new") == [3, 1, 1, 2, 3]
    assert products(lake, again)["acme:SKU-3"]["image_ids"][1] == ""
    assert photos == ["/img/coat-3-back.jpg"]
    assert told(third, "changed", "images_new") == [1, 1]
    assert all(name for row in products(lake, third).values() for name in row["image_ids"])


def test_a_sitemap_that_lies_about_its_pages_is_caught_and_then_every_page_is_asked(lake: Lake) -> None:
    shop = DatedShop(120)
    shop.photographed = 1
    with serve(shop):
        first = crawled(shop, lake)
        while not audited(first, shop):  # one page in fifty; one crawl in twelve has none of these
            first = crawled(shop, lake)
        shop.new()
        shop.prices = dict.fromkeys(range(120), "60.00")
        second = crawled(shop, lake)
        pages = [path for path in shop.new() if path.startswith("/product/")]

    assert len(pages) == len(set(pages)) == 120
    assert told(second, "changed", "not_modified", "products") == [120, 0, 120]


def test_a_listing_that_suddenly_lacks_most_of_the_shop_is_not_believed(lake: Lake) -> None:
    shop = DatedShop(24)
    shop.photographed = 1
    with serve(shop):
        crawled(shop, lake)
        shop.listed = [0, 1, 2]
        second = crawled(shop, lake)

    assert told(second, "removal_withheld", "removed", "products", "complete") == [21, 0, 24, True]


class FeedThatFails(ShopifyShop):
    """Beside its feed a sitemap; the feed can be switched off."""

    down = False

    def app(self) -> Starlette:
        app = super().app()
        page = f"<urlset xmlns='{SITEMAP}'><url><loc>{self.base}/products/x</loc></url></urlset>"
        app.router.routes.insert(0, Route("/products.json", self._feed_or_fault))
        app.router.routes.insert(0, Route("/sitemap.xml", lambda r: Response(page, media_type="text/xml")))
        return app

    def _feed_or_fault(self, request: Request) -> Response:
        return JSONResponse({}, 503, headers={"Retry-After": "0"}) if self.down else self._feed(request)


def test_a_feed_that_fails_today_does_not_make_another_shop_of_it(lake: Lake) -> None:
    shop = FeedThatFails(3)
    with serve(shop):
        first = crawled(shop, lake)
        shop.down = True

        with pytest.raises(FetchError, match="was read as shopify before") as caught:
            crawled(shop, lake)

    assert "\n" not in str(caught.value)
    assert [crawl.run_id for crawl in lake.runs()] == [first.run_id]


def test_shops_side_by_side_store_one_photo_once_and_one_that_fails_takes_none_with_it(
    lake: Lake, prefect_api: dict[str, str]
) -> None:
    one, other, closed = ShopifyShop(8), ShopifyShop(8), ShopifyShop(1)
    with serve(closed):
        pass
    with serve(one), serve(other):
        urls = [f"one={one.base}", f"other={other.base}", f"closed={closed.base}"]
        done = vitrine("crawl", *urls, "--lake", lake.uri)

    crawls = list(lake.runs("crawl"))
    assert done.returncode == 1
    assert "not crawled, the others are: closed (" in done.stderr and "Traceback" not in done.stderr
    assert sorted(crawl.parameters["shop"] for crawl in crawls) == ["one", "other"]
    stored = [name for crawl in crawls for name in lake.table(crawl, "images")["image_id"].to_pylist()]
    assert len(stored) == len(set(stored)) == 16
    for crawl in crawls:
        shown = {name for row in products(lake, crawl).values() for name in row["image_ids"]}
        assert shown == set(stored)
        assert sum(told(crawl, "images_new", "images_known")) == 16


def test_a_sitemap_that_cannot_be_asked_today_removes_nothing_that_the_categories_do_not_show(
    lake: Lake,
) -> None:
    shop = DatedShop(8)
    with serve(shop):
        crawled(shop, lake)
        shop.failing = {"/sitemap.xml": BUSY}
        second = crawled(shop, lake)

    assert told(second, "removed", "complete", "products") == [0, False, 8]


def test_a_lake_may_be_named_by_a_relative_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = DatedShop(1)
    monkeypatch.chdir(tmp_path)
    with serve(shop):
        crawl = crawled(shop, Lake("here/lake"))

    assert crawl.rows("images") == 2
    assert (tmp_path / "here" / "lake" / f"crawl={crawl.run_id}" / "manifest.json").is_file()
