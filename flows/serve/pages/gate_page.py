"""How each candidate was judged beside what was live: the history of what went live, slice by slice, query by query."""

from functools import lru_cache
from itertools import islice
from typing import Any

from fastapi import APIRouter, Response

from flows.queries.live import POINTERS, live
from flows.serve.pages.page import page
from flows.serve.pages.search_pages import LASTING
from flows.serve.photos.stored_photos import SIDES, StoredPhotos
from flows.serve.window import Window
from infra.lake import Lake
from schemas.errors import LakeError
from schemas.manifest import Manifest

SHOWN_RUNS = 30
SHOWN_QUERIES = 8
SHOWN_HITS = 6


def routes(window: Window) -> APIRouter:
    """The gate page and its photos: queries are customers' photos, which the index does not hold."""
    router = APIRouter()

    @lru_cache(4)
    def photos_of(run_id: str) -> StoredPhotos:
        rows = _changes(window.lake, _judged(window.lake, run_id))
        ids = {row["query_id"] for row in rows}
        for row in rows:
            ids.update(row["live_image_ids"], row["candidate_image_ids"])
        if not ids:
            raise LakeError(run_id, "keeps no changed queries")
        return StoredPhotos(window.lake, sorted(ids))

    @router.get("/gate")
    def gate(run: str = "") -> Response:
        history = _history(window.lake)
        shown = (
            _judged(window.lake, run)
            if run
            else next((each for each in history if each.rows("verdicts")), None)
        )
        verdicts = (
            window.lake.table(shown, "verdicts").to_pylist() if shown and shown.rows("verdicts") else []
        )
        return page(
            "gate",
            history=history,
            pointed=live(window.lake),
            shown=shown,
            overall=[row for row in verdicts if row["slice"] == "all"],
            slices=sorted((row for row in verdicts if row["slice"] != "all"), key=_worst_first),
            queries=_changes(window.lake, shown) if shown else [],
        )

    @router.get("/gate/{run_id}/photo/{image_id}")
    def photo(run_id: str, image_id: str) -> Response:
        return Response(photos_of(run_id).small(image_id, SIDES[0]), 200, LASTING, "image/jpeg")

    return router


def _history(lake: Lake) -> list[Manifest]:
    return list(islice(lake.runs("run", *POINTERS, newest_first=True), SHOWN_RUNS))


def _judged(lake: Lake, run_id: str) -> Manifest:
    run = lake.run(run_id)
    if run.flow not in POINTERS:
        raise LakeError(run_id, f"is a run of {run.flow}; the gate judges in publish runs")
    return run


def _changes(lake: Lake, run: Manifest) -> list[dict[str, Any]]:
    """The queries whose answers changed most, with as many hits as a page shows."""
    if not run.rows("changes"):
        return []
    rows = lake.table(run, "changes").to_pylist()[:SHOWN_QUERIES]
    for row in rows:
        for side in ("live", "candidate"):
            row[f"{side}_image_ids"] = row[f"{side}_image_ids"][:SHOWN_HITS]
    return list(rows)


def _worst_first(row: dict[str, Any]) -> tuple[bool, bool, float]:
    return row["verdict"] != "worse", row["verdict"] == "too few", row["difference"]
