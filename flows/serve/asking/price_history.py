"""What a product cost in each crawl of its shop, and the plot of it."""

from dataclasses import dataclass
from itertools import pairwise

import pyarrow.compute as pc

from infra.lake import Lake

MOST_CRAWLS = 60
WIDTH, HEIGHT, PAD = 640, 180, 28  # of the plot, in its own units


@dataclass(frozen=True)
class Price:
    """One reading: when, how much (None: not said), in which currency, whether it could be bought."""

    at: str
    price: float | None
    currency: str
    in_stock: bool | None


@dataclass(frozen=True)
class History:
    """The readings of one product, oldest first, and their plot: a step line as an SVG path, and its dots."""

    readings: list[Price]
    path: str
    dots: list[tuple[float, float, Price]]
    low: float
    high: float


def price_history(lake: Lake, product_id: str, shop: str) -> History:
    """Read a product in the newest crawls of its shop that hold it."""
    readings: list[Price] = []
    for crawl in lake.runs("crawl", newest_first=True):
        if crawl.result.get("shop") != shop or not crawl.rows("products"):
            continue
        rows = lake.dataset(crawl, "products").to_table(
            ["price", "currency", "in_stock"], filter=pc.field("product_id") == product_id
        )
        for row in rows.to_pylist()[:1]:
            price = None if row["price"] is None else float(row["price"])
            readings.append(Price(crawl.started_at, price, row["currency"], row["in_stock"]))
        if len(readings) == MOST_CRAWLS:
            break
    return _plotted(readings[::-1])


def _plotted(readings: list[Price]) -> History:
    priced = [(n, reading) for n, reading in enumerate(readings) if reading.price is not None]
    values = [reading.price or 0.0 for _, reading in priced]
    low, high = (min(values), max(values)) if values else (0.0, 0.0)
    room = (high - low) or max(high, 1.0)
    across = max(1, len(readings) - 1)

    def place(n: int, price: float) -> tuple[float, float]:
        x = PAD + (WIDTH - 2 * PAD) * (n / across if len(readings) > 1 else 0.5)
        return round(x, 1), round(HEIGHT - PAD - (HEIGHT - 2 * PAD) * (price - low) / room, 1)

    dots = [(*place(n, reading.price or 0.0), reading) for n, reading in priced]
    path = f"M{dots[0][0]},{dots[0][1]}" if dots else ""
    for (_, y, _), (x2, y2, _) in pairwise(dots):
        path += f"L{x2},{y}L{x2},{y2}"
    return History(readings, path, dots, low, high)
