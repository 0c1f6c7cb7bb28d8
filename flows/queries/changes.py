"""What shops changed between two moments: each crawl compared with the one before it.

Not a Prefect flow: it reads committed crawls and writes nothing but the file it was asked for.
"""

import heapq
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa

from flows.progress import Stage, stage
from flows.queries.table_file import table_file
from flows.queries.time_bounds import time_bound
from infra.lake import Lake
from schemas.change import CHANGES, KINDS
from schemas.errors import InputError, LakeError, UsageError
from schemas.manifest import Manifest
from workers.changes.ordered_rows import is_ordered, ordered
from workers.changes.product_changes import KEY, Comparison

SHOWN = 50  # rows of the result; a file has them all
_READ_ROWS = 8192
_WRITTEN_ROWS = 20_000  # per row group
Row = dict[str, Any]


def changes(
    lake: str,
    since: str,
    *,
    until: str = "",
    shop: str = "",
    kinds: Sequence[str] = (),
    out: str = "",
    now: datetime | None = None,
) -> dict[str, Any]:
    """Compare the crawls of each shop after `since` and by `until`: every change that one of them saw.

    since, until  see flows/queries/time_bounds.py; without `until` up to the newest crawl
    shop          one shop; all of the lake by default
    kinds         of schemas.change.KINDS; all by default
    out           file for every row of schemas.change.CHANGES, .parquet, .csv or .jsonl; it appears once it is whole
    now           what `3d` counts back from; the clock by default

    A shop begins at its newest crawl by `since`, or at the first one after where there is none. A crawl
    of a part of the shop is passed over unless it carries on the rest: it does not say what is gone.
    Returns since, until, shops (what was compared, and a note where it is not what one expects), counts
    by kind, the most notable changes (price drops first), out. Raises InputError, LakeError.
    """
    if unknown := [kind for kind in kinds if kind not in KINDS]:
        raise UsageError(f"--kind {unknown[0]}", f"no such kind; there are {', '.join(KINDS)}")
    place, now = Lake(lake), now or datetime.now(UTC)
    first = time_bound("--since", since, place, now)
    last = time_bound("--until", until or "now", place, now, end=True)
    if first.highest_id > last.highest_id:
        raise UsageError(f"--since {since}", f"lies after {f'--until {until}' if until else 'now'}")
    shops = _crawls(place, shop).items()
    spans = [span(name, crawls, first.highest_id, last.highest_id) for name, crawls in shops]
    compared = tuple(kinds) or tuple(KINDS)
    with table_file(out, CHANGES) as write:
        rows = _written(_compared(place, spans, compared), write)
        notable = heapq.nsmallest(SHOWN, rows, key=_notability)
    return {
        "since": first.shown,
        "until": last.shown,
        "shops": [span.summary() for span in spans],
        "counts": {kind: sum(span.counts[kind] for span in spans) for kind in KINDS if kind in compared},
        "changes": [row | {"seen_at": row["seen_at"].isoformat(timespec="seconds")} for row in notable],
        "out": out or None,
    }


@dataclass
class Span:
    """The crawls of one shop that are compared, oldest first."""

    shop: str
    crawls: list[Manifest]
    whole: bool  # whether what a crawl lacks is not in the shop
    notes: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def summary(self) -> dict[str, Any]:
        """Return what was compared, for the result."""
        ends = {"from": self.crawls[0], "to": self.crawls[-1]} if self.crawls else {}
        summary: dict[str, Any] = {"shop": self.shop}
        for name in ("from", "to"):
            summary[name] = ends[name].run_id if ends else None
            summary[f"{name}_at"] = ends[name].started_at if ends else None
        counts = {kind: self.counts[kind] for kind in KINDS if self.counts[kind]}
        return summary | {"crawls": len(self.crawls), "counts": counts, "note": "; ".join(self.notes)}


def span(shop: str, crawls: Sequence[Manifest], first: str, last: str) -> Span:
    """Choose which of a shop's crawls to compare: the newest one by `first`, and those after it by `last`."""
    by_then = [crawl for crawl in crawls if crawl.run_id <= last]
    parts = _parts(by_then)
    whole = [crawl for crawl in by_then if crawl.run_id not in parts]
    usable = whole or by_then
    earlier = [crawl for crawl in usable if crawl.run_id <= first]
    chosen = Span(shop, earlier[-1:] + usable[len(earlier) :], whole=bool(whole))
    if not usable:
        chosen.notes.append("not crawled by then")
        return chosen
    base = chosen.crawls[0]
    if not earlier:
        chosen.notes.append(f"not crawled before; compared from its first crawl, {base.run_id}")
    if len(chosen.crawls) == 1:
        chosen.notes.append("not crawled again since")
    if not whole:
        chosen.notes.append("no crawl read all of the shop: what came and went is not known")
    elif passed := sum(run_id > first for run_id in parts):
        chosen.notes.append(f"crawls of a part of the shop, passed over: {passed}")
    if whole and not any(
        crawl.result.get("complete", True) for crawl in whole if crawl.run_id <= base.run_id
    ):
        chosen.notes.append(f"{base.run_id} missed pages: what counts as added may have been there before")
    return chosen


def _parts(crawls: Sequence[Manifest]) -> set[str]:
    """Ids of crawls that were told to read only a part of the shop, and do not carry on the rest."""
    parts: set[str] = set()
    for crawl in crawls:
        limit = crawl.parameters.get("limit")
        stopped = limit is not None and crawl.rows("products") >= int(limit)
        asked_for_part = stopped or crawl.parameters.get("revisit") == "list"
        # Only crawls that say whether they were complete keep the products that they did not come to.
        carries = "complete" in crawl.result and not parts.issuperset(crawl.parents)
        if asked_for_part and not carries:
            parts.add(crawl.run_id)
    return parts


def _crawls(lake: Lake, only: str) -> dict[str, list[Manifest]]:
    """Every committed crawl by shop, an import included, oldest first."""
    by_shop: dict[str, list[Manifest]] = {}
    for crawl in lake.runs("crawl"):
        if not crawl.files.get("products"):  # swept: of an old crawl only photos stay that are still shown
            continue
        by_shop.setdefault(str(crawl.result["shop"]), []).append(crawl)
    if not by_shop:
        raise LakeError(lake.uri, "holds no crawl yet; crawl a shop or import a catalogue first")
    if only and only not in by_shop:
        raise InputError(
            f"--shop {only}", f"the lake has no crawl of it; there are {', '.join(sorted(by_shop))}"
        )
    return {shop: by_shop[shop] for shop in sorted(by_shop) if only in ("", shop)}


def _compared(lake: Lake, spans: Sequence[Span], kinds: Sequence[str]) -> Iterator[Row]:
    total = sum(crawl.rows("products") for span in spans for crawl in span.crawls[1:])
    with stage("compare", total, "products") as step:
        for span in spans:
            knowable = kinds if span.whole else [kind for kind in kinds if kind not in ("added", "removed")]
            comparison = Comparison(knowable)
            for earlier, later in pairwise(span.crawls):
                seen_at = datetime.fromisoformat(later.started_at)
                where = {"shop": span.shop, "crawl_id": later.run_id, "seen_at": seen_at}
                for row in _between(lake, comparison, (earlier, later), step):
                    span.counts[row["kind"]] += 1
                    yield row | where


def _between(
    lake: Lake, comparison: Comparison, crawls: tuple[Manifest, Manifest], step: Stage
) -> Iterator[Row]:
    """Compare two crawls; a table that cannot be read is named by its crawl."""
    earlier, later = crawls
    at = earlier
    with tempfile.TemporaryDirectory(prefix="vitrine-") as folder:
        try:
            old = _products(lake, earlier, comparison, Path(folder))
            at = later
            new = _products(lake, later, comparison, Path(folder))
            yield from comparison.between(old, _watched(new, step))
        except (pa.ArrowException, OSError) as error:
            raise LakeError(at.run_id, f"products cannot be read ({error})") from error


def _products(lake: Lake, crawl: Manifest, comparison: Comparison, folder: Path) -> pa.RecordBatchReader:
    """The products of a crawl by id. Crawls write them in that order; a lake filled otherwise is sorted."""
    if is_ordered(_read(lake, crawl, [KEY]), KEY):
        return _read(lake, crawl, comparison.columns)
    own = folder / crawl.run_id
    own.mkdir()
    return ordered(_read(lake, crawl, comparison.columns), KEY, own)


def _read(lake: Lake, crawl: Manifest, columns: Sequence[str]) -> pa.RecordBatchReader:
    """The products of a crawl in the order written, with those of the columns that its version has."""
    paths = lake.part_paths(crawl, "products")
    if not paths:
        raise LakeError(crawl.run_id, "has no table products")
    schema = pa.schema([column for column in lake.part(paths[0]).schema_arrow if column.name in columns])
    parts = (lake.part(path) for path in paths)
    batches = (batch for part in parts for batch in part.iter_batches(_READ_ROWS, columns=schema.names))
    return pa.RecordBatchReader.from_batches(schema, batches)


def _watched(rows: pa.RecordBatchReader, step: Stage) -> pa.RecordBatchReader:
    def passed() -> Iterator[pa.RecordBatch]:
        for batch in rows:
            step.advance(batch.num_rows)
            yield batch

    return pa.RecordBatchReader.from_batches(rows.schema, passed())


def _notability(row: Row) -> tuple[int, float]:
    """Sorts price drops first, the largest before, then other prices, and the rest by kind."""
    change = (row["change"] or 0.0) if row["field"] == "price" else 0.0
    order = ("price", "removed", "added", "stock", "photos", "text")
    return (0, change) if change < 0 else (1 + order.index(row["kind"]), -change)


def _written(rows: Iterator[Row], write: Callable[[pa.Table], None]) -> Iterator[Row]:
    """Write rows and pass them on."""
    while block := list(islice(rows, _WRITTEN_ROWS)):
        write(pa.Table.from_pylist(block, CHANGES))
        yield from block
