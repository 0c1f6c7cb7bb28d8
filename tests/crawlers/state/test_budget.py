"""crawlers/state/budget.py: what one crawl may take of a shop."""

from pathlib import Path

from crawlers.discover.visit import Visit
from crawlers.state.budget import Budget
from crawlers.state.catalogue_rows import is_complete
from crawlers.state.page_queue import PageQueue
from crawlers.state.photo_queue import PhotoQueue
from crawlers.state.recorder import Recorder
from crawlers.state.recrawl_policy import RecrawlPolicy
from crawlers.state.tables.crawl_state import CrawlState
from tests.crawlers.liststore import ListStore, page


def test_photos_and_bytes_have_a_bound_each() -> None:
    received = [0]
    budget = Budget(3, 1_000, lambda: (0, received[0]))

    assert not budget.is_spent_by(2)
    assert "3 photos" in budget.is_spent_by(3)
    assert not budget.is_spent_by()
    received[0] = 1_000
    assert "1,000 bytes (--most-bytes)" in budget.is_spent_by(2)


def test_pages_beyond_the_bytes_are_refused_not_forgotten_and_the_crawl_is_not_complete(
    tmp_path: Path,
) -> None:
    received = [0]
    state = CrawlState(tmp_path / "state.db")
    recorder = Recorder(state, ListStore(), RecrawlPolicy(most_bytes=500), traffic=lambda: (0, received[0]))
    queue = PageQueue(recorder, PhotoQueue(recorder))
    queue.open()
    for n in range(3):
        queue.add(Visit(page(n), product=True))
    queue.add(Visit(page(9)))
    first = queue.next_task(frozenset())
    assert first is not None and first.url == page(0)

    received[0] = 600
    assert queue.next_task(frozenset()) is None

    assert not queue.has_waiting()
    assert sorted((row["stage"], row["reason"]) for row in state.collected.rejects()) == [
        ("discover", "budget"), ("page", "budget"), ("page", "budget"),
    ]  # fmt: skip
    (line,) = state.read_note("told")
    assert line.startswith("not all pages were asked for") and "500 bytes" in line
    assert not is_complete(state)
