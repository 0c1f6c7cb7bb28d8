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
    with pytest.raises(RejectedError, match="30 of 70 refused"):
        stage.check_floor("page")

    stage.floor = 0.5

    assert not is_below_floor(stage)


def test_a_few_rows_do_not_stop_a_stage() -> None:
    stage = tally(0, *["timeout"] * (FLOOR_FROM - 1))
    assert not is_below_floor(stage)

    stage.count_reject("timeout")

    assert is_below_floor(stage)


def test_obeying_the_shop_does_not_stop_a_stage() -> None:
    stage = tally(0, *["robots"] * 500, *["duplicate"] * 500, *["opted_out"] * 500)

    assert not is_below_floor(stage)
    assert is_below_floor(tally(0, *["timeout"] * 1_500))


def is_below_floor(stage: Tally) -> bool:
    try:
        stage.check_floor("page")
    except RejectedError:
        return True
    return False
