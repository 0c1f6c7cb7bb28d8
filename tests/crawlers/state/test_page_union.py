"""crawlers/state/page_union.py: one catalogue of all pages, in one language, whichever page came first."""

import json
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from scrapy.http import HtmlResponse

from crawlers.discover.visit import Visit
from crawlers.discover.walls import led_to
from crawlers.extract.product_page import products_on
from crawlers.state.page_union import WALL_FROM, settle_language, unite_pages
from crawlers.state.tables.frontier import Kind
from crawlers.state.tables.previous_crawl import Fate
from schemas.errors import RejectedError
from schemas.product import Product
from schemas.reject import Reject
from tests.crawlers.liststore import SHOP, ledger_row, page, product
from tests.crawlers.page_stage import PageStage, named


def shown(stage: PageStage, item: Product, path: str, language: str = "") -> None:
    stage.lead_to(Visit(SHOP + path, True))
    stage.read(stage.next(), item, language=language)


def catalogue(stage: PageStage) -> list[tuple[Any, ...]]:
    return [
        (p.product_id, p.title, p.url, p.colour, p.image_urls) for p, _ in stage.state.collected.products()
    ]


def coat(path: str, colour: str, url: str = "") -> Product:
    there = product(0, f"Coat {colour}", photos=(f"{SHOP}/img/{colour}.jpg",))
    return replace(there, colour=colour, url=url or SHOP + path)


def test_pages_make_one_product_whatever_order_they_come_in(tmp_path: Path) -> None:
    pages = [
        ("/coat/moss", coat("/coat/moss", "moss")),
        ("/coat", coat("/coat", "ink")),
        ("/coat/sand", coat("", "sand", f"{SHOP}/coat")),
    ]
    found = []
    for seed in range(6):
        stage = PageStage(tmp_path / str(seed))
        for path, item in random.Random(seed).sample(pages, 3):
            shown(stage, item, path)
        unite_pages(stage.recorder)
        found.append((catalogue(stage), stage.rejects(), stage.out(), stage.out("discover")))
        unite_pages(stage.recorder)
        assert found[-1] == (catalogue(stage), stage.rejects(), stage.out(), stage.out("discover"))

    photos = tuple(f"{SHOP}/img/{colour}.jpg" for colour in ("ink", "moss", "sand"))
    assert found == [([("acme:0", "Coat ink", f"{SHOP}/coat", "ink, moss, sand", photos)], [], 1, 2)] * 6


def of_group(group: dict[str, Any], colour: str, size: str = "") -> Product:
    """The product of a page that shows one colour of a coat, in one size."""
    name = f"{colour}-{size}".strip("-")
    node = {
        "@type": "Product",
        "name": f"Coat {colour}",
        "sku": name,
        "color": colour,
        "image": f"/{name}.jpg",
    } | group
    body = f"<h1>Coat</h1><script type='application/ld+json'>{json.dumps(node)}</script>"
    (found,) = products_on(HtmlResponse(f"{SHOP}/coat/{name}", body=body.encode(), encoding="utf-8"), "acme")
    assert isinstance(found, Product)
    return found


@pytest.mark.parametrize(
    "group",
    [
        {"inProductGroupWithID": "LC"},
        {"isVariantOf": {"@type": "ProductGroup", "productGroupID": "LC"}},
        {
            "isVariantOf": {
                "@type": "ProductGroup",
                "productGroupID": "LC",
                "sku": "other",
                "name": "Loden coat",
            }
        },
        {"isVariantOf": [{"@type": "ProductModel"}, {"@type": "ProductGroup", "productGroupID": ["LC"]}]},
        {"@type": "ProductGroup", "productGroupID": "LC"},
    ],
)
def test_the_pages_of_a_group_s_colours_are_one_product_with_the_group_s_own(
    group: dict[str, Any], tmp_path: Path
) -> None:
    stage = PageStage(tmp_path)
    for colour in ("moss", "ink", "sand"):
        shown(stage, of_group(group, colour, "S"), f"/coat/{colour}-S")
    shown(
        stage,
        of_group({"@type": "ProductGroup", "productGroupID": "LC", "sku": "LC-0"}, "rust"),
        "/coat/rust",
    )

    unite_pages(stage.recorder)

    ((name, title, _, colours, photos),) = catalogue(stage)
    assert (name, title, len(photos)) == ("acme:LC", "Coat rust", 4)
    assert sorted(colours.split(", ")) == ["ink", "moss", "rust", "sand"]
    assert stage.out() == 1


@pytest.mark.parametrize("group", [{}, {"isVariantOf": {"name": "Coat"}}, {"inProductGroupWithID": "n/a"}])
def test_pages_that_name_no_group_stay_products_of_their_own(group: dict[str, Any], tmp_path: Path) -> None:
    stage = PageStage(tmp_path)
    for colour in ("ink", "moss"):
        shown(stage, of_group(group, colour), f"/coat/{colour}")

    unite_pages(stage.recorder)

    assert [name for name, *_ in catalogue(stage)] == ["acme:ink", "acme:moss"]


def test_three_coats_in_three_colours_are_three_products(tmp_path: Path) -> None:
    stage = PageStage(tmp_path)
    for coat_ in ("a", "b", "c"):
        for colour in ("ink", "moss", "sand"):
            shown(stage, of_group({"inProductGroupWithID": coat_}, colour, coat_), f"/coat/{colour}-{coat_}")

    unite_pages(stage.recorder)

    assert [(name, colour) for name, _, _, colour, _ in catalogue(stage)] == [
        (f"acme:{name}", "ink, moss, sand") for name in "abc"
    ]


def test_of_a_market_s_pages_and_others_the_market_s_come_first(tmp_path: Path) -> None:
    stage = PageStage(tmp_path)
    for path in ("/c", "/gb/coat"):
        shown(stage, coat(path, "ink"), path)
    stage.state.write_note("market", "/gb/")

    unite_pages(stage.recorder)

    assert catalogue(stage)[0][2] == f"{SHOP}/gb/coat"
    assert stage.rejects() == [("page", "duplicate", "acme:0")]


def test_pages_in_another_language_are_refused_and_counted_no_more(tmp_path: Path) -> None:
    stage = PageStage(tmp_path)
    stage.state.write_note("language", "de")
    for n, language in enumerate(["de", "en", "", "de-at", "en"]):
        shown(stage, replace(product(min(n, 3)), url=f"{SHOP}/{n}"), f"/{n}", language)

    unite_pages(stage.recorder)

    assert [row[0] for row in catalogue(stage)] == ["acme:0", "acme:2", "acme:3"]
    assert stage.rejects() == [("page", "language", "acme:1"), ("page", "language", "acme:3")]
    assert (stage.out(), stage.out("discover")) == (3, 0)
    assert stage.state.frontier.outcome_counts(Kind.PRODUCT) == {"read": 3, "language": 2}


@pytest.mark.parametrize(
    ("home", "asked", "pages", "settled"),
    [
        ("de", "", {"de": 2, "en": 9}, "de"),  # a translation may be a small part
        ("de", "", {"de": 1, "en": 20}, "en"),  # a slip of one page is none
        ("de", "", {"en": 3}, "en"),
        ("", "", {"en": 3, "de": 3}, "de"),
        ("", "", {}, ""),
        ("fr", "fr", {"en": 3}, "en"),  # the shop claims one language for everything
        ("fr", "fr", {"en": 3, "de": 3}, "fr"),
        ("fr", "fr", {"en": 90, "fr": 1}, "fr"),
    ],
)
def test_the_language_is_that_of_the_home_page_unless_hardly_a_page_agrees(
    home: str, asked: str, pages: dict[str, int], settled: str, tmp_path: Path
) -> None:
    stage = PageStage(tmp_path, language=asked)
    stage.state.write_note("language", home)
    numbers = iter(range(1_000))
    for language, count in pages.items():
        for n in [next(numbers) for _ in range(count)]:
            stage.state.collected.add_product(product(n), page(n), language)

    assert settle_language(stage.recorder) == stage.state.read_note("language") == settled
    assert settle_language(stage.recorder) == settled


def test_unchanged_products_speak_the_language_of_the_crawl_they_were_read_in(tmp_path: Path) -> None:
    stage = PageStage(tmp_path)
    stage.load(5)
    stage.state.write_note("language", "de")
    stage.lead_to(*(named(n) for n in range(5)))
    for _ in range(5):
        stage.stay(stage.next())
    shown(stage, product(9), "/nouveau", "fr")

    unite_pages(stage.recorder)

    assert stage.state.read_note("language") == "de"
    assert stage.rejects() == [("page", "language", "acme:9")]


def test_a_product_of_which_a_page_failed_stays_as_it_was(tmp_path: Path) -> None:
    stage = PageStage(tmp_path)
    stage.load(1)
    other = f"{SHOP}/coat/sand"
    stage.state.previous.load_ledger([ledger_row(other, product_ids=["acme:0"])])
    stage.lead_to(named(0), Visit(other, True))
    stage.read(stage.next(), product(0, "New title"))
    stage.fail(stage.next(), "http_5xx")

    unite_pages(stage.recorder)

    assert catalogue(stage) == [] and stage.fate(0) == Fate.KEPT
    assert (stage.out(), stage.out("discover")) == (0, 1)


def test_a_place_that_many_pages_led_to_is_a_wall_and_ends_a_crawl_of_nothing_else(tmp_path: Path) -> None:
    stage = PageStage(tmp_path)
    stage.lead_to(*(named(n) for n in range(60)))
    for n in range(60):
        refusal = Reject("page", "no_product", page(n), detail=led_to("/gate"))
        stage.read(stage.next(), no_product=refusal)
    assert WALL_FROM <= 60

    with pytest.raises(RejectedError, match="consent_wall"):
        unite_pages(stage.recorder)

    assert {reason for _, reason, _ in stage.rejects()} == {"consent_wall"}
    assert stage.state.frontier.outcome_counts(Kind.PRODUCT) == {"consent_wall": 60}


@pytest.mark.parametrize(
    ("titles", "told"),
    [
        (["Felt hat", "Wool coat", "Silk scarf", "Linen shirt"], True),
        (["Acme felt hat", "Acme wool coat", "Acme silk scarf", "Acme linen shirt"], True),
        (["Coat ink", "Coat moss", "Coat sand", "Coat rust"], False),
        (["Felt hat", "Wool coat", "Silk scarf"], False),  # three may be one thing badly named
    ],
)
def test_pages_of_different_things_that_state_one_id_are_told(
    titles: list[str], told: bool, tmp_path: Path
) -> None:
    stage = PageStage(tmp_path)
    for n, title in enumerate(titles):
        item = replace(product(0, title, photos=(f"{SHOP}/img/{n}.jpg",)), brand="Acme", url=f"{SHOP}/{n}")
        shown(stage, item, f"/{n}")

    unite_pages(stage.recorder)

    notes = stage.state.read_note("told") or []
    assert any("state one product id, acme:0: they became one product" in note for note in notes) is told
