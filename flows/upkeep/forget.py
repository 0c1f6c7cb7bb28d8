"""Forget a shop, or a page or photo at an address: out of the lake, the index, caches and every later training set.

The order is what makes it happen exactly once, wherever it is killed: what goes is written down and counted before any
of it is removed; then the index loses it, while the lake still has the vectors to prove that by search; then the lake's
tables, the newest first; then everything is looked through once more, and the receipt is committed. The same command
goes on with the run that it finds, and counts by what was written down first.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa

from crawlers.state.forgotten import address_id, origin_id
from flows.crawl.forgotten import FLOW, receipts
from flows.learn.kept_photos import pixel_cache
from flows.progress import stage
from flows.upkeep.index_removal import Proof, remove_from_index
from flows.upkeep.row_changes import row_changes
from flows.upkeep.sweep import dropped_collections
from flows.upkeep.targets import Targets, of_address, of_shop
from infra.lake import Lake
from infra.machine import state_folder
from infra.open_run import OpenRun
from infra.removal import open_runs, remove_unnamed, replace_files, rewritten, rows_touched
from schemas.columns import table_name
from schemas.errors import InputError, LakeError, UsageError
from schemas.forgotten import FORGOTTEN, PROOF, REMOVED, TARGETS
from schemas.ids import digest
from schemas.image_ids import hex_of_ids
from schemas.manifest import Manifest

Removed = dict[tuple[str, str], int]  # (run_id, table) -> rows


def forget(
    lake: str, *, shop: str = "", url: str = "", milvus: str = "", dry_run: bool = False
) -> dict[str, Any]:
    """Remove a shop or what is at an address, prove it, and keep it from coming back; returns the receipt.

    Returns asked, photos that went, rows by table, of how many runs, index (per collection the entities that went, and
    the searches that proved it), models that learnt from it (they are as they were: train again) and cache_entries of
    decoded photos that a training uses, and which therefore stay.
    With `dry_run` it tells what would go. What was forgotten before and is not there again gives the receipt of then.
    Raises InputError where the lake holds nothing of it, LakeError while another run is being written,
    VectorStoreError where a search still finds it.
    """
    if bool(shop) == bool(url):
        raise UsageError("forget", "needs --shop or --url, one of the two")
    place, asked = Lake(lake), shop or url
    targets = of_shop(place, shop) if shop else of_address(place, url)
    removed = _counted(place, targets)
    before = next((run for run in receipts(place) if run.parameters["asked"] == asked), None)
    key = digest({FLOW: asked})
    goes_on = any(note["key"] == key for _, note in place.left_behind())
    if not removed and not goes_on:
        if before is not None:
            return before.result
        raise InputError(asked, f"{place.uri} holds nothing of it")
    if dry_run:
        return _told(asked, targets, removed, []) | {"dry_run": True, "models": _models(place, removed)}
    _refuse_while_written(place)
    run = place.begin("run", FLOW, key, parameters={"asked": asked, "shop": shop, "url": url})
    try:
        return _forgotten(place, run, targets, removed, milvus)
    except BaseException:
        place.abandon(run)
        raise


def lift(lake: str, *, shop: str = "", url: str = "") -> dict[str, Any]:
    """Let what was forgotten be crawled and imported again. Raises InputError where it was not forgotten."""
    place, asked = Lake(lake), shop or url
    if asked not in {run.parameters["asked"] for run in receipts(place)}:
        raise InputError(asked, f"was not forgotten in {place.uri}")
    run = place.begin("run", FLOW, digest({"lift": asked}), parameters={"asked": asked, "lifted": True})
    return place.commit(run, {"run_id": run.run_id, "asked": asked, "lifted": True}).result


def _forgotten(lake: Lake, run: OpenRun, found: Targets, counted: Removed, milvus: str) -> dict[str, Any]:
    """Do it, or go on with it, and commit."""
    targets, removed = _planned(lake, run, found, counted)
    swept = lake.sweep()  # what is left behind holds rows, too; what made it begins anew
    _remove_states(lake, swept)
    dropped_collections(lake.uri, milvus, swept, dry_run=False)
    if run.left_behind(PROOF):
        proofs = [Proof(**row) for row in _rows(lake, run, PROOF)]
    else:
        proofs = remove_from_index(lake, milvus, targets)
        _write(run, PROOF, [proof._asdict() for proof in proofs])
    models = _models(lake, removed)
    _remove_rows(lake, targets, removed)
    in_use = pixel_cache(None).clear()
    _refuse_while_written(lake, besides=run.run_id)
    remove_from_index(lake, milvus, targets)
    if left := _counted(lake, targets):
        (run_id, table), rows = next(iter(left.items()))
        raise LakeError(
            run_id, f"{rows} rows of {table} came meanwhile; give the command again", transient=True
        )
    lake.renew_index()
    for schema in (TARGETS, PROOF):
        run.drop(schema)
        for told in (run.files, run.schemas):
            told.pop(table_name(schema), None)
    told = _told(run.parameters["asked"], targets, removed, proofs)
    result = {"run_id": run.run_id, **told, "models": models, "cache_entries": in_use}
    return lake.commit(run, result).result


def _planned(lake: Lake, run: OpenRun, found: Targets, counted: Removed) -> tuple[Targets, Removed]:
    """What goes and how many rows that is: written down before any of it goes, and read again after a kill."""
    targets, known = found, Removed()
    if run.left_behind(REMOVED):
        run.left_behind(FORGOTTEN)
        targets = found | Targets.of_rows(run.parameters["shop"], _rows(lake, run, TARGETS))
        known = {(row["run_id"], row["table"]): row["rows"] for row in _rows(lake, run, REMOVED)}
    else:  # killed while it was written down: nothing has gone
        for schema in (TARGETS, FORGOTTEN, REMOVED):
            run.drop(schema)
            run.files.pop(table_name(schema), None)
    if came := {place: rows for place, rows in counted.items() if place not in known}:
        _write(run, TARGETS, targets.rows())
        _write(run, FORGOTTEN, _bans(lake, targets, run.parameters["shop"], run.parameters["url"]))
        _write(
            run, REMOVED, ({"run_id": name, "table": table, "rows": n} for (name, table), n in came.items())
        )
    return targets, came | known


def _bans(lake: Lake, targets: Targets, shop: str, url: str) -> Iterable[dict[str, str]]:
    """Rows of FORGOTTEN: what is not to come back."""
    if shop:
        yield {"kind": "shop", "id": shop}
        own: set[str] = set()
        others = {""}
        for run in lake.runs("crawl"):
            origins = own if run.result.get("shop") == shop else others
            origins.add(origin_id(str(run.parameters.get("url", ""))))
        yield from ({"kind": "origin", "id": origin} for origin in sorted(own - others))
        return
    yield {"kind": "address", "id": address_id(url)}
    yield from ({"kind": "product", "id": name} for name in sorted(targets.products))
    yield from ({"kind": "photo", "id": name} for name in hex_of_ids(targets.own))


def _counted(lake: Lake, targets: Targets) -> Removed:
    """Rows that are to go or to change, by run and table."""
    counted: Removed = {}
    for run in lake.runs() if targets else ():
        for table, change in row_changes(lake, run, targets).items():
            if rows := rows_touched(lake, run, table, change):
                counted[run.run_id, table] = rows
    return counted


def _remove_rows(lake: Lake, targets: Targets, removed: Removed) -> None:
    """Remove the rows from every run, newest first; what a kill left beside them goes, too."""
    runs, concerned = list(lake.runs(newest_first=True)), {run_id for run_id, _ in removed}
    held: dict[str, int] = {}  # entities by collection
    with stage("forget", len(runs), "runs") as step:
        for run in sorted(
            runs, key=lambda run: run.flow != "index"
        ):  # first: verdicts tell how many each holds
            files = run.files
            if run.run_id in concerned:
                changes = row_changes(lake, run, targets)
                files = files | {name: rewritten(lake, run, name, change) for name, change in changes.items()}
            if run.flow == "index" and "indexed" in files:
                held[run.result["collection"]] = sum(part.rows for part in files["indexed"])
            result = _recounted(run, held)
            if targets.shop and targets.shop == result.get("shop"):
                result["notes"] = []  # sentences about single pages and photos
            if files != run.files or result != run.result:
                replace_files(lake, run, files, result)
            elif run.run_id in concerned:
                remove_unnamed(lake, run)
            step.advance()


def _recounted(run: Manifest, held: Mapping[str, int]) -> dict[str, Any]:
    """The result of a run that says how many entities a collection holds, as it is now."""
    result = dict(run.result)
    if result.get("collection") in held and "entities" in result:
        result["entities"] = held[result["collection"]]
    for name in ("live", "previous"):
        if isinstance(told := result.get(name), dict) and told.get("collection") in held:
            result[name] = told | {"entities": held[told["collection"]]}
    return result


def _models(lake: Lake, removed: Removed) -> list[str]:
    """The train runs that learnt from a label run which loses rows."""
    concerned = {run_id for run_id, table in removed if table == "labels"}
    return [run.run_id for run in lake.runs("run", "train") if concerned & set(run.parents)]


def _refuse_while_written(lake: Lake, besides: str = "") -> None:
    left = {name for name, _ in lake.left_behind()}
    for run_id, note in open_runs(lake):
        if run_id != besides and run_id not in left:
            why = f"a {note['flow']} is being written and may hold some of it; end it, or wait for it"
            raise LakeError(run_id, why, transient=True)


def _remove_states(lake: Lake, swept: Sequence[str]) -> None:
    """Remove what crawls of a lake in an object store kept on this machine until their commit."""
    folder = state_folder() / digest([lake.uri])[:16]
    for run_id in swept:
        for path in folder.glob(f"{run_id}.db*"):
            path.unlink(missing_ok=True)


def _told(asked: str, targets: Targets, removed: Removed, proofs: Sequence[Proof]) -> dict[str, Any]:
    tables: dict[str, int] = {}
    for (_, table), rows in removed.items():
        tables[table] = tables.get(table, 0) + rows
    return {
        "asked": asked,
        "photos": len(targets.photos),
        "rows": dict(sorted(tables.items())),
        "runs": len({run_id for run_id, _ in removed}),
        "index": [proof._asdict() for proof in proofs],
    }


def _write(run: OpenRun, schema: pa.Schema, rows: Iterable[Mapping[str, Any]]) -> None:
    writer = run.writer(schema)
    for row in rows:
        writer.write(row)
    run.add(schema, writer.close())


def _rows(lake: Lake, run: OpenRun, schema: pa.Schema) -> list[dict[str, Any]]:
    """What this run wrote of a table before it was killed."""
    rows: list[dict[str, Any]] = []
    for part in run.left_behind(schema):
        rows += lake.part(f"{run.folder}/{part.path}").read().to_pylist()
    return rows
