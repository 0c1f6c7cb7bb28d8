import pytest

from crawlers.sink import LIMIT_FROM, Tally, refused
from schemas.errors import RejectedError
from schemas.reject import REJECTS


def test_a_tally_accounts_for_every_row() -> None:
    tally = Tally(out=3)
    tally.rejected.update(["timeout", "timeout", "robots"])

    count = tally.count()

    count.check("page")
    assert (count.came_in, count.went_out, count.rejected) == (6, 3, {"timeout": 2, "robots": 1})


def test_a_stage_stops_past_a_fifth_and_names_the_leading_reason() -> None:
    tally = Tally(out=40)
    tally.rejected.update(["timeout"] * 10)
    tally.check("page")
    tally.rejected.update(["http_4xx"])

    with pytest.raises(RejectedError, match="11 of 51 refused, mostly timeout"):
        tally.check("page")


def test_a_few_rows_do_not_stop_a_stage() -> None:
    tally = Tally()
    tally.rejected.update(["timeout"] * (LIMIT_FROM - 1))

    tally.check("page")


def test_obeying_the_shop_does_not_stop_a_stage() -> None:
    tally = Tally()
    tally.rejected.update(["robots"] * 500 + ["duplicate"] * 500)

    tally.check("image")


def test_a_reject_row_has_the_declared_columns_and_a_known_reason() -> None:
    assert set(refused("page", "timeout", "https://shop.example/")) == set(REJECTS.names)
    with pytest.raises(ValueError, match="tired"):
        refused("page", "tired", "https://shop.example/")
