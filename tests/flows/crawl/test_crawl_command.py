"""`vitrine crawl` as scripts call it: one shape of the result, however many shops."""

import json
from typing import Any

from infra.lake import Lake
from tests.crawlers.shopserver import ShopifyShop, serve
from tests.flows.command_line import vitrine


def test_one_shop_and_several_give_one_shape(lake: Lake, prefect_api: dict[str, str]) -> None:
    one, other, closed = ShopifyShop(2), ShopifyShop(3), ShopifyShop(1)
    with serve(closed):
        pass
    with serve(one), serve(other):
        several = [f"one={one.base}", f"other={other.base}", f"closed={closed.base}"]
        answers: list[dict[str, Any]] = [
            json.loads(vitrine("crawl", *urls, "--lake", lake.uri, "--json").stdout)
            for urls in (several[:1], several)
        ]

    single, both = answers
    assert {name: type(value) for name, value in single.items()} == {
        name: type(value) for name, value in both.items()
    }
    assert (single["shop"], single["products"], single["failed"]) == (["one"], 2, {})
    assert (both["shop"], both["products"], list(both["failed"])) == (["one", "other"], 5, ["closed"])
    for answer in answers:
        assert [crawl["shop"] for crawl in answer["crawls"]] == answer["shop"]
        assert [crawl["crawl_id"] for crawl in answer["crawls"]] == answer["crawl_id"]
        assert [lake.run(name).result["shop"] for name in answer["crawl_id"]] == answer["shop"]
