"""flows/crawl/previous_tables.py: what the next crawl of a shop knows of the one before."""

from pathlib import Path
from typing import Any

import pytest

from crawlers.state.tables.crawl_state import CrawlState
from crawlers.state.tables.frontier import Kind
from flows.crawl.previous_tables import load_previous, previous_products, refused_before
from infra.lake import Lake
from schemas.errors import LakeError
from schemas.ledger import LEDGER
from schemas.manifest import Manifest
from schemas.product import PRODUCTS
from tests.crawlers.liststore import SHOP, THEN, ledger_row, page, product

PHOTO = f"{SHOP}/img/0.jpg"
TRAP = f"{SHOP}/calendar?month=7"


@pytest.fixture
def state(tmp_path: Path) -> CrawlState:
    return CrawlState(tmp_path / "state.db")


def committed(lake: Lake, *ledger: dict[str, Any]) -> Manifest:
    """A crawl of three products with this ledger; without any where none is given, as crawls once were."""
    run = lake.begin("crawl", "crawl", "acme", parameters={"shop": "acme"})
    products = run.writer(PRODUCTS)
    for n in range(3):
        products.write(dict(product(n).row(("aa",), THEN)))
    run.add(PRODUCTS, products.close())
    if ledger:
        writer = run.writer(LEDGER)
        for row in ledger:
            writer.write({name: value for name, value in row.items() if name != "key"})
        run.add(LEDGER, writer.close())
    return lake.commit(run, {"shop": "acme", "crawl_id": run.run_id})


def test_products_pages_photos_and_traps_are_known(lake: Lake, state: CrawlState) -> None:
    previous = committed(
        lake,
        ledger_row(f"{page(0)}?utm_source=x", product_ids=["acme:0"], etag='"1"'),
        ledger_row(PHOTO, "photo", image_id="aa", etag='"2"', product_ids=["acme:0"]),
        ledger_row(TRAP, "listing", outcome="trap"),
    )

    load_previous(state, lake, previous)

    there = state.previous.page(Kind.PRODUCT, page(0))  # by the frontier's key, whatever was asked for
    photo = state.previous.photo(PHOTO)
    assert state.previous.product_count() == 3
    assert there is not None and (there.validators.etag, there.products) == ('"1"', ("acme:0",))
    assert photo is not None and (photo.image_id, photo.validators.etag) == ("aa", '"2"')
    assert [state.previous.products_on(page(n)) for n in range(2)] == [["acme:0"], ["acme:1"]]
    assert state.read_note("bounds")


def test_a_crawl_without_a_ledger_is_known_by_its_products_and_a_first_crawl_by_nothing(
    lake: Lake, state: CrawlState, tmp_path: Path
) -> None:
    load_previous(state, lake, committed(lake))
    first = CrawlState(tmp_path / "first.db")
    load_previous(first, lake, None)

    assert state.previous.product_count() == 3
    assert state.previous.photo(PHOTO) is not None
    assert first.previous.product_count() == 0


def test_it_is_loaded_once_and_survives_a_kill(lake: Lake, tmp_path: Path) -> None:
    previous = committed(lake)
    killed = CrawlState(tmp_path / "state.db")
    load_previous(killed, lake, previous)
    killed.close()

    state = CrawlState(tmp_path / "state.db")
    state.previous.mark_fetched("acme:0")
    load_previous(state, lake, None)

    assert state.previous.product_count() == 3


def test_products_come_back_as_they_were_written_by_id(lake: Lake) -> None:
    rows = list(previous_products(lake, committed(lake)))

    assert [row["product_id"] for row in rows] == [f"acme:{n}" for n in range(3)]
    assert rows[0]["title"] == "Coat 0"
    assert list(previous_products(lake, None)) == []


def test_what_is_tried_again_is_what_was_refused_for_one_of_the_reasons(lake: Lake) -> None:
    previous = committed(
        lake,
        ledger_row(page(0), outcome="timeout"),
        ledger_row(page(1), outcome="http_4xx"),
        ledger_row(PHOTO, "photo", outcome="http_5xx"),
        ledger_row(page(2)),
    )

    rows = list(refused_before(lake, previous, frozenset(["timeout", "http_5xx"])))

    assert [(row["url"], row["kind"]) for row in rows] == [(page(0), "product"), (PHOTO, "photo")]


@pytest.mark.parametrize("with_a_crawl", [True, False])
def test_where_nothing_is_known_of_refusals_nothing_can_be_tried_again(
    with_a_crawl: bool, lake: Lake
) -> None:
    previous = committed(lake) if with_a_crawl else None

    with pytest.raises(LakeError, match="nothing to retry"):
        list(refused_before(lake, previous, frozenset(["timeout"])))
