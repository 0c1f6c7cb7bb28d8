"""A lake, and crawls that were committed to it some days ago."""

import itertools
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from infra import lake as lake_module
from infra.lake import Lake
from schemas.ids import new_run_id
from schemas.product import PRODUCTS, Product
from tests.flows.queries.committed_crawls import NOW, Crawled


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(str(tmp_path / "lake"))


@pytest.fixture
def crawled(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> Crawled:
    """Commits a crawl that was begun so many days ago."""
    calls = itertools.count()

    def commit(
        days_ago: float,
        *products: Product,
        shop: str = "s",
        complete: bool | None = None,
        parents: Sequence[str] = (),
        **parameters: Any,
    ) -> str:
        began = NOW - timedelta(days=days_ago) + timedelta(milliseconds=next(calls))
        monkeypatch.setattr(lake_module, "new_run_id", lambda: new_run_id(began))
        asked = {"shop": shop} | parameters
        run = lake.begin("crawl", "crawl", f"{shop} {days_ago}", parents=parents, parameters=asked)
        run.started_at = began
        rows = run.writer(PRODUCTS)
        for item in products:
            rows.write(item.row(("",) * len(item.image_urls), began))
        run.add(PRODUCTS, rows.close())
        said = {} if complete is None else {"complete": complete}
        return lake.commit(run, {"shop": shop, "crawl_id": run.run_id} | said).run_id

    return commit
