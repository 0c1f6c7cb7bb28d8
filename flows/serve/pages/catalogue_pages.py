"""What the shops changed, what was refused, and what people said against labels."""

from typing import Any

from fastapi import APIRouter, Response

from flows.queries.changes import changes
from flows.queries.newest_crawls import newest_crawls
from flows.queries.overrides import overrides
from flows.serve.pages.page import page
from flows.serve.window import Window
from infra.lake import Lake
from schemas.errors import InputError, LakeError, UsageError
from schemas.manifest import Manifest
from schemas.reject import REASONS

SHOWN_REJECTS = 60
SPANS = ("1d", "7d", "30d", "365d")
NOTHING_CHANGED: dict[str, Any] = {"shops": [], "counts": {}, "changes": []}


def routes(window: Window) -> APIRouter:
    """The pages about the catalogue."""
    router = APIRouter()

    @router.get("/catalogue")
    def catalogue(since: str = "7d", shop: str = "", reason: str = "") -> Response:
        crawls = newest_crawls(window.lake)
        shops = [str(crawl.result["shop"]) for crawl in crawls]
        chosen = [crawl for crawl in crawls if shop in ("", crawl.result["shop"])]
        return page(
            "catalogue",
            served=window.serving.now(),
            since=since,
            spans=SPANS,
            shop=shop,
            shops=shops,
            crawls=chosen,
            told=changed(window.lake, since, shop),
            reason=reason,
            reasons=REASONS,
            refused=_refused(chosen),
            rejects=_rejects(window, chosen, reason),
        )

    @router.get("/overrides")
    def said() -> Response:
        served = window.serving.now()
        rows = [
            {"product_id": product_id, "product": served.product(product_id), "said": each}
            for product_id, each in overrides(window.lake).items()
        ]
        return page("overrides", rows=rows[::-1])

    return router


def changed(lake: Lake, since: str, shop: str) -> dict[str, Any]:
    """What `vitrine changes` says; InputError in the words of a page for a time or a shop that there is not."""
    try:
        return changes(lake.uri, since, shop=shop)
    except UsageError as error:
        raise InputError(error.what.removeprefix("--"), error.why) from error


def _refused(crawls: list[Manifest]) -> dict[str, int]:
    """Refusals by reason, the most frequent first."""
    totals: dict[str, int] = {}
    for crawl in crawls:
        for count in crawl.counts.values():
            for reason, number in count.rejected.items():
                totals[reason] = totals.get(reason, 0) + number
    return dict(sorted(totals.items(), key=lambda pair: (-pair[1], pair[0])))


def _rejects(window: Window, crawls: list[Manifest], reason: str) -> list[dict[str, Any]]:
    """Some rows that were refused, each with a photo of its product where one is stored."""
    served = window.serving.now()
    rows: list[dict[str, Any]] = []
    for crawl in crawls:
        try:
            batches = window.lake.batches(crawl, "rejects") if crawl.rows("rejects") else ()
            for batch in batches:
                for row in batch.to_pylist():
                    if reason in ("", row["reason"]):
                        product = served.product(row["product_id"])
                        rows.append(row | {"product": product, "shop": crawl.result["shop"]})
                if len(rows) >= SHOWN_REJECTS:
                    return rows[:SHOWN_REJECTS]
        except LakeError:  # forgotten since
            continue
    return rows
