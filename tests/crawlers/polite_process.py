"""A crawl with the settings of production, of hosts that are on this machine and do not know it; a reactor runs once.

    echo '{"url": ..., "named": [...], "state": ...}' | python -m tests.crawlers.polite_process

Every name resolves to this machine. Prints one JSON object: products and photos, refusals by reason, notes, failure.
"""

import json
import sys
from functools import partial
from pathlib import Path

from crawlers import run
from crawlers.fetch.guard import Guard
from crawlers.platforms import Shop
from crawlers.state.recorder import Recorder
from crawlers.state.tables.crawl_state import CrawlState
from schemas.errors import PipelineError
from tests.crawlers.liststore import ListStore


async def here(host: str, port: int) -> list[str]:
    """Resolve every name to this machine."""
    return ["127.0.0.1"]


def main() -> None:
    """Be the process."""
    said = json.load(sys.stdin)
    run.Guard = partial(_guard, said["named"])  # type: ignore[misc, assignment]
    state, store, failure = CrawlState(Path(said["state"])), ListStore(), ""
    recorder = Recorder(state, store)
    try:
        run.crawl_shop(Shop("acme", said["url"]), "crawl@vitrine.example", recorder, run.Traffic())
    except PipelineError as error:
        failure = str(error)
    refused: dict[str, int] = {}
    for reject in state.collected.rejects():
        refused[reject["reason"]] = refused.get(reject["reason"], 0) + 1
    products = state.collected.product_count()
    print(
        json.dumps({"products": products, "photos": len(store.rows), "refused": refused, "failure": failure})
    )


def _guard(named: list[str], urls: list[str]) -> Guard:
    return Guard([*urls, *named], here)


if __name__ == "__main__":
    main()
