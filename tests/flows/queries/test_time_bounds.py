"""flows/queries/time_bounds.py: what a user may call a moment, and which runs count as by then."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from flows.queries.time_bounds import time_bound
from infra.lake import Lake
from schemas.errors import InputError, LakeError

NOW = datetime(2026, 11, 25, 7, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("2026-11-01", "2026-11-01T00:00:00+00:00"),
        ("2026-11-01T18:00", "2026-11-01T18:00:00+00:00"),
        ("2026-11-01 18:00:05Z", "2026-11-01T18:00:05+00:00"),
        ("2026-11-01T00:30+01:00", "2026-10-31T23:30:00+00:00"),
        ("today", "2026-11-25T00:00:00+00:00"),
        ("Yesterday", "2026-11-24T00:00:00+00:00"),
        ("now", "2026-11-25T07:30:00+00:00"),
        ("3d", "2026-11-22T07:30:00+00:00"),
        ("12h ago", "2026-11-24T19:30:00+00:00"),
        ("2 w", "2026-11-11T07:30:00+00:00"),
    ],
)
def test_a_moment_is_a_date_a_time_or_how_long_ago(word: str, told: str, tmp_path: Path) -> None:
    assert time_bound("--since", word, Lake(str(tmp_path)), NOW)[1] == told


def test_a_day_counts_from_its_first_second_or_to_its_last(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))

    start, end = (time_bound("--since", "2026-11-01", lake, NOW, end=end)[0] for end in (False, True))

    assert "20261031T235959Z-ffff" < start < "20261101T000001Z-0000"
    assert "20261101T235959Z-ffff" < end < "20261102T000000Z-0000"


def test_a_run_begun_in_that_second_counts(tmp_path: Path) -> None:
    assert time_bound("--since", "2026-11-01", Lake(str(tmp_path)), NOW)[0] > "20261101T000000Z-ffff"


@pytest.mark.parametrize("word", ["", "soon", "3", "3y", "2026-13-01", "999999w", "2026", "-3d"])
def test_any_other_word_is_refused_by_its_option(word: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--since"):
        time_bound("--since", word, Lake(str(tmp_path)), NOW)


def test_an_id_is_a_crawl_of_this_lake(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    crawl = lake.commit(lake.begin("crawl", "crawl", "k"), {"shop": "s"}).run_id
    label = lake.commit(lake.begin("run", "label", "k"), {}).run_id

    assert time_bound("--since", crawl, lake, NOW) == (crawl, crawl)
    with pytest.raises(LakeError, match="not a crawl"):
        time_bound("--since", label, lake, NOW)
    with pytest.raises(LakeError, match="no committed run"):
        time_bound("--since", "20200101T000000Z-abcd", lake, NOW)
