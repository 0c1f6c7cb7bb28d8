"""flows/drill/moments.py and final_tables.py: moments as they are written or drawn, and what makes tables differ."""

import pytest

from flows.drill.final_tables import difference
from flows.drill.moments import STAGES, Moment, drawn, moment
from schemas.errors import UsageError


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("embed:37%", Moment("embed", 0.37)),
        ("embed/actor:80%", Moment("embed", 0.8, actor=True)),
        (" crawl:0.5% ", Moment("crawl", 0.005)),
    ],
)
def test_a_moment_is_read_and_written_alike(written: str, read: Moment) -> None:
    assert moment(written) == read
    assert str(read) == written.strip()


@pytest.mark.parametrize("written", ["embed", "embed:37", "bake:5%", "embed:101%", "train/actor:5%", ":5%"])
def test_anything_else_is_refused_in_one_line(written: str) -> None:
    with pytest.raises(UsageError, match="--kill"):
        moment(written)


def test_a_seed_draws_the_same_moments_of_every_stage() -> None:
    moments = drawn(20, 7)

    assert moments == drawn(20, 7) != drawn(20, 8)
    assert {each.stage for each in moments} == set(STAGES)
    assert {each.actor for each in moments if each.stage == "embed"} == {False, True}
    assert all(0 <= each.share <= 1 for each in moments)


def test_rows_that_are_missing_and_rows_that_are_there_twice_make_a_difference() -> None:
    wanted = {"vectors": [("a", (1.0,)), ("b", (2.0,))], "rejects": []}

    assert difference({"vectors": [("b", (2.0,)), ("a", (1.0,))], "rejects": []}, wanted) == ""
    twice = {"vectors": [("a", (1.0,)), ("a", (1.0,)), ("b", (2.5,))], "rejects": []}
    assert difference(twice, wanted) == "vectors: 1 of 2 rows missing, 2 too many"
