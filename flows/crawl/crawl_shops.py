"""Crawl shops into the lake: one committed crawl per shop, each read by a process of its own, side by side."""

import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from prefect import flow, task

from crawlers.fetch.shop_names import shops_of
from crawlers.profiles import shop_profile
from crawlers.state.recrawl_policy import CHANGED, LIST, REVISITS
from flows.crawl.crawl_store import without_images_of
from flows.crawl.crawl_subprocess import converse
from flows.orchestration import our_error, worth_retrying
from infra.lake import Lake
from infra.machine import state_folder
from infra.open_run import OpenRun
from schemas.errors import FetchError, InputError, LakeError, PipelineError
from schemas.ids import digest
from schemas.image import IMAGES
from schemas.label import ANNOTATIONS
from schemas.ledger import LEDGER
from schemas.manifest import Count, Part, rejected
from schemas.product import PRODUCTS
from schemas.reject import REASONS, REJECTS

TABLES = {
    "products": PRODUCTS,
    "images": IMAGES,
    "rejects": REJECTS,
    "ledger": LEDGER,
    "annotations": ANNOTATIONS,
}
_SUMMED = ("products", "images_new", "images_known", "not_modified", "kept", "requests", "changed", "added",
           "removed", "removal_withheld")  # fmt: skip
_committing = threading.Lock()


@flow(name="crawl")
def crawl(
    urls: list[str],
    lake: str,
    contact: str = "",
    limit: int | None = None,
    revisit: str = CHANGED,
    only: list[str] | None = None,
    retry: list[str] | None = None,
    profile: str | None = None,
    floor: float | None = None,
) -> dict[str, Any]:
    """Crawl each shop in a process of its own, all side by side; one that fails takes no other with it.

    urls     `URL` or `name=URL`
    contact  how a shop reaches us; needed for any shop that is not on this machine
    limit    products per shop at most, None for all
    revisit  of a shop that was crawled before: `full`, `changed` or `list` (see crawlers/state/recrawl_policy.py)
    only     addresses of product pages, for `list`
    retry    reasons of schemas.reject: only what the newest crawl refused for one of them is asked again
    profile  path of a shop profile (crawlers/profiles/shop_profile.py); crawlers/shops/<name>.yaml is found by itself
    floor    least share of good rows of a stage; below it a crawl stops and says which reason leads. By default
             what the shop's profile says, else 0.8
    Returns the result of the crawl, for several shops their sum; see docs of the command `crawl`.
    Raises InputError, FetchError, RejectedError, LakeError.
    """
    results, failed = crawl_shops(
        urls,
        lake,
        contact,
        limit=limit,
        revisit=revisit,
        only=only,
        retry=retry,
        profile=profile,
        floor=floor,
    )
    if failed:
        shop, error = next(iter(failed.items()))
        if len(urls) == 1:
            raise error
        raise FetchError(
            f"{len(failed)} of {len(urls)} shops", f"not crawled, the others are; {shop}: {error}"
        )
    return summed(results)


def crawl_shops(
    urls: Sequence[str],
    lake: str,
    contact: str,
    *,
    limit: int | None = None,
    revisit: str = CHANGED,
    only: Sequence[str] | None = None,
    retry: Sequence[str] | None = None,
    profile: str | None = None,
    floor: float | None = None,
) -> tuple[list[dict[str, Any]], dict[str, PipelineError]]:
    """The steps of `crawl`, for flows that begin with it: results, and what kept other shops from having one."""
    shops = shops_of(urls, contact)
    options = asked(limit, revisit, only, retry, profile, floor)
    if len(shops) > 1 and (only or profile):
        raise InputError("--only and --profile", "speak of one shop; name one")
    pending = {name: crawl_shop.submit(name, url, lake, contact, options) for name, url in shops}
    results: list[dict[str, Any]] = []
    failed: dict[str, PipelineError] = {}
    for name, future in pending.items():
        try:
            results.append(future.result())
        except Exception as error:
            if (ours := our_error(error)) is None:
                raise
            failed[name] = ours
    return results, failed


@task(name="crawl shop", retries=1, retry_condition_fn=worth_retrying)
def crawl_shop(shop: str, url: str, lake: str, contact: str, options: dict[str, Any]) -> dict[str, Any]:
    """One shop, one committed crawl; a crawl that was killed goes on where it was."""
    parameters = {"shop": shop, "url": url, "contact": contact, "source": "shop", **options}
    parameters["profile"] = shop_profile.find(shop, options["profile"])
    return run_process(lake, {"do": "crawl", **parameters}, parameters)


def run_process(lake_uri: str, request: Mapping[str, Any], parameters: dict[str, Any]) -> dict[str, Any]:
    """Open a crawl or go on with one, let flows.crawl.crawl_process fill it, commit it; returns the result."""
    begun = time.monotonic()
    lake = Lake(lake_uri)
    previous = newest_crawl(lake, parameters["shop"])
    # Whom to write to and how much failure to bear may be given anew: it is the same crawl.
    same = {name: value for name, value in request.items() if name not in ("contact", "floor")}
    run = lake.begin("crawl", "crawl", digest(same | {"previous": previous}), parameters=parameters)
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
    known = {manifest.run_id for manifest in lake.runs("crawl")}
    place = {
        "lake": lake.root if lake.is_local else lake_uri,  # the process runs in another folder
        "folder": run.folder,
        "state": str(state),
        "previous": previous,
        "started_at": run.started_at.isoformat(),
    }
    try:
        answer = converse(dict(request) | place, parameters["shop"])
        with _committing:  # of crawls that end at once, each sees the photos of the one before
            result = _commit(lake, run, answer, known, begun)
    except BaseException:
        lake.abandon(run)
        raise
    _remove(state)  # only now: a commit that fails is done again without asking the shop anything
    return result


def newest_crawl(lake: Lake, shop: str) -> str | None:
    """Id of a shop's newest committed crawl, an import included; None for a new shop."""
    try:
        return lake.newest("crawl", shop=shop).run_id
    except LakeError:
        return None


def summed(results: list[dict[str, Any]]) -> dict[str, Any]:
    """One result for several shops; that of a single shop as it is."""
    if len(results) == 1:
        return results[0]
    total: dict[str, Any] = {name: sum(result[name] for result in results) for name in _SUMMED}
    return total | {
        "shop": [result["shop"] for result in results],
        "crawl_id": [result["crawl_id"] for result in results],
        "rejected": rejected(*(result["rejected"] for result in results)),
        "bytes": sum(result["bytes"] for result in results),
        "seconds": round(max(result["seconds"] for result in results), 3),
        "crawls": results,
    }


def asked(
    limit: int | None = None,
    revisit: str = CHANGED,
    only: Sequence[str] | None = None,
    retry: Sequence[str] | None = None,
    profile: str | None = None,
    floor: float | None = None,
) -> dict[str, Any]:
    """The options of `crawl`, checked, as the request of one shop's crawl holds them. Raises InputError."""
    if limit is not None and limit < 1:
        raise InputError("--limit", f"{limit} products are none")
    if revisit not in REVISITS:
        raise InputError(f"--revisit {revisit}", f"is none of {', '.join(REVISITS)}")
    if unknown := set(retry or ()) - set(REASONS):
        raise InputError(f"--retry {min(unknown)}", f"no such reason; there are {', '.join(REASONS)}")
    if floor is not None and not 0 <= floor <= 1:
        raise InputError(f"--floor {floor}", "is not between 0 and 1")
    if profile:
        shop_profile.load(profile)  # refused now, before anything is asked
    return {
        "limit": limit,
        "revisit": LIST if retry else revisit,
        "only": list(only or ()),
        "retry": list(retry or ()),
        "profile": str(Path(profile).resolve()) if profile else "",
        "floor": floor,
    }


def _commit(
    lake: Lake, run: OpenRun, answer: Mapping[str, Any], known: set[str], begun: float
) -> dict[str, Any]:
    """Make the crawl exist; returns its result."""
    twice = _enter(lake, run, answer, known)
    refusals = rejected(*(count.rejected for stage, count in run.counts.items() if stage != "revisit"))
    result: dict[str, Any] = {"shop": run.parameters["shop"], "crawl_id": run.run_id} | answer["result"]
    result["images_new"] -= twice
    result["images_known"] += twice
    result |= {"rejected": refusals, "bytes": answer["bytes"], "seconds": round(time.monotonic() - begun, 3)}
    lake.commit(run, result)
    return result


def _enter(lake: Lake, run: OpenRun, answer: Mapping[str, Any], known: set[str]) -> int:
    """Enter what the process wrote; returns how many of its photos another crawl has stored meanwhile."""
    parts = {table: [Part(**part) for part in found] for table, found in answer["files"].items()}
    others = [manifest for manifest in lake.runs("crawl") if manifest.run_id not in known]
    parts["images"], twice = without_images_of(lake, run.folder, parts["images"], others)
    for table, found in parts.items():
        run.add(TABLES[table], found)
    run.counts = {stage: Count(**count) for stage, count in answer["counts"].items()}
    run.seconds = dict(answer["seconds"])
    return twice


def _state_file(lake: Lake, run_id: str) -> Path:
    """Beside the run's parts in a local lake; for an object store on this machine, where alone it goes on."""
    if lake.is_local:
        return Path(lake.root) / f"crawl={run_id}" / "state.db"
    return state_folder() / digest([lake.uri])[:16] / f"{run_id}.db"


def _remove(state: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        Path(f"{state}{suffix}").unlink(missing_ok=True)
