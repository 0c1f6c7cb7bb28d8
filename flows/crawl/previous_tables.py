"""What a crawl takes from the shop's previous one in the lake: its products, its ledger, what it was refused."""

from collections.abc import Iterator
from typing import Any

from crawlers.discover.traps import TrapDetector
from crawlers.extract.canonical_url import canonical
from crawlers.state.tables.crawl_state import CrawlState
from infra.lake import Lake
from schemas.errors import LakeError
from schemas.manifest import Manifest


def load_previous(state: CrawlState, lake: Lake, previous: Manifest | None) -> None:
    """Load what the previous crawl knew into a new state, once, and commit it; nothing for a shop's first crawl."""
    if state.read_note("learnt"):
        return
    if previous is not None:
        columns = ["product_id", "url", "content_hash", "image_ids", "image_urls", "first_seen", "fetched_at"]
        for batch in lake.batches(previous, "products", columns, rows=2_000):
            state.previous.load_products(row | {"page": _key(row["url"])} for row in batch.to_pylist())
        traps = TrapDetector()
        for batch in lake.batches(previous, "ledger", rows=2_000) if previous.files.get("ledger") else ():
            rows = batch.to_pylist()
            state.previous.load_ledger(row | {"key": _key(row["url"])} for row in rows)
            for row in rows:
                if row["outcome"] == "trap":
                    traps.suspect(row["url"])
        state.write_note("bounds", traps.state())
    state.write_note("learnt", True)
    state.commit()


def previous_products(lake: Lake, previous: Manifest | None) -> Iterator[dict[str, Any]]:
    """Read the product rows of the previous crawl as it wrote them, by product_id."""
    if previous is not None:
        for path in lake.part_paths(previous, "products"):  # in turn: a dataset may mix their order
            for batch in lake.part(path).iter_batches(batch_size=1_000):
                yield from batch.to_pylist()


def refused_before(
    lake: Lake, previous: Manifest | None, reasons: frozenset[str]
) -> Iterator[dict[str, Any]]:
    """Read rows of the previous ledger whose address was refused for one of these reasons, in that or an earlier crawl.

    Raises LakeError where there is no previous crawl of which anything could be tried again.
    """
    if previous is None or not previous.files.get("ledger"):
        raise LakeError(lake.uri, "holds no crawl of this shop, so there is nothing to retry")
    for batch in lake.batches(previous, "ledger", rows=2_000):
        yield from (row for row in batch.to_pylist() if row["outcome"] in reasons)


def _key(url: str) -> str:
    """Return what the frontier calls a page."""
    return canonical(url) or url
