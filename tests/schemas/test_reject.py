"""schemas/reject.py: a refusal is made in one way, checked, and never longer than its column may be."""

import pytest

from schemas.reject import LONGEST_DETAIL, REJECTS, Reject


def test_a_reject_row_has_the_declared_columns_and_a_known_reason() -> None:
    assert list(Reject("page", "timeout", "https://shop.example/").row()) == REJECTS.names
    with pytest.raises(ValueError, match="tired"):
        Reject("page", "tired", "https://shop.example/")


def test_a_detail_is_cut_to_what_a_column_holds() -> None:
    assert Reject("page", "timeout", "u", detail="x" * 9_999).detail == "x" * LONGEST_DETAIL
