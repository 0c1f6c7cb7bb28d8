"""A crawl into an object store: its state stays on this machine, everything else goes through the S3 protocol."""

from pathlib import Path

import pytest
from moto.server import ThreadedMotoServer

from flows.crawl.crawl_shops import crawl_shop
from flows.parameters.crawl import CrawlParameters
from infra.lake import Lake
from tests.crawlers.shopserver import StructuredShop, serve


def test_a_shop_is_crawled_into_an_object_store_and_again_for_the_differences(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    store = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    store.start()
    host, port = store.get_host_and_port()
    options = f"endpoint_override={host}:{port}&scheme=http&region=us-east-1&allow_bucket_creation=true"
    lake = Lake(f"s3://crawls/lake?{options}")
    lake.filesystem.create_dir("crawls")
    try:
        with serve(StructuredShop(12)) as url:
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
    finally:
        store.stop()
