"""A crawl reads one language and one market: which, who decides it, and what becomes of the other pages."""

from pathlib import Path

import pytest

from infra.lake import Lake
from tests.crawlers.page_shop import PageShop, node
from tests.crawlers.shopserver import serve
from tests.flows.crawl.page_crawls import crawled, products, reasons

WORDS = {"en": "Felt slipper", "de": "Filzpantoffel", "fr": "Chausson en feutre"}


def spoken(seed: int, form: str, languages: tuple[str, ...] = ("de", "en", "fr"), lang: str = "") -> PageShop:
    """Four products in each language. `form` of addresses and, where it stands in `lang`, what all pages claim."""
    shop = PageShop(seed)
    for n in range(4):
        for language in languages:
            path = form.format(language=language, n=n)
            shop.add(path, node(f"S{n}", f"{WORDS[language]} {n}", f"{n}"), lang=lang or language)
    return shop


BY_PATH, BY_PAGE = "/{language}/p/{n}", "/p/{n}-{language}"


@pytest.mark.parametrize(
    ("form", "asked"),
    [
        (BY_PAGE, ""),
        pytest.param(BY_PAGE, "fr", marks=pytest.mark.slow),
        pytest.param(BY_PATH, "", marks=pytest.mark.slow),
        pytest.param(BY_PATH, "fr", marks=pytest.mark.slow),
    ],
)
def test_a_crawl_reads_one_language_the_home_page_s_or_the_one_asked_for(
    form: str, asked: str, tmp_path: Path
) -> None:
    tables = []
    for seed in range(2):
        lake, shop = Lake(str(tmp_path / f"{seed}")), spoken(seed, form)
        shop.html["/"] = "<html lang='en-GB'><a href='/de/'>Deutsch</a></html>"
        with serve(shop):
            crawl, again = (crawled(shop, lake, language=asked) for _ in range(2))
            kept = crawled(shop, lake)
        tables.append(products(lake, crawl, shop))
        assert crawl.result["rejected"] == {"language": 8}
        assert crawl.result["language"] == kept.result["language"] == (asked or "en-gb")
        assert [again.result[name] for name in ("changed", "added", "removed")] == [0, 0, 0]
        assert [kept.result[name] for name in ("changed", "added", "removed")] == [0, 0, 0]

    word = WORDS[asked or "en"]
    assert tables[0] == tables[1]
    assert {key: row["title"] for key, row in tables[0].items()} == {f"S{n}": f"{word} {n}" for n in range(4)}


def test_another_language_asked_for_later_reads_the_whole_shop_anew(lake: Lake) -> None:
    shop = spoken(5, "/{language}/p/{n}")
    shop.html["/"] = "<html lang='de'></html>"
    with serve(shop):
        first = crawled(shop, lake)
        second = crawled(shop, lake, language="fr")
        third = crawled(shop, lake)

    assert [each.result["language"] for each in (first, second, third)] == ["de", "fr", "fr"]
    assert [each.result["changed"] for each in (second, third)] == [4, 0]
    assert {row["title"].rpartition(" ")[0] for row in products(lake, third, shop).values()} == {WORDS["fr"]}


@pytest.mark.parametrize("home", ["de", *(pytest.param(tag, marks=pytest.mark.slow) for tag in ("ja", ""))])
def test_a_shop_whose_every_page_claims_the_same_wrong_language_is_read(home: str, lake: Lake) -> None:
    shop = spoken(6, "/{language}/p/{n}", ("de",), lang="en")
    shop.html["/"] = f"<html lang='{home}'></html>"
    with serve(shop):
        first, second = crawled(shop, lake), crawled(shop, lake)

    assert (first.result["products"], first.result["rejected"], first.result["language"]) == (4, {}, "en")
    assert [second.result[name] for name in ("products", "changed", "language")] == [4, 0, "en"]


def test_a_language_that_no_page_claims_is_told_where_the_shop_has_but_one(lake: Lake) -> None:
    shop = spoken(6, "/p/{n}", ("de",))
    with serve(shop):
        crawl = crawled(shop, lake, language="fr")

    assert (crawl.result["products"], crawl.result["language"]) == (4, "de")
    assert "in fr, all say de" in crawl.result["notes"][0]


def test_twins_named_by_a_sitemap_alone_are_read_in_the_crawl_s_language(lake: Lake) -> None:
    shop = spoken(7, "/{language}/p/{n}", ("de", "fr"))
    twins = "".join(
        f"<xhtml:link rel='alternate' hreflang='{tag}' href='BASE/{tag}/p/N'/>" for tag in ("de", "fr")
    )
    shop.sitemap_entries = [
        f"<url><loc>BASE/de/p/N</loc>{twins}</url>".replace("N", str(n)) for n in range(4)
    ]
    shop.html["/"] = "<html lang='de'></html>"
    with serve(shop):
        crawl = crawled(shop, lake, language="fr")

    assert {row["title"] for row in products(lake, crawl, shop).values()} == {
        f"{WORDS['fr']} {n}" for n in range(4)
    }
    assert reasons(lake, crawl, shop) == {f"/de/p/{n}": "language" for n in range(4)}


def test_a_market_s_home_page_keeps_to_its_market(lake: Lake) -> None:
    shop = PageShop(8)
    for market, price in {"": "10.00", "/gb": "8.00", "/us": "12.00"}.items():
        for n in range(3):
            shop.add(f"{market}/p/{n}", node(f"M{n}", f"Scarf {n}", f"{n}", price=price), lang="en")
    shop.html["/gb"] = "<html lang='en'></html>"
    with serve(shop):
        crawl = crawled(shop, lake, at="/gb")

    rows = products(lake, crawl, shop)
    assert {key: row["url"] for key, row in rows.items()} == {f"M{n}": f"/gb/p/{n}" for n in range(3)}
    assert {url for url, reason in reasons(lake, crawl, shop).items() if reason == "language"} == {
        f"/us/p/{n}" for n in range(3)
    }
