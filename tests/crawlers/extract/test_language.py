"""crawlers/extract/language.py: tags, and the choice among several."""

import pytest

from crawlers.extract.language import X_DEFAULT, alternate_tag, best_alternate, speaks, tag_of


@pytest.mark.parametrize(
    ("value", "tag"),
    [
        ("de", "de"), (" EN_GB ", "en-gb"), ("zh-Hant-TW", "zh-hant-tw"), ("fr_FR.UTF-8", "fr-fr"), ("nds", "nds"),
        ("", ""), ("english", ""), ("x-default", ""), ("{{ lang }}", ""), ("d", ""), (None, ""), (7, ""),
    ],
)  # fmt: skip
def test_a_tag_is_written_in_one_way(value: object, tag: str) -> None:
    assert tag_of(value) == tag


@pytest.mark.parametrize(
    ("wanted", "stated", "same"),
    [
        ("de", "de", True), ("de", "de-at", True), ("de-at", "de", True), ("", "de", True), ("de", "", True),
        ("de", "en", False), ("en-gb", "en-us", False), ("zh-hans", "zh-hant", False), ("de", "den", False),
    ],
)  # fmt: skip
def test_regions_count_where_both_name_them(wanted: str, stated: str, same: bool) -> None:
    assert speaks(wanted, stated) is same


def test_the_very_tag_is_better_than_none_s_region_and_that_than_another_s() -> None:
    all_of_them = [("en-us", "us"), (X_DEFAULT, "x"), ("en", "plain"), ("en-gb", "gb"), ("de", "de")]

    assert best_alternate(all_of_them, "en-gb") == "gb"
    assert best_alternate(all_of_them, "en-ie") == "plain"
    assert best_alternate(all_of_them, "de-ch") == "de"
    assert best_alternate([("en-us", "us"), ("en-gb", "gb")], "en") == "gb"
    assert best_alternate(all_of_them, "fr") == ""
    assert [alternate_tag(value) for value in ("X-Default", "pt_BR", "?")] == [X_DEFAULT, "pt-br", ""]
