"""Remove what is old and needed by nothing: runs, their collections, and of old crawls all but the photos still shown.

Newest first, so that no run is there without what it read while its maker is gone; each step is whole by itself, so a
sweep that was killed is simply given again.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from flows.progress import stage
from flows.upkeep.needed_runs import needed_runs
from infra.lake import Lake
from infra.milvus.folder import lite_folder
from infra.milvus.store import VectorStore
from infra.removal import folder_bytes, open_runs, remove_run, remove_unnamed, replace_files
from infra.settings import load_settings
from schemas.errors import UsageError
from schemas.ids import new_run_id
from schemas.image_ids import Ids, ids_of_hex, joined
from schemas.manifest import Manifest, Part

_KEEP = re.compile(r"(\d{1,5})\s*([hdw])")
_UNITS = {"h": "hours", "d": "days", "w": "weeks"}
_ROWS = 50_000  # ids at a time in memory
# Where stored photos are named: by product and ledger rows of a crawl, by what was learnt from or indexed.
_NAMING = {"products": "image_ids", "ledger": "image_id", "labels": "image_id", "indexed": "image_id"}


def keep_of(word: str) -> timedelta:
    """Read how long runs are kept: `30d`, `12h`, `4w`. Raises UsageError for anything else."""
    if not (read := _KEEP.fullmatch(word.strip().lower())):
        raise UsageError(f"--keep {word}", "is no time such as 30d, 12h or 4w")
    return timedelta(**{_UNITS[read[2]]: int(read[1])})


class Thinned(NamedTuple):
    """An old crawl of which only photos stay: the parts of it, and what goes, in parts and bytes."""

    run: Manifest
    files: dict[str, list[Part]]
    parts: int
    bytes: int


class Plan(NamedTuple):
    """What goes, newest first: whole runs, tables of crawls, runs left behind (id and kind); how many runs stay."""

    gone: list[Manifest]
    thinned: list[Thinned]
    unfinished: list[tuple[str, str]]
    kept: int


def sweep(lake: str, keep: str, *, dry_run: bool = False, milvus: str = "") -> dict[str, Any]:
    """Remove what is older than `keep` and needed by nothing; say what, and how many bytes.

    Returns runs (id, flow, bytes), thinned (crawls that keep nothing but photos: id, parts, bytes), unfinished (runs
    left behind), collections, bytes (of the lake; Milvus does not say its own) and kept, how many runs stay.
    With `dry_run` nothing is removed. Raises UsageError for a `keep` that is no time.
    """
    place, until = Lake(lake), datetime.now(UTC) - keep_of(keep)
    plan = _plan(place, until)
    runs = [
        {"id": run.run_id, "flow": run.flow, "bytes": folder_bytes(place, run.kind, run.run_id)}
        for run in plan.gone
    ]
    thinned = [
        {"id": one.run.run_id, "parts": one.parts, "bytes": one.bytes} for one in plan.thinned if one.parts
    ]
    sizes = [folder_bytes(place, kind, name) for name, kind in plan.unfinished]
    sizes += [int(str(told["bytes"])) for told in (*runs, *thinned)]
    unfinished = [name for name, _ in plan.unfinished]
    indexes = [run.run_id for run in plan.gone if run.flow == "index"]
    collections = dropped_collections(lake, milvus, [*indexes, *unfinished], dry_run)
    if not dry_run:
        _remove(place, plan, below=new_run_id(until))
    return {
        "lake": lake,
        "keep": keep,
        "dry_run": dry_run,
        "runs": runs,
        "thinned": thinned,
        "unfinished": unfinished,
        "collections": collections,
        "bytes": sum(sizes),
        "kept": plan.kept,
    }


def _plan(lake: Lake, until: datetime) -> Plan:
    manifests = list(lake.runs())
    young = [run.run_id for run in manifests if datetime.fromisoformat(run.committed_at) >= until]
    begun_from = [parent for _, note in open_runs(lake) for parent in note.get("parents", ())]
    needed = needed_runs(manifests, young, begun_from)
    old = [run for run in reversed(manifests) if run.run_id not in needed]
    thinned = list(_thinned(lake, old, [run for run in manifests if run.run_id in needed]))
    only_photos = {one.run.run_id for one in thinned}
    gone = [run for run in old if run.run_id not in only_photos]
    oldest = new_run_id(until)
    unfinished = [(name, note["kind"]) for name, note in lake.left_behind() if name < oldest]
    return Plan(gone, thinned, unfinished, len(manifests) - len(gone))


def _remove(lake: Lake, plan: Plan, below: str) -> None:
    with stage("sweep", len(plan.gone), "runs") as step:
        for run in plan.gone:
            remove_run(lake, run)
            step.advance()
    for one in plan.thinned:
        if one.parts:
            replace_files(lake, one.run, one.files)
        else:  # a sweep that was killed may have left what its manifest does not name
            remove_unnamed(lake, one.run)
    lake.sweep(below)


def _thinned(lake: Lake, old: Sequence[Manifest], stay: Sequence[Manifest]) -> Iterator[Thinned]:
    """Old crawls that hold photos which are still shown."""
    crawls = [run for run in old if run.kind == "crawl" and run.rows("images")]
    if not crawls:
        return
    shown = _shown(lake, stay)
    for crawl in crawls:
        kept = [
            part
            for part, path in zip(crawl.files["images"], lake.part_paths(crawl, "images"), strict=True)
            if any(_has_any(shown, ids) for ids in _ids(lake, path, "image_id"))
        ]
        if kept:
            going = [part for parts in crawl.files.values() for part in parts if part not in kept]
            yield Thinned(crawl, {"images": kept}, len(going), sum(part.bytes for part in going))


def _shown(lake: Lake, runs: Iterable[Manifest]) -> Ids:
    """Ascending ids of all photos that some runs name."""
    shown, waiting = joined([]), [joined([])]
    for run in runs:
        for table, column in _NAMING.items():
            for path in lake.part_paths(run, table):
                for ids in _ids(lake, path, column):
                    waiting.append(ids)
                    if sum(map(len, waiting)) > max(
                        _ROWS, len(shown)
                    ):  # they name the same ones again and again
                        shown, waiting = np.unique(joined([shown, *waiting])), []
    return np.unique(joined([shown, *waiting]))


def _has_any(shown: Ids, ids: Ids) -> bool:
    """Whether any of some ids is among ascending ones."""
    places = np.minimum(np.searchsorted(shown, ids), max(0, len(shown) - 1))
    return len(shown) > 0 and bool((shown[places] == ids).any())


def _ids(lake: Lake, path: str, column: str) -> Iterator[Ids]:
    for batch in lake.part(path).iter_batches(_ROWS, columns=[column]):
        names = batch[column] if column != "image_ids" else batch[column].flatten()
        yield ids_of_hex([name for name in names.unique().to_pylist() if name])


def dropped_collections(lake: str, milvus: str, runs: Sequence[str], dry_run: bool) -> list[str]:
    """Drop the collections of these index runs, whose names end with the run's id; returns their names."""
    settings = load_settings(lake=lake, milvus_uri=milvus or None)
    folder = lite_folder(settings.milvus_uri)
    if not runs or (folder and not Path(folder).exists()):
        return []
    endings = tuple(re.sub(r"\W", "_", run_id) for run_id in runs)
    with VectorStore(settings.milvus_uri, settings.milvus_token, create=False) as store:
        names = [name for name in store.collections() if name.endswith(endings)]
        for name in names if not dry_run else ():
            store.drop(name)
    return names
