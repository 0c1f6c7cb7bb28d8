"""A crawl's state as its answers leave it: what yesterday knew, what was asked and read today."""

from typing import Any

from crawlers.state.tables.crawl_state import CrawlState
from crawlers.state.tables.frontier import READ, Kind, Task
from tests.crawlers.liststore import ledger_row, page, product


def learn(state: CrawlState, rows: list[dict[str, Any]]) -> None:
    state.previous.load_products(rows)
    ledger = (ledger_row(row["page"], product_ids=[row["product_id"]], etag='"1"') for row in rows)
    state.previous.load_ledger(ledger)


def asked(state: CrawlState, kind: Kind, url: str, outcome: str, **more: Any) -> Task:
    state.frontier.add(kind, url, url, product_id="acme:0" if kind == Kind.PHOTO else "")
    task = state.frontier.next_task(kind)
    assert task is not None
    state.frontier.finish(task, outcome, fetched_at=1_700_000_000_000, **more)
    return task


def read(state: CrawlState, n: int, title: str = "") -> None:
    asked(state, Kind.PRODUCT, page(n), READ)
    state.collected.add_product(product(n, title), page(n))
    state.previous.mark_fetched(f"acme:{n}")
