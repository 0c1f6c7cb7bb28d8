import pytest

from crawlers.state.tally import FLOOR_FROM, WINDOW, Tally
from schemas.errors import RejectedError


def tally(passed: int = 0, *refusals: str) -> Tally:
    stage = Tally(out=passed)
    for reason in refusals:
        stage.count_reject(reason)
    return stage


def test_a_tally_accounts_for_every_row() -> None:
    count = tally(3, "timeout", "timeout", "robots").count()

    count.check("page")
    assert (count.came_in, count.went_out, count.rejected) == (6, 3, {"timeout": 2, "robots": 1})


def test_a_stage_stops_below_its_floor_and_names_the_leading_reason() -> None:
    stage = tally(40, *["timeout"] * 10)
    stage.check_floor("page")
    stage.count_reject("http_4xx")

    with pytest.raises(RejectedError, match="11 of 51 refused, mostly timeout"):
        stage.check_floor("page")


def test_a_shop_that_breaks_after_a_long_good_run_is_noticed_by_its_newest_rows() -> None:
    stage = tally(10_000)
    for n in range(WINDOW):
        stage.count_reject("http_5xx") if n % 4 else stage.count_out()

    with pytest.raises(RejectedError, match=f"150 of {WINDOW} refused, mostly http_5xx"):
        stage.check_floor("page")


def test_a_lower_floor_bears_more() -> None:
    stage = tally(40, *["timeout"] * 30)
    stage.floor = 0.5

    stage.check_floor("page")


def test_a_few_rows_do_not_stop_a_stage() -> None:
    tally(0, *["timeout"] * (FLOOR_FROM - 1)).check_floor("page")


def test_obeying_the_shop_does_not_stop_a_stage() -> None:
    tally(0, *["robots"] * 500, *["duplicate"] * 500, *["opted_out"] * 500).check_floor("image")
