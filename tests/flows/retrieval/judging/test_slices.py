"""flows/retrieval/judging/slices.py: which query stands in which slice."""

from decimal import Decimal

import pytest

from flows.queries.newest_crawls import labelled_crawls
from flows.retrieval.judging.slices import price_band, slices_of
from tests.workers.report.small_lake import SHOPS, SmallLake


def test_each_query_stands_in_the_slices_of_its_product(tmp_path_factory: pytest.TempPathFactory) -> None:
    small = SmallLake(tmp_path_factory.mktemp("lake"), products=40)
    queries = [(ids[0], product.product_id) for product, *_, ids in small.products]

    slices = slices_of(small.lake, labelled_crawls(small.lake, small.labels), queries)

    dresses = [n for n, (product, *_) in enumerate(small.products) if product.categories[-1] == "dress"]
    assert slices["category=dress"] == dresses
    assert slices[f"shop={SHOPS[0]}"] == list(range(0, 40, 2))
    assert slices["price=200-500 EUR"] == [n for n in range(40) if 20 + 7 * n >= 200]
    assert slices["language=en"] and not [name for name in slices if name.startswith(("colour=", "view="))]
    assert all(len(members) >= 5 for members in slices.values())


@pytest.mark.parametrize(
    ("price", "currency", "band"),
    [
        (Decimal("9.99"), "EUR", "0-10 EUR"), (Decimal(10), "EUR", "10-20 EUR"),
        (Decimal(2_500), "PLN", "1000 and more PLN"), (Decimal(0), "", "0-10"), (None, "EUR", ""),
    ],
)  # fmt: skip
def test_prices_fall_into_the_same_bands_in_every_run(
    price: Decimal | None, currency: str, band: str
) -> None:
    assert price_band(price, currency) == band
