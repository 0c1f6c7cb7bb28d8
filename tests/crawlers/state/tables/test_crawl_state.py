import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from crawlers.state.tables import crawl_state as module
from crawlers.state.tables.crawl_state import CrawlState
from crawlers.state.tables.frontier import Kind
from schemas.errors import LakeError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "state.db"


def test_a_new_state_is_fresh_and_one_that_goes_on_is_not(path: Path) -> None:
    first = CrawlState(path)
    first.close()

    again = CrawlState(path)

    assert (first.fresh, again.fresh) == (True, False)


def test_what_is_committed_outlives_the_process_and_what_is_not_does_not(path: Path) -> None:
    state = CrawlState(path)
    state.write_note("kept", {"é": [1, None, "x"]})
    state.frontier.add(Kind.PRODUCT, "kept", "https://shop.example/kept")
    state.commit()
    state.write_note("lost", 1)
    state.frontier.add(Kind.PRODUCT, "lost", "https://shop.example/lost")

    state.close()
    again = CrawlState(path)

    assert (again.read_note("kept"), again.read_note("lost")) == ({"é": [1, None, "x"]}, None)
    assert again.frontier.total(Kind.PRODUCT) == 1


def test_an_answer_half_taken_in_can_be_forgotten(path: Path) -> None:
    state = CrawlState(path)
    state.write_note("half", True)

    state.roll_back()
    state.write_note("whole", True)
    state.commit()

    assert (state.read_note("half"), state.read_note("whole")) == (None, True)


def test_forgetting_also_works_where_sqlite_has_ended_the_transaction_itself(path: Path) -> None:
    state = CrawlState(path)
    state.db.execute("rollback")  # what a full disk does

    state.roll_back()
    state.write_note("whole", True)
    state.commit()

    assert state.read_note("whole") is True


def test_a_commit_is_due_from_time_to_time(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    state = CrawlState(path)

    monkeypatch.setattr(module, "COMMIT_EVERY_S", 1000.0)
    assert not state.is_commit_due()
    monkeypatch.setattr(module, "COMMIT_EVERY_S", 0.0)
    assert state.is_commit_due()


def garbage(path: Path) -> None:
    path.write_bytes(b"PAR1 and no database " * 400)


def of_another_program(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("create table meta (name, price)")


def with_a_value_that_is_no_json(path: Path) -> None:
    CrawlState(path).close()
    with closing(sqlite3.connect(path)) as db:
        db.execute("update meta set value = 'x x'")
        db.commit()


def of_a_newer_vitrine(path: Path) -> None:
    CrawlState(path).close()
    with closing(sqlite3.connect(path)) as db:
        db.execute("update meta set value = '99'")
        db.commit()


def a_folder(path: Path) -> None:
    path.mkdir()


@pytest.mark.parametrize(
    "damage", [garbage, of_another_program, with_a_value_that_is_no_json, of_a_newer_vitrine, a_folder]
)
def test_a_file_that_is_no_state_of_this_vitrine_is_named_in_one_line(
    damage: Callable[[Path], None], path: Path
) -> None:
    path.parent.mkdir()
    damage(path)

    with pytest.raises(LakeError) as caught:
        CrawlState(path)

    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)
