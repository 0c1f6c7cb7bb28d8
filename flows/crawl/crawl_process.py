"""The process of one crawl or import: `python -m flows.crawl.crawl_process [PARENT]`, one JSON request on stdin.

A Twisted reactor runs once per process, and a crawl must be killable without taking the flow with
it. On stdout: `{"progress": ...}` lines, and at the end one `{"done": ...}` or `{"error": ...}`.
Nothing else of this project prints here; whatever a library prints goes to stderr.
"""

import json
import os
import sqlite3
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import datetime
from functools import partial
from importlib.abc import MetaPathFinder
from pathlib import Path
from typing import Any, TextIO

from crawlers.datasets.deepfashion.official_tree import OfficialTree
from crawlers.datasets.deepfashion.opening import open_tree
from crawlers.datasets.importing import UNNAMED, import_rows
from crawlers.datasets.product_file import ProductFile, RowSource
from crawlers.discover.visit import Visit
from crawlers.extract.language import speaks
from crawlers.fetch.settings import USUAL
from crawlers.platforms import Shop
from crawlers.profiles.shop_profile import Limits, load
from crawlers.reading_process import ReadingProcess
from crawlers.run import Traffic, crawl_shop, fetch_photos
from crawlers.state.catalogue_rows import CatalogueRows, is_complete
from crawlers.state.ledger_rows import ledger_rows
from crawlers.state.photo_notes import photo_notes
from crawlers.state.photo_queue import PhotoQueue
from crawlers.state.photo_recorder import PhotoRecorder
from crawlers.state.price_notes import price_notes
from crawlers.state.progress import ProgressReport
from crawlers.state.recorder import Recorder
from crawlers.state.recrawl_policy import CHANGED, FULL, LIST, MOST_PAGES, RecrawlPolicy
from crawlers.state.tables.crawl_state import CrawlState
from crawlers.state.tally import FLOOR
from flows.child_processes import end_with_parent
from flows.crawl.crawl_store import CrawlStore
from flows.crawl.forgotten import forgotten
from flows.crawl.previous_tables import load_previous, previous_products, refused_before
from infra.lake import Lake
from infra.machine import cpu_seconds
from schemas.errors import InputError, LakeError, PipelineError, RejectedError
from schemas.manifest import Manifest


def run(request: Mapping[str, Any], out: TextIO) -> dict[str, Any]:
    """Do what flows.crawl.crawl_shops or flows.crawl.import_products asked for; the answer they enter into the run."""
    if request["do"] == "doctor":
        from crawlers.doctor.examination import examine_shop

        return {
            "doctor": examine_shop(request["shop"], request["url"], request["contact"], request["profile"])
        }
    lake = Lake(request["lake"])
    previous = lake.run(request["previous"]) if request["previous"] else None
    store = CrawlStore(lake, request["folder"])
    state = CrawlState(Path(request["state"]))
    try:
        traffic = Traffic(**(state.read_note("traffic") or {}))
        load_previous(state, lake, previous)
        policy, bans = _policy(request, previous), forgotten(lake)
        recorder = Recorder(state, store, policy, _progress_to(out), traffic.so_far, bans)
        recorder.resume()
        read_as: dict[str, Any] = {}
        try:
            with ReadingProcess(partial(end_with_parent, os.getpid())) as process:
                if request["do"] == "crawl":
                    _crawl(request, recorder, traffic, lake, previous, process)
                else:
                    read_as = _import(request, recorder, store, traffic, process)
        finally:
            _save_traffic(state, traffic)
        previous_rows = previous_products(lake, previous)
        tables = _write_tables(request, recorder, store, previous_rows, traffic.requests)
        tables["result"] |= read_as
        return tables | {"bytes": traffic.bytes, "seconds": traffic.seconds}
    except sqlite3.Error as error:  # a full disk, or a file that another hand has changed
        raise LakeError(request["state"], f"cannot be read or written ({error})") from error
    finally:
        state.close()


def say(out: TextIO, message: Mapping[str, Any]) -> None:
    """Write one line of JSON, at once."""
    out.write(json.dumps(message, ensure_ascii=False, default=str) + "\n")
    out.flush()


def told(error: PipelineError) -> dict[str, Any]:
    """Return an error as its parent makes it again."""
    return {"type": type(error).__name__, "args": list(error.args), "transient": error.transient}


class WithoutPandas(MetaPathFinder):
    """Lets a process have no pandas.

    pyarrow imports it at the first array, only to ask whether that is pandas' own. Nothing of a crawl is, and it would
    be a third of the CPU time of a small crawl. (None in sys.modules does not do: Cython's import takes it for found.)
    """

    def find_spec(self, fullname: str, path: object, target: object = None) -> None:
        """Raise ModuleNotFoundError for pandas; leave every other module to the usual finders."""
        if fullname == "pandas":
            raise ModuleNotFoundError("a crawl does without pandas", name=fullname)


def main() -> int:
    """Answer one request; code 0 with a `done` line, 1 with an `error` line. A bug ends in a traceback on stderr."""
    if len(sys.argv) > 1:
        end_with_parent(int(sys.argv[1]))
    sys.meta_path.insert(0, WithoutPandas())
    out = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    request = json.loads(sys.stdin.readline())
    try:
        say(out, {"done": run(request, out) | {"cpu_seconds": cpu_seconds()}})
    except PipelineError as error:
        say(out, {"error": told(error)})
        return 1
    return 0


def _progress_to(out: TextIO) -> ProgressReport:
    def report(stage: str, done: int, total: int | None, note: str) -> None:
        say(out, {"progress": {"stage": stage, "done": done, "total": total, "note": note}})

    return report


def _policy(request: Mapping[str, Any], previous: Manifest | None) -> RecrawlPolicy:
    if request["do"] != "crawl":
        return RecrawlPolicy()
    limits = load(request["profile"]).limits if request["profile"] else Limits()
    # What did not change is in the language of the previous crawl.
    in_another_language = not speaks(
        request["language"], previous.result.get("language", "") if previous else ""
    )
    floors = (request["floor"], limits.success_floor, FLOOR)
    return RecrawlPolicy(
        FULL if request["revisit"] == CHANGED and in_another_language else request["revisit"],
        next(floor for floor in floors if floor is not None),
        request["limit"],
        limits.most_pages or MOST_PAGES,
        request["most_photos"],
        request["most_bytes"],
        salt=str(request["previous"]),
        language=request["language"],
    )


def _crawl(
    request: Mapping[str, Any],
    recorder: Recorder,
    traffic: Traffic,
    lake: Lake,
    previous: Manifest | None,
    process: ReadingProcess,
) -> None:
    pace = load(request["profile"]).limits.pace if request["profile"] else USUAL
    again: list[Visit] = []
    if request["retry"]:
        photos = PhotoQueue(recorder)
        for row in refused_before(lake, previous, frozenset(request["retry"])):
            if row["kind"] == "photo":
                photos.add(row["url"], next(iter(row["product_ids"]), ""))
            else:
                again.append(Visit(row["url"], product=row["kind"] == "product"))
    # A reading of everything may find another platform; any other crawl stays with the one it knows.
    expected = previous.result.get("platform", "") if previous and request["revisit"] != FULL else ""
    crawl_shop(
        Shop(request["shop"], request["url"], profile=request["profile"]),
        request["contact"],
        recorder,
        traffic,
        expected=expected,
        language=request["language"] or (previous.result.get("language", "") if previous else ""),
        only=request["only"],
        again=again,
        pace=pace,
        process=process,
    )


def _import(
    request: Mapping[str, Any],
    recorder: Recorder,
    store: CrawlStore,
    traffic: Traffic,
    process: ReadingProcess,
) -> dict[str, Any]:
    """Import a catalogue; return its rows, what it was read as, and attributes that could not be read everywhere."""
    begun = time.monotonic()
    product_file = _rows_of(request)
    recorder.expect("import", product_file.rows or 0)
    try:
        import_rows(product_file, recorder)
        tally = recorder.tally("import")
        if not tally.seen:
            raise InputError(request["path"], "holds no row")
        if not tally.out:
            reason = tally.rejected.most_common(1)[0][0]
            raise RejectedError("import", tally.seen, tally.seen, reason)
        traffic.seconds["import"] = time.monotonic() - begun
        if to_ask := sum(1 for _ in recorder.state.collected.photos_to_ask()):
            recorder.expect("image", recorder.tally("image").seen + to_ask)
            fetch_photos(request["photos_at"], request["contact"], recorder, traffic, process)
    except RejectedError as error:
        raise _with_example(recorder, store, error) from error
    PhotoRecorder(recorder).flush()
    unread = {"unread_cells": dict(product_file.left_out)} if product_file.left_out else {}
    read_as = {"rows": tally.seen, "read_as": product_file.taken} | unread
    if isinstance(product_file, OfficialTree):
        read_as["benchmark"] = product_file.benchmark
    return read_as


def _rows_of(request: Mapping[str, Any]) -> RowSource:
    path, shop = request["path"], request["shop"]
    if request.get("benchmark"):
        return open_tree(request["benchmark"], path, shop, request["cut"])
    return ProductFile(path, shop, request["mapping"], request["encoding"], request["delimiter"])


def _with_example(recorder: Recorder, store: CrawlStore, error: RejectedError) -> RejectedError:
    """Write the rejects of an import that ends with them alone; return the error with one of them for an example."""
    store.write_rejects(recorder.state.collected.rejects())
    rows = recorder.state.collected.rejects()
    same = (row for row in rows if (row["stage"], row["reason"]) == (error.stage, error.reason))
    row = next(same, {"detail": "", "url": ""})
    example = f"{row['detail']} ({row['url']})" if row["detail"] else row["url"]
    return RejectedError(error.stage, error.rejected, error.seen, error.reason, example)


def _save_traffic(state: CrawlState, traffic: Traffic) -> None:
    """Write what was asked of the network; it counts also where the crawl did not end well."""
    state.roll_back()
    state.write_note("traffic", asdict(traffic))
    state.commit()


def _write_tables(
    request: Mapping[str, Any],
    recorder: Recorder,
    store: CrawlStore,
    previous_rows: Iterator[dict[str, Any]],
    requests: int,
) -> dict[str, Any]:
    """Write every table; returns files, counts and what changed."""
    state = recorder.state
    catalogue = CatalogueRows(state)
    # A product file is the whole catalogue, where it is known of which product each row is; a shop's is what its
    # listings led to, all of them read.
    if request["do"] == "import":
        whole = not state.read_note(UNNAMED)
    else:
        whole = request["revisit"] != LIST and request["limit"] is None and is_complete(state)
    asked_for_all = request["do"] == "import" or request["revisit"] == FULL
    withheld = catalogue.decide(complete=whole, sudden=asked_for_all)
    started_at = datetime.fromisoformat(request["started_at"])
    files = store.write(
        catalogue.rows(previous_rows, started_at),
        state.collected.rejects(),
        ledger_rows(state, whole=whole),
        state.annotations.rows(),
    )
    counts = {stage: asdict(count) for stage, count in recorder.counts().items()}
    if request["previous"]:
        counts["revisit"] = asdict(catalogue.count())
    result = {
        "products": sum(part["rows"] for part in files["products"]),
        "images_new": store.photo_rows,
        "images_known": state.collected.photo_count() - store.photo_rows,
        "not_modified": catalogue.not_modified,
        "kept": catalogue.kept,
        "requests": requests,
        "changed": catalogue.changed,
        "added": catalogue.added,
        "removed": catalogue.removed,
        "removal_withheld": withheld,
        "complete": whole,
        "notes": state.read_note("told") or [],
        "platform": state.read_note("platform") or "",
        "language": state.read_note("language") or "",
    }
    photos = photo_notes(state, result["products"])
    result |= photos | {"notes": [*result["notes"], *photos["notes"], *price_notes(state)]}
    return {"files": files, "result": result, "counts": counts}


if __name__ == "__main__":
    sys.exit(main())
