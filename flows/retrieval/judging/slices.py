"""Which slice each query belongs to: what is asked for, of which shop, price and language, in which photo."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from infra.lake import Lake
from schemas.manifest import Manifest
from workers.text.languages import ShopLanguages, guess, longest_text

SMALLEST_SLICE = 5  # queries: below this an interval says nothing
MOST_SLICES = 30  # of one kind: those that most queries belong to
BANDS = (10, 20, 50, 100, 200, 500, 1_000)  # of the currency: the same in every run, so that runs compare
_COLUMNS = (
    "product_id", "shop", "title", "description", "categories", "tags", "colour", "price", "currency",
    "image_ids", "image_views",
)  # fmt: skip


def slices_of(
    lake: Lake, crawls: Sequence[Manifest], queries: Sequence[tuple[str, str]]
) -> dict[str, list[int]]:
    """Return the queries of each slice, `category=Dresses` and its like, by their numbers.

    queries  (image_id, product_id)
    Of category, colour, shop, price band, view and language; what a shop does not say is no slice.
    """
    facts = _facts(lake, crawls, {product for _, product in queries})
    members: dict[str, dict[str, list[int]]] = {}
    for number, (image_id, product) in enumerate(queries):
        told = facts.get(product)
        for kind, value in (
            {**told.of_product, "view": told.views.get(image_id, "")} if told else {}
        ).items():
            if value:
                members.setdefault(kind, {}).setdefault(value, []).append(number)
    chosen: dict[str, list[int]] = {}
    for kind, by_value in sorted(members.items()):
        sizes = Counter({value: len(rows) for value, rows in by_value.items() if len(rows) >= SMALLEST_SLICE})
        for value, _ in sorted(sizes.most_common(MOST_SLICES)):
            chosen[f"{kind}={value}"] = by_value[value]
    return chosen


class _Told:
    """What a shop says of one product, as slices name it; the language is filled in once its shop is known."""

    def __init__(self, product: Mapping[str, Any]) -> None:
        self.language = guess(longest_text(product))
        self.shop = str(product["shop"])
        self.views = dict(zip(product["image_ids"], product["image_views"], strict=True))
        self.of_product = {
            "category": (product["categories"] or [""])[-1],
            "colour": " ".join(product["colour"].casefold().split()),
            "shop": self.shop,
            "price": price_band(product["price"], product["currency"]),
        }


def _facts(lake: Lake, crawls: Sequence[Manifest], wanted: set[str]) -> dict[str, _Told]:
    names = pa.array(sorted(wanted), pa.string())
    facts: dict[str, _Told] = {}
    languages = ShopLanguages()
    for crawl in crawls:
        for batch in lake.batches(crawl, "products", _COLUMNS, rows=2_000) if crawl.rows("products") else ():
            for product in batch.filter(pc.is_in(batch["product_id"], names)).to_pylist():
                told = facts.setdefault(product["product_id"], _Told(product))
                languages.observe(told.shop, *told.language)
    for told in facts.values():
        told.of_product["language"] = languages.of_product(told.shop, *told.language)
    return facts


def price_band(price: Any, currency: str) -> str:
    """The band of a price in its currency, such as `20-50 EUR`; empty where the shop says none."""
    if price is None:
        return ""
    below = next((edge for edge in BANDS if price < edge), None)
    above = max((edge for edge in BANDS if edge <= price), default=0)
    band = f"{above}-{below}" if below is not None else f"{above} and more"
    return f"{band} {currency}".strip()
