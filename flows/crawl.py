"""Crawl shops into the lake: one committed crawl per shop, each read by a process of its own."""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from prefect import flow, task

from crawlers.identity import named_shop, user_agent
from flows.orchestration import die_with_parent, worth_retrying
from flows.progress import Stage, stage
from infra.lake import Lake, OpenRun
from schemas import errors
from schemas.errors import InputError, LakeError
from schemas.ids import digest
from schemas.image import IMAGES
from schemas.manifest import Count, Part, rejected
from schemas.product import PRODUCTS
from schemas.reject import REJECTS

TABLES = {"products": PRODUCTS, "images": IMAGES, "rejects": REJECTS}
_SHOWN = {"page": "products", "image": "photos", "import": "rows"}
_SUMMED = (
    "products",
    "images_new",
    "images_known",
    "not_modified",
    "requests",
    "changed",
    "added",
    "removed",
)
_ROOT = Path(__file__).resolve().parent.parent


@flow(name="crawl")
def crawl(urls: list[str], lake: str, contact: str = "", limit: int | None = None) -> dict[str, Any]:
    """Crawl each shop, one after the other, so that a photo two shops share is stored once.

    urls     `URL` or `name=URL`
    contact  how a shop reaches us; needed for any shop that is not on this machine
    limit    products per shop at most, None for all
    Returns the result of the crawl, for several shops their sum; see docs of the command `crawl`.
    Raises InputError, FetchError, RejectedError, LakeError.
    """
    return crawl_shops(urls, lake, contact, limit)


def crawl_shops(urls: list[str], lake: str, contact: str, limit: int | None) -> dict[str, Any]:
    """The steps of `crawl`, for flows that begin with it."""
    if not urls:
        raise InputError("crawl", "no shop named")
    if limit is not None and limit < 1:
        raise InputError("--limit", f"{limit} products are none")
    shops = [named_shop(url) for url in urls]
    for name, url in shops:
        user_agent(url, contact)  # refused now rather than after the first shop's hour
        if [other for other, _ in shops].count(name) > 1:
            raise InputError(f"shop name {name!r}", "is given twice; write name=URL to tell them apart")
    return summed([crawl_shop(name, url, lake, contact, limit) for name, url in shops])


@task(name="crawl shop", retries=1, retry_condition_fn=worth_retrying)
def crawl_shop(shop: str, url: str, lake: str, contact: str, limit: int | None) -> dict[str, Any]:
    """One shop, one committed crawl; begun anew where an earlier one was killed."""
    parameters = {"shop": shop, "url": url, "contact": contact, "limit": limit, "source": "shop"}
    return run_process(lake, {"do": "crawl", **parameters}, parameters)


def run_process(lake_uri: str, request: Mapping[str, Any], parameters: dict[str, Any]) -> dict[str, Any]:
    """Open a crawl, let flows.crawl_process fill it, commit it; returns the result."""
    begun = time.monotonic()
    lake = Lake(lake_uri)
    previous = newest_crawl(lake, parameters["shop"])
    run = lake.begin("crawl", "crawl", digest(dict(request)), parameters=parameters)
    run.parents = [previous] if previous else []
    for schema in TABLES.values():
        run.drop(schema)
    place = {
        "lake": lake_uri,
        "folder": run.folder,
        "previous": previous,
        "started_at": run.started_at.isoformat(),
    }
    answer = _converse(dict(request) | place, parameters["shop"])
    _enter(run, answer)
    refusals = rejected(*(count.rejected for count in run.counts.values()))
    result: dict[str, Any] = {"shop": parameters["shop"], "crawl_id": run.run_id} | answer["result"]
    result |= {"rejected": refusals, "bytes": answer["bytes"], "seconds": round(time.monotonic() - begun, 3)}
    lake.commit(run, result)
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
        "seconds": round(sum(result["seconds"] for result in results), 3),
        "crawls": results,
    }


def _enter(run: OpenRun, answer: Mapping[str, Any]) -> None:
    for table, parts in answer["files"].items():
        run.add(TABLES[table], [Part(**part) for part in parts])
    run.counts = {stage: Count(**count) for stage, count in answer["counts"].items()}
    run.seconds = dict(answer["seconds"])


def _converse(request: Mapping[str, Any], shop: str) -> dict[str, Any]:
    """Run the process to its end and show how far it is.

    Raises the PipelineError that it reports, or RuntimeError with its last words where it broke.
    """
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "flows.crawl_process"],
            cwd=_ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
            encoding="utf-8",
            preexec_fn=die_with_parent,
        )
        assert process.stdin is not None and process.stdout is not None
        try:
            with process.stdin as stdin:
                stdin.write(json.dumps(request, default=str) + "\n")
            last = _follow(process.stdout, shop)
            process.wait()
        finally:
            process.kill()  # also when the flow is cancelled; a process that has ended does not mind
            process.wait()
            process.stdout.close()
        if "done" in last:
            return dict(last["done"])
        if "error" in last:
            raise getattr(errors, last["error"]["type"])(*last["error"]["args"])
        said.seek(0)
        words = said.read().decode(errors="replace").strip().splitlines()
        raise RuntimeError(
            f"the crawl of {shop} broke with code {process.returncode}: " + "\n".join(words[-20:])
        )


def _follow(lines: Iterable[str], shop: str) -> dict[str, Any]:
    """Show progress lines as stages; returns the last line, which is no progress where all went well."""
    message: dict[str, Any] = {}
    with ExitStack() as shown:
        step: Stage | None = None
        name = ""
        for line in lines:
            message = json.loads(line)
            if (news := message.get("progress")) is None:
                continue
            if news["stage"] != name:
                name = news["stage"]
                shown.close()
                unit = _SHOWN.get(name, name)
                step = shown.enter_context(stage(f"{shop}: {unit}", news["total"], unit))
            assert step is not None
            step.reach(news["done"], total=news["total"], note=news["note"])
    return message
