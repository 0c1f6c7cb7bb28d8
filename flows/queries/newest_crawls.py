"""What the lake knows of the shops now: the newest crawl of each, read as streams."""

from collections.abc import Iterator, Sequence
from typing import Any

from infra.lake import Lake
from schemas.errors import LakeError
from schemas.manifest import Manifest


def newest_crawls(lake: Lake, crawls: Sequence[str] | None = None) -> list[Manifest]:
    """The named crawls, or else the newest committed crawl of every shop, by shop.

    Raises LakeError where a named crawl does not exist, or the lake holds none with products.
    """
    if crawls:
        return [lake.run(crawl_id, "crawl") for crawl_id in crawls]
    newest: dict[str, Manifest] = {}
    for manifest in lake.runs("crawl"):
        newest[str(manifest.result["shop"])] = manifest
    if not newest:
        raise LakeError(lake.uri, "holds no crawl yet; crawl a shop or import a catalogue first")
    return [newest[shop] for shop in sorted(newest)]


def products(lake: Lake, crawls: Sequence[Manifest], columns: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Products of several crawls, one after the other; the first of two with one id counts."""
    seen: set[str] = set()
    for manifest in crawls:
        for batch in lake.batches(manifest, "products", list({"product_id", *columns}), rows=2000):
            for row in batch.to_pylist():
                if row["product_id"] not in seen:
                    seen.add(row["product_id"])
                    yield row


def labelled_crawls(lake: Lake, labels: Manifest) -> list[Manifest]:
    """The crawls that a label run read."""
    return [lake.run(parent) for parent in labels.parents]
