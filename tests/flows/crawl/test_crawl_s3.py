"""A crawl into an object store: its state stays on this machine, everything else goes through the S3 protocol."""

from pathlib import Path

import pytest

from flows.crawl.crawl_shops import crawl_shop
from flows.parameters.crawl import CrawlParameters
from infra.lake import Lake
from tests.crawlers.shopserver import StructuredShop, serve
from tests.infra.object_store import ENVIRONMENT, address, object_store


def test_a_shop_is_crawled_into_an_object_store_and_again_for_the_differences(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    with object_store() as server, serve(StructuredShop(12)) as url:
        lake = Lake(address(server, "crawls/lake"))
        lake.filesystem.create_dir("crawls")
        wanted = CrawlParameters(urls=(url,), lake=lake.uri)
        first = crawl_shop.fn("acme", url, wanted)
        second = crawl_shop.fn("acme", url, wanted)

        manifest = lake.run(second["crawl_id"])
        assert (first["products"], first["images_new"]) == (12, 24)
        assert [second[name] for name in ("products", "added", "changed", "removed", "images_new")] == [
            12,
            0,
            0,
            0,
            0,
        ]
        assert manifest.parents == [first["crawl_id"]]
        assert lake.table(manifest, "products").num_rows == 12
        left = {path.name for path in (tmp_path / "vitrine").rglob("*") if path.is_file()}
        assert left == {"acme.lock"}  # no state: the lock's file stays, since another may wait for it
