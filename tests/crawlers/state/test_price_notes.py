"""crawlers/state/price_notes.py: prices in which no amount can be read are told."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from crawlers.state.price_notes import price_notes
from crawlers.state.tables.crawl_state import CrawlState
from tests.crawlers.liststore import SHOP, product


def test_prices_that_are_no_amounts_are_told_with_what_stands_there(tmp_path: Path) -> None:
    state = CrawlState(tmp_path / "state.db")
    for n, stated in enumerate(["auf Anfrage", "", "auf Anfrage", "call us", "x", "y"]):
        page = replace(product(n, photos=(f"{SHOP}/img/{n}.jpg",)), price=None, unread_price=stated)
        state.collected.add_product(page if n != 4 else replace(page, price=Decimal(5)))

    (note,) = price_notes(state)

    assert note.startswith("4 products without a price: ")
    assert f"'auf Anfrage' ({product(0).url})" in note and "'call us'" in note and "'y'" in note


def test_a_crawl_whose_prices_are_read_has_nothing_to_tell(tmp_path: Path) -> None:
    state = CrawlState(tmp_path / "state.db")
    state.collected.add_product(product(1))

    assert price_notes(state) == ()
