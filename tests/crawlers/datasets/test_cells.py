"""crawlers/datasets/cells.py: what programs write into a cell, as text, as a list, as yes or no."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from crawlers.datasets.cells import (
    fact_of_cell,
    list_of_cell,
    listed,
    plain_name,
    scalars,
    text_of_cell,
    truth_of_cell,
)
from crawlers.datasets.table_rows import Unreadable


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (None, ""),
        (float("nan"), ""),
        (float("inf"), "inf"),
        (123.0, "123"),
        (0, "0"),
        (0.5, "0.5"),
        ("00123", "00123"),
        (" a\x00\x1bb\ud800 ", "ab\ufffd"),
        (b"\xff", ""),
        (True, "true"),
        (Decimal("12.50"), "12.50"),
        (date(2026, 1, 2), "2026-01-02"),
        (["a", None, 2.0], "a, 2"),
        ({"a": date(2026, 1, 2)}, '{"a": "2026-01-02"}'),
        (Unreadable("x"), ""),
    ],
)
def test_a_cell_is_one_text_whatever_wrote_it(cell: Any, text: str) -> None:
    assert text_of_cell(cell) == text


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ('["Women","Dresses"]', ["Women", "Dresses"]),
        ("['red', 'summer']", ["red", "summer"]),
        ("['red' 'summer'\n 'linen']", ["red", "summer", "linen"]),
        ("""["men's", 'say "so"', 'it\\'s']""", ["men's", 'say "so"', "it's"]),
        ("[]", []),
        ("[Sale] shirt [new]", None),
        ("[red, summer]", None),
        ("red, summer", None),
        ('["a"', None),
        ("[" * 100_000 + "]" * 100_000, None),
    ],
)
def test_a_list_written_as_text_is_a_list(text: str, parts: list[str] | None) -> None:
    assert listed(text) == parts


def test_a_number_without_end_is_no_text() -> None:
    assert text_of_cell(1 << 100_000) == ""


def test_a_list_is_cut_where_the_user_says() -> None:
    assert list_of_cell("a| b |c", "|") == ["a", "b", "c"]
    assert list_of_cell('["a", "b"]', "json") == ["a", "b"]
    assert list_of_cell([["a", "b"], ["c"]]) == ["a", "b", "c"]
    assert list_of_cell("a, b") == "a, b"
    assert list_of_cell(b"a") == list_of_cell(None) == ""


def test_a_fact_loses_the_brackets_of_a_list() -> None:
    assert fact_of_cell("['red', 'blue']") == "red, blue"
    assert fact_of_cell("[limited] red") == "[limited] red"


def test_yes_and_no_are_told_and_anything_else_is_neither() -> None:
    assert [truth_of_cell(cell) for cell in (1, "Yes", "sold out", False, "soon", None)] == [
        True, True, False, False, None, None,
    ]  # fmt: skip


def test_names_are_alike_whatever_their_case_and_blanks() -> None:
    assert {plain_name(name) for name in ("Product_ID", " product id ", "PRODUCT-ID")} == {"product_id"}


def test_pictures_and_nested_places_are_no_facts() -> None:
    row = {"a": 1, "b": b"x", "c": {"d": 1}, "e": ["f"], "g": [{"h": 1}], "i": Unreadable("x")}

    assert [name for name, _ in scalars(row)] == ["a", "e", "i"]
