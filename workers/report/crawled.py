"""What was crawled: products as they stream by become counts, a price histogram and a few samples."""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

import pyarrow as pa

from schemas.manifest import Manifest
from workers.report.data import Crawled, Histogram, Sample, Shop

PRODUCT_COLUMNS = ("shop", "title", "price", "currency", "categories", "image_ids")
SHOWN_CATEGORIES = 14
SHOWN_SAMPLES = 14
_PRICE_BINS = 24


def shop_of(crawl: Manifest, rejects: Mapping[str, int]) -> Shop:
    """The facts of one crawl. `rejects` by reason come from its table; the manifest's word is preferred."""
    said = crawl.result
    told = said.get("rejected")
    notes = said.get("notes")
    return Shop(
        name=str(said.get("shop") or crawl.parameters.get("shop") or "unnamed shop"),
        crawl_id=crawl.run_id,
        products=crawl.rows("products"),
        photos=int(count_of(said, "images_new") + count_of(said, "images_known")) or crawl.rows("images"),
        rejects={str(why): int(n) for why, n in told.items()}
        if isinstance(told, dict) and told
        else dict(rejects),
        requests=int(count_of(said, "requests")),
        seconds=count_of(said, "seconds") or sum(crawl.seconds.values()),
        notes=tuple(map(str, notes)) if isinstance(notes, list) else (),
    )


def count_of(values: Mapping[str, Any], name: str) -> float:
    """A number a manifest may hold; 0 where it does not, or holds something else."""
    value = values.get(name)
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else 0.0


def summarise(shops: Sequence[Shop], batches: Iterable[pa.RecordBatch]) -> Crawled:
    """Read the products of all crawls once. Samples are every n-th product, the same number of each shop."""
    categories: Counter[str] = Counter()
    prices: dict[str, list[float]] = {}
    samples: list[Sample] = []
    share = max(2, SHOWN_SAMPLES // max(1, len({shop.name for shop in shops})))
    sizes: Counter[str] = Counter()
    for shop in shops:
        sizes[shop.name] += shop.products
    seen: Counter[str] = Counter()
    taken: Counter[str] = Counter()
    for row in _rows(batches):
        categories[(row["categories"] or [""])[-1]] += 1
        if row["price"] is not None:
            prices.setdefault(row["currency"], []).append(float(row["price"]))
        name = row["shop"]
        photos = [image_id for image_id in row["image_ids"] if image_id]
        due = (
            seen[name] * share >= taken[name] * sizes[name]
        )  # every n-th, and the next where that has no photo
        seen[name] += 1
        if photos and due and taken[name] < share:
            taken[name] += 1
            samples.append(Sample(name, row["title"], _price(row["price"], row["currency"]), photos[0]))
    unsaid = categories.pop("", 0)
    top = categories.most_common(SHOWN_CATEGORIES)
    if unsaid:
        top.append(("(not said)", unsaid))
    return Crawled(
        shops=list(shops),
        categories=top,
        other_categories=max(0, len(categories) - SHOWN_CATEGORIES),
        prices=price_histogram(prices),
        samples=samples[: max(SHOWN_SAMPLES, 2)],
    )


def price_histogram(prices: Mapping[str, Sequence[float]]) -> Histogram | None:
    """Prices in the most common currency, up to their 99th percentile: one coat must not squeeze all."""
    if not prices:
        return None
    currency, values = max(prices.items(), key=lambda item: len(item[1]))
    ordered = sorted(values)
    high = ordered[min(len(ordered) - 1, int(0.99 * len(ordered)))]
    if high <= 0:
        return None
    step = _round_step(high / _PRICE_BINS)
    bins = math.floor(high / step) + 1
    counts = [0] * bins
    beyond = 0
    for value in ordered:
        place = int(value / step)
        if 0 <= place < bins:
            counts[place] += 1
        else:
            beyond += 1
    return Histogram([step * n for n in range(bins + 1)], counts, currency or "currency not said", beyond)


def _round_step(step: float) -> float:
    """The next of 1, 2, 2.5, 5 times a power of ten."""
    power: float = 10.0 ** math.floor(math.log10(step))
    return next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= step)


def _price(price: Decimal | None, currency: str) -> str:
    return "" if price is None else f"{price:,.2f} {currency}".strip()


def _rows(batches: Iterable[pa.RecordBatch]) -> Iterator[dict[str, Any]]:
    for batch in batches:
        yield from batch.to_pylist()
