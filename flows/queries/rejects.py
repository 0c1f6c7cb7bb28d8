"""What a run refused, by stage and reason: the rows of its table `rejects`, counted, and written to a file."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from flows.queries.table_file import table_file
from infra.lake import Lake
from schemas.errors import InputError, UsageError
from schemas.manifest import Manifest
from schemas.reject import REASONS, REJECTS

_READ_ROWS = 20_000
_READING = ("crawl", "refused")  # flows that read a shop or its catalogue


def rejects(lake: str, of: str = "", *, reasons: Sequence[str] = (), out: str = "") -> dict[str, Any]:
    """Count the refusals of one run by stage and reason, the most frequent first, each with an example.

    of       a shop, whose newest crawl or import is meant, or a run's id or its beginning; by default the newest run
             that refused anything
    reasons  of schemas.reject.REASONS; all by default
    out      file for every row, .parquet, .csv or .jsonl; it appears only once it is whole
    Returns run, flow, shop, total, counts (stage, reason, meaning, rows, example), out; where no run refused anything
    all of them empty, and none is named. Raises InputError, LakeError.
    """
    if unknown := [reason for reason in reasons if reason not in REASONS]:
        raise UsageError(f"--reason {unknown[0]}", f"no such reason; there are {', '.join(REASONS)}")
    place = Lake(lake)
    run = _run(place, of)
    counts: Counter[tuple[str, str]] = Counter()
    examples: dict[tuple[str, str], dict[str, str]] = {}
    with table_file(out, REJECTS) as write:
        for table in _tables(place, run, reasons) if run else ():
            for row in table.to_pylist():
                group = row["stage"], row["reason"]
                counts[group] += 1
                examples.setdefault(group, {name: row[name] for name in ("url", "product_id", "detail")})
            write(table)
    return {
        "lake": lake,
        "run": run.run_id if run else "",
        "flow": run.flow if run else "",
        "shop": run.parameters.get("shop", "") if run else "",
        "total": counts.total(),
        "counts": [
            {"stage": stage, "reason": reason, "meaning": REASONS.get(reason, ""), "rows": number,
             "example": examples[stage, reason]}
            for (stage, reason), number in counts.most_common()
        ],
        "out": out,
    }  # fmt: skip


def _run(lake: Lake, of: str) -> Manifest | None:
    """Find the run that is meant by a shop, an id or its beginning; None by default where none refused anything."""
    found: list[Manifest] = []
    for run in lake.runs(newest_first=True):
        if of in ("", run.run_id) and (of or run.rows("rejects")):
            return run
        if run.flow in _READING and run.parameters.get("shop") == of:
            return run
        if of and run.run_id.startswith(of):
            found.append(run)
    if len(found) == 1:
        return found[0]
    if found:
        raise InputError(of, f"begins several runs: {', '.join(run.run_id for run in found[:5])}")
    if of:
        raise InputError(of, f"is no shop and no run of {lake.uri}; `vitrine runs` lists them")
    return None


def _tables(lake: Lake, run: Manifest, reasons: Sequence[str]) -> Any:
    if not run.rows("rejects"):
        return
    for batch in lake.batches(run, "rejects", REJECTS.names, _READ_ROWS):
        table = pa.Table.from_batches([batch])
        wanted = table.filter(pc.is_in(table["reason"], pa.array(reasons))) if reasons else table
        yield wanted.select(REJECTS.names).cast(REJECTS)
