"""What the receipts of `vitrine forget` keep from coming back, by a crawl or by an import."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from itertools import takewhile

from crawlers.state.forgotten import Forgotten, origin_id
from infra.lake import Lake
from schemas.errors import InputError
from schemas.ids import new_run_id
from schemas.manifest import Manifest

FLOW = "forget"


def receipts(lake: Lake) -> list[Manifest]:
    """The receipts of a lake that hold still, oldest first; one that was lifted is left out."""
    holding: dict[str, Manifest] = {}
    for run in lake.runs("run", FLOW):
        if run.parameters.get("lifted"):
            holding.pop(run.parameters["asked"], None)
        else:
            holding[run.parameters["asked"]] = run
    return list(holding.values())


def forgotten_lately(lake: Lake) -> set[str]:
    """Ids of the runs of the last day by which something was forgotten; reads the manifests of that day alone."""
    since = new_run_id(datetime.now(UTC) - timedelta(days=1))
    newest = takewhile(lambda run: run.run_id > since, lake.runs("run", FLOW, newest_first=True))
    return {run.run_id for run in newest}


def forgotten(lake: Lake) -> Forgotten:
    """What no crawl asks or takes."""
    bans: dict[str, set[str]] = defaultdict(set)
    for run in receipts(lake):
        for row in lake.table(run, "forgotten").to_pylist():
            bans[row["kind"]].add(row["id"])
    return Forgotten(bans["product"], bans["photo"], bans["address"], bans["shop"], bans["origin"])


def refuse_forgotten(lake: Lake, shop: str, url: str) -> None:
    """Raise InputError where a shop, by its name or its address, is not to be crawled or imported again."""
    bans = forgotten(lake)
    if shop in bans.shops or (url and origin_id(url) in bans.origins):
        why = (
            "was forgotten, and nothing of it is taken; `vitrine forget --shop NAME --lift` lets it come back"
        )
        raise InputError(shop, why)
