"""crawlers/discover/language_marks.py: which addresses are those of the crawl's language."""

import time

import pytest

from crawlers.discover.language_marks import LanguageChoice, mark_of, sitemaps_elsewhere, wanted_mark

SHOP = "https://shop.example"


@pytest.mark.parametrize(
    ("path", "mark"),
    [
        ("/de/p/1", "de"), ("/fr_CH/p", "fr-ch"), ("/en-gb", "en-gb"), ("/p/1?lang=it", "it"),
        ("/?locale=pt_BR", "pt-br"),
        ("/p/de/1", ""), ("/gb/p", ""), ("/design/p", ""), ("/p?colour=no", ""), ("/", ""), ("/xx/p", ""),
    ],
)  # fmt: skip
def test_an_address_may_be_marked_by_its_path_or_a_parameter(path: str, mark: str) -> None:
    assert mark_of(SHOP + path) == mark


def test_a_country_is_a_mark_where_the_home_page_has_one() -> None:
    assert mark_of(f"{SHOP}/gb/p", any_code=True) == "gb"
    assert mark_of("http://[x", any_code=True) == ""


@pytest.mark.parametrize(
    ("marks", "language", "wanted"),
    [
        ({"en", "de", ""}, "en-gb", "en"), ({"en-us", "en-gb"}, "en", "en-gb"), ({"en", "en-us"}, "en-us", "en-us"),
        ({"it", ""}, "en", None), ({"en"}, "", None), (set(), "de", None),
    ],
)  # fmt: skip
def test_marks_count_only_beside_one_of_the_crawl_s_own_language(
    marks: set[str], language: str, wanted: str | None
) -> None:
    assert wanted_mark(marks, language) == wanted


def test_addresses_of_other_languages_are_left_and_unmarked_ones_are_read() -> None:
    choice = LanguageChoice("en", "", {"en", "de"})
    assert [choice.address(SHOP + path, []) != "" for path in ("/en/p", "/de/p", "/p")] == [True, False, True]

    market = LanguageChoice("en", "gb", {"gb", "us"})
    assert [market.address(SHOP + path, []) != "" for path in ("/gb/p", "/us/p", "/p")] == [True, False, True]

    unsure = LanguageChoice("en", "", {"it", ""})  # information technology
    assert unsure.address(f"{SHOP}/it/mouse", []) == f"{SHOP}/it/mouse"


def test_a_page_is_read_at_its_twin_in_the_crawl_s_language_else_at_the_default_else_at_one_of_them() -> None:
    twins = [(tag, f"{SHOP}/{tag}/p") for tag in ("de", "fr")]
    default = ("x-default", f"{SHOP}/fr/p")

    assert LanguageChoice("fr-ch", "", ()).address(f"{SHOP}/de/p", twins) == f"{SHOP}/fr/p"
    assert LanguageChoice("en", "", ()).address(f"{SHOP}/de/p", [*twins, default]) == f"{SHOP}/fr/p"
    assert {LanguageChoice("en", "", ()).address(url, twins) for _, url in twins} == {f"{SHOP}/de/p"}
    assert LanguageChoice("en", "", ()).address(f"{SHOP}/p", twins) == f"{SHOP}/p"
    both = [("en", f"{SHOP}/us/p"), ("en", f"{SHOP}/gb/p")]
    assert LanguageChoice("en", "gb", ()).address(f"{SHOP}/us/p", both) == f"{SHOP}/gb/p"


def test_sitemaps_named_alike_but_for_a_language_are_told_apart() -> None:
    index = [f"{SHOP}/sitemap-{tag}.xml" for tag in ("de", "en", "fr")] + [f"{SHOP}/is/sitemap-products.xml"]

    assert sitemaps_elsewhere(index, "en") == {index[0], index[2]}
    assert sitemaps_elsewhere(index, "ja") == sitemaps_elsewhere(index, "") == set()
    folders = [f"{SHOP}/{tag}/sitemap.xml?page=1" for tag in ("pt-br", "es")]
    assert sitemaps_elsewhere(folders, "es-mx") == {folders[0]}


def test_an_index_of_long_names_takes_no_time() -> None:
    begun = time.perf_counter()
    sitemaps_elsewhere((f"{SHOP}/{n}-" + "de-" * 2_000 for n in range(500)), "de")
    assert time.perf_counter() - begun < 5
