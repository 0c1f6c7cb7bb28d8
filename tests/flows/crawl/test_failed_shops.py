"""flows/crawl/failed_shops.py: whether a night went well, and what its message says."""

import pytest
from prefect.states import Completed

from flows.crawl.failed_shops import completed, reasons, refuse_too_many
from schemas.errors import FetchError, StalledError

DEAD = FetchError("http://dead.test/", "does not answer (connection refused)", transient=True)
HUNG = StalledError("hung", "no progress for 15 minutes, its crawl was ended")
FAILED: dict[str, Exception] = {"dead": DEAD, "hung": HUNG}


def test_a_night_with_a_few_failed_shops_is_completed_and_names_them() -> None:
    state = completed({"products": 3}, 9, FAILED)

    assert isinstance(state, type(Completed())) and state.is_completed() and state.result() == {"products": 3}
    assert state.message.startswith(
        "2 of 9 shops not crawled, kept as they were: dead (http://dead.test/: does not"
    )
    assert "hung (hung: no progress for 15 minutes" in state.message


def test_a_night_without_failed_shops_has_nothing_to_say() -> None:
    assert not completed({}, 9, {}).message


@pytest.mark.parametrize(("shops", "most"), [(4, 0.5), (10, 0.2), (3, 0.7)])
def test_up_to_the_share_all_goes_on_and_with_one_more_nothing_does(shops: int, most: float) -> None:
    refuse_too_many(shops, {}, 0.0)
    refuse_too_many(shops, FAILED, most)

    with pytest.raises(FetchError, match=rf"^3 of {shops} shops"):
        refuse_too_many(shops, FAILED | {"third": DEAD}, most)


@pytest.mark.parametrize(("shops", "most"), [(3, 0.5), (10, 0.1), (100, 0.0), (2, 1.0)])
def test_above_it_or_where_none_is_left_all_failed_and_every_shop_is_named(shops: int, most: float) -> None:
    with pytest.raises(FetchError, match=rf"^2 of {shops} shops: dead .*; hung "):
        refuse_too_many(shops, FAILED, most)


def test_a_single_shop_fails_with_its_own_error_a_bug_with_its_traceback() -> None:
    bug = KeyError("width")
    for error in (DEAD, HUNG, bug):
        with pytest.raises(type(error)) as raised:
            refuse_too_many(1, {"dead": error}, 1.0)
        assert raised.value is error


def test_a_reason_is_one_line_and_a_bug_is_told_by_its_type() -> None:
    told = reasons({"dead": DEAD, "odd": RuntimeError("broke:\n  last\n  words")})

    assert told == {"dead": str(DEAD), "odd": "RuntimeError: broke: last words"}


def test_many_failed_shops_are_named_and_the_first_explained() -> None:
    many: dict[str, Exception] = {f"shop{n}": DEAD for n in range(30)}

    message = completed({}, 100, many).message

    assert all(f"shop{n}" in message for n in range(30)) and message.count("does not answer") == 5
