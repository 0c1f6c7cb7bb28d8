"""A filter means the same to Milvus and to the counts beside it."""

import pytest

from flows.queries.live import live
from flows.serve.indexes.filters import Filters, counts, quoted
from flows.serve.window import Window
from infra.milvus.store import VectorStore
from tests.workers.report.small_lake import ATTACK, SHOPS


@pytest.mark.parametrize(
    "filters",
    [
        Filters(),
        Filters(shop=[SHOPS[1]]),
        Filters(shop=[*SHOPS], category=[f"women > {ATTACK}", "women > shirt"]),
        Filters(price_from=60),
        Filters(price_to=60.5),
        Filters(price_from=40, price_to=90, shop=[SHOPS[0]]),
        Filters(in_stock=True),
        Filters(category=["none of it"]),
        Filters(shop=['"] or true or shop in ["', "\\", "\n"]),
    ],
)
def test_milvus_and_the_counts_agree(window: Window, filters: Filters) -> None:
    now = window.serving.now()

    def products(store: VectorStore) -> set[str]:
        return {name.split("/", 1)[1] for name in store.ids(now.collection, filters.expression())}

    counted = now.products.filter(filters.passing(now.products))

    assert window.milvus.ask(products) == set(counted["product_id"].to_pylist())


def test_a_facet_s_own_choice_does_not_change_its_counts(window: Window) -> None:
    products = window.serving.now().products
    everything = counts(products, Filters())

    chosen = counts(products, Filters(shop=[SHOPS[0]], price_to=60))

    assert dict(everything["shop"]) == dict.fromkeys(SHOPS, 12)
    assert set(dict(chosen["shop"])) == set(SHOPS)
    assert sum(dict(chosen["category"]).values()) == dict(chosen["shop"])[SHOPS[0]] < 12


def test_text_cannot_leave_its_quotes() -> None:
    assert quoted('a"b\\c\n') == '"a\\"b\\\\c\\n"'


def test_what_is_served_is_what_is_live(window: Window) -> None:
    pointed = live(window.lake)

    assert pointed is not None and window.serving.now().collection == pointed.now.collection
