"""What was forgotten is not brought back by a crawl or an import of the same shop, under whatever name."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flows.crawl.import_products import import_file
from flows.parameters.crawl import ImportParameters
from flows.upkeep.forget import forget, lift
from infra.lake import Lake
from infra.mall.server import Mall
from infra.mall.trade import MallSpec
from schemas.errors import InputError
from tests.crawlers.shopserver import photo as drawn
from tests.flows.crawl.shop_crawls import crawled, rows
from tests.flows.upkeep.stored_strings import stored_strings


@pytest.fixture(scope="module")
def shop() -> Iterator[str]:
    with Mall(MallSpec(products=6, seed=3, shops=("structured",), size=(96, 120))) as running:
        yield running.urls[0]


def test_a_page_and_a_photo_are_neither_asked_nor_taken_again(lake: Lake, shop: str) -> None:
    _, first = crawled(shop, lake)
    product, other = rows(lake, first, "products")[:2]
    photo, address = other["image_ids"][0], other["image_urls"][0]
    forget(lake.uri, url=product["url"])
    forget(lake.uri, url=address)
    gone = {product["product_id"], product["url"], product["title"], photo, address, *product["image_ids"]}
    assert gone & stored_strings(lake) == set()

    for revisit in ("changed", "full"):
        _, again = crawled(shop, lake, revisit=revisit)
        found = {row["product_id"]: row for row in rows(lake, again, "products")}
        assert product["product_id"] not in found and len(found) == 5
        assert photo not in found[other["product_id"]]["image_ids"]
        refused = {row["url"]: row["reason"] for row in rows(lake, again, "rejects")}
        kept_away = {url for url, reason in refused.items() if reason == "forgotten"}
        # An unchanged sitemap leads to what it led to, and that was forgotten, too.
        assert kept_away == ({product["url"], address} if revisit == "full" else set())
    stored = {row["image_id"] for run in lake.runs("crawl") for row in rows(lake, run, "images")}
    assert not stored & {photo, *product["image_ids"]}

    lift(lake.uri, url=product["url"])
    _, back = crawled(shop, lake, revisit="full")
    assert product["product_id"] in {row["product_id"] for row in rows(lake, back, "products")}
    with pytest.raises(InputError, match="was not forgotten"):
        lift(lake.uri, url=product["url"])


def test_a_shop_is_refused_by_its_name_and_by_its_address(lake: Lake, shop: str, tmp_path: Path) -> None:
    crawled(shop, lake)
    forget(lake.uri, shop="acme")
    (tmp_path / "catalogue.csv").write_text("product_id,title,image\n1,A dress,dress.jpg\n")

    for name in ("acme", "renamed"):
        with pytest.raises(InputError, match="was forgotten, and nothing of it is taken"):
            crawled(shop, lake, shop=name)
    with pytest.raises(InputError, match="was forgotten"):
        import_file.fn(
            ImportParameters(path=str(tmp_path / "catalogue.csv"), lake=lake.uri, shop="acme", mapping={})
        )
    lift(lake.uri, shop="acme")
    assert crawled(shop, lake)[0]["products"] == 6


def test_an_import_takes_no_product_and_no_photo_that_was_forgotten(lake: Lake, tmp_path: Path) -> None:
    file = tmp_path / "catalogue.parquet"
    table = {"product_id": ["1", "2", "3"], "title": ["A dress", "A coat", "A hat"]}
    table |= {"image": [drawn(n) for n in (1, 2, 3)], "url": [f"http://x.test/{n}" for n in (1, 2, 3)]}
    pq.write_table(pa.table(table), file)
    wanted = ImportParameters(path=str(file), lake=lake.uri, shop="acme", mapping={})
    first = lake.run(import_file.fn(wanted)["crawl_id"])
    second = rows(lake, first, "products")[1]
    forget(lake.uri, url="http://x.test/1")
    forget(lake.uri, url=second["image_urls"][0])

    again = lake.run(import_file.fn(wanted)["crawl_id"])
    kept = {row["product_id"]: row["image_ids"] for row in rows(lake, again, "products")}
    assert set(kept) == {"acme:2", "acme:3"} and kept["acme:2"] == []  # a refused row takes no product away
    assert second["image_ids"][0] not in {row["image_id"] for row in rows(lake, again, "images")}
    refused = [(row["stage"], row["reason"]) for row in rows(lake, again, "rejects")]
    assert refused == [("import", "forgotten")] * 2
