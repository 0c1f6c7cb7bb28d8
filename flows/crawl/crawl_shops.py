"""Crawl shops into the lake: one committed crawl per shop, each read by a process of its own, side by side."""

import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from crawlers.profiles import shop_profile
from crawlers.state.tables.crawl_state import FILES
from flows.child_processes import ending_together
from flows.crawl.crawl_store import without_images_of
from flows.crawl.crawl_subprocess import converse
from flows.crawl.failed_shops import completed, reasons, refuse_too_many, report_shops
from flows.crawl.forgotten import refuse_forgotten
from flows.crawl.one_crawl import one_crawl_of
from flows.crawl.refused_import import give_up
from flows.crawl.wanted_shops import wanted_shops
from flows.flow_of import flow_of
from flows.parameters.crawl import CrawlParameters
from flows.running.night import begin, done_before
from flows.running.stage_task import stage_task
from infra.lake import Lake
from infra.machine import state_folder
from infra.open_run import OpenRun
from schemas.errors import LakeError, PipelineError
from schemas.ids import digest
from schemas.image import IMAGES
from schemas.label import ANNOTATIONS
from schemas.ledger import LEDGER
from schemas.manifest import Count, Part, rejected
from schemas.product import PRODUCTS
from schemas.reject import REJECTS

TABLES = {
    "products": PRODUCTS,
    "images": IMAGES,
    "rejects": REJECTS,
    "ledger": LEDGER,
    "annotations": ANNOTATIONS,
}
_SUMMED = ("products", "images_new", "images_known", "not_modified", "kept", "requests", "changed", "added",
           "removed", "removal_withheld", "unread_photos")  # fmt: skip
_committing = threading.Lock()


@flow_of(CrawlParameters, name="crawl")
def crawl(parameters: CrawlParameters) -> dict[str, Any]:
    """Crawl each shop in a process of its own, side by side; one that fails takes no other with it.

    The result is `summed`, with why some were not crawled. Raises InputError; for a single shop, or a share of failed
    ones above `failed_share`, FetchError, RejectedError, StalledError, LakeError.
    """
    results, failed = crawl_shops(parameters)
    shops = len(results) + len(failed)
    refuse_too_many(shops, failed, parameters.failed_share)
    result = summed(results, reasons(failed))
    ended: dict[str, Any] = completed(result, shops, failed)
    return ended


def crawl_shops(parameters: CrawlParameters) -> tuple[list[dict[str, Any]], dict[str, Exception]]:
    """Crawl every shop, for flows that begin with it; return results, and what kept other shops from having one."""
    shops = wanted_shops(parameters)
    results: list[dict[str, Any]] = []
    failed: dict[str, Exception] = {}
    with ending_together():  # an interrupt waits for no crawl
        pending = {name: crawl_shop.submit(name, url, of_shop) for name, url, of_shop in shops}
        for name, future in pending.items():
            try:
                results.append(future.result())
            except Exception as error:  # whatever it was, the other shops' catalogues are fresh
                failed[name] = error
    report_shops(results, failed)
    return results, failed


@stage_task(name="crawl shop", run_name="crawl {shop}")
def crawl_shop(shop: str, url: str, parameters: CrawlParameters) -> dict[str, Any]:
    """Crawl one shop into one committed crawl; a crawl that was killed goes on where it was."""
    recorded = {"shop": shop, "url": url, "source": "shop"} | parameters.recorded()
    recorded["profile"] = shop_profile.find(shop, recorded["profile"])
    return run_process(parameters.lake, {"do": "crawl", **recorded}, recorded)


def run_process(lake_uri: str, request: Mapping[str, Any], parameters: dict[str, Any]) -> dict[str, Any]:
    """Open a crawl or go on with one, let flows.crawl.crawl_process fill it, commit it; returns the result.

    What an earlier attempt of this flow run committed is returned as it is. Raises LakeError where the shop is
    being crawled already, InputError where it was forgotten.
    """
    lake = Lake(lake_uri)
    refuse_forgotten(lake, parameters["shop"], parameters.get("url", ""))
    if done := done_before(lake, "crawl", shop=parameters["shop"]):
        return done.result
    with one_crawl_of(lake, parameters["shop"]):
        return _crawled(lake, request, parameters)


def _crawled(lake: Lake, request: Mapping[str, Any], parameters: dict[str, Any]) -> dict[str, Any]:
    begun = time.monotonic()
    previous = newest_crawl(lake, parameters["shop"])
    # Whom to write to, how much failure to bear and how much to take may be given anew: it is the same crawl.
    anew = ("contact", "floor", "most_photos", "most_bytes")
    same = {name: value for name, value in request.items() if name not in anew}
    run = begin(lake, "crawl", "crawl", digest(same | {"previous": previous}), parameters=parameters)
    run.parents = [previous] if previous else []
    state = _state_file(lake, run.run_id)
    if previous:
        _remove(_state_file(lake, previous))  # it was killed right after its commit
    if request["do"] == "import" or not state.exists():
        _remove(state)
        for schema in TABLES.values():
            run.drop(schema)
    for schema in (PRODUCTS, REJECTS, LEDGER, ANNOTATIONS):
        run.drop(schema)
    committed = {manifest.run_id for manifest in lake.runs("crawl")}
    place = {
        "lake": lake.root if lake.is_local else lake.uri,  # the process runs in another folder
        "folder": run.folder,
        "state": str(state),
        "previous": previous,
        "started_at": run.started_at.isoformat(),
    }
    try:
        answer = converse(dict(request) | place, parameters["shop"])
        result = _commit(lake, run, answer, committed, begun=begun)
    except PipelineError as error:
        if request["do"] != "import":
            raise
        _remove(state)
        raise give_up(lake, run, parameters, error) from None  # an import begins anew each time
    _remove(state)  # only now: a commit that fails is done again without asking the shop anything
    return result


def newest_crawl(lake: Lake, shop: str) -> str | None:
    """Id of a shop's newest committed crawl, an import included; None for a new shop."""
    try:
        return lake.newest("crawl", shop=shop).run_id
    except LakeError:
        return None


def summed(results: list[dict[str, Any]], failed: Mapping[str, str]) -> dict[str, Any]:
    """Return one result for one shop as for several: their sums, shop and crawl_id as lists.

    `crawls` holds each shop's own result, and `failed` why others have none.
    """
    total: dict[str, Any] = {name: sum(result[name] for result in results) for name in _SUMMED}
    return total | {
        "shop": [result["shop"] for result in results],
        "crawl_id": [result["crawl_id"] for result in results],
        "rejected": rejected(*(result["rejected"] for result in results)),
        "bytes": sum(result["bytes"] for result in results),
        "seconds": round(max(result["seconds"] for result in results), 3),
        "crawls": results,
        "failed": dict(failed),
    }


def _commit(
    lake: Lake, run: OpenRun, answer: Mapping[str, Any], committed: set[str], *, begun: float
) -> dict[str, Any]:
    """Make the crawl exist and return its result; `committed` are the crawls that were there when it began."""
    parts = {table: [Part(**part) for part in files] for table, files in answer["files"].items()}
    twice = 0
    while True:
        # Reading and rewriting photos takes its time, and only the last look must let no other crawl come between.
        others = [manifest for manifest in lake.runs("crawl") if manifest.run_id not in committed]
        parts["images"], more = without_images_of(lake, run.folder, parts["images"], others)
        twice += more
        committed |= {manifest.run_id for manifest in others}
        with _committing:
            if all(manifest.run_id in committed for manifest in lake.runs("crawl")):
                _enter(run, answer, parts)
                return _committed(lake, run, answer, twice, begun=begun)


def _committed(
    lake: Lake, run: OpenRun, answer: Mapping[str, Any], twice: int, *, begun: float
) -> dict[str, Any]:
    """Commit and return the result; `twice` of the photos another crawl has stored meanwhile."""
    refusals = rejected(*(count.rejected for stage, count in run.counts.items() if stage != "revisit"))
    result: dict[str, Any] = {"shop": run.parameters["shop"], "crawl_id": run.run_id} | answer["result"]
    result["images_new"] -= twice
    result["images_known"] += twice
    result |= {"rejected": refusals, "bytes": answer["bytes"], "seconds": round(time.monotonic() - begun, 3)}
    lake.commit(run, result)
    return result


def _enter(run: OpenRun, answer: Mapping[str, Any], parts: Mapping[str, list[Part]]) -> None:
    """Enter what the process wrote."""
    for table, files in parts.items():
        run.add(TABLES[table], files)
    run.counts = {stage: Count(**count) for stage, count in answer["counts"].items()}
    run.seconds, run.cost = dict(answer["seconds"]), {"cpu_seconds": answer["cpu_seconds"]}


def _state_file(lake: Lake, run_id: str) -> Path:
    """Beside the run's parts in a local lake; for an object store on this machine, where alone it goes on."""
    if lake.is_local:
        return Path(lake.root) / f"crawl={run_id}" / "state.db"
    return state_folder() / digest([lake.uri])[:16] / f"{run_id}.db"


def _remove(state: Path) -> None:
    for suffix in FILES:
        Path(f"{state}{suffix}").unlink(missing_ok=True)
