"""The columns of all methods as one table, and how much better house is."""

import numpy as np
from numpy.typing import NDArray

from tests.bench.scored.columns import Column
from workers.retrieval.score import difference, interval

REFERENCE = {  # percent
    "zero-shot type top-1": 68.6, "zero-shot type top-3": 90.1, "zero-shot type top-5": 94.1,
    "zero-shot colour top-1": 59.5, "zero-shot colour top-3": 84.5,
    "P@10 same type": 68.0, "P@10 same type+colour": 29.5,
    "Luma R@1": 35.7, "Luma R@10": 66.8, "Luma R@20": 77.3,
}  # fmt: skip


def show(scores: dict[str, dict[str, Column]]) -> None:
    """One line a column, one column a method; then how much house is better, paired."""
    names = list(scores)
    columns = list(dict.fromkeys(column for found in scores.values() for column in found))
    heads = "".join(f"{name:>16}" for name in names)
    print(f"\n{'percent, half the 95 % interval':36}{heads}{'reference':>11}{'n':>7}")
    for column in columns:
        cells, n = [], 0
        for name in names:
            if column not in scores[name]:
                cells.append(f"{'-':>16}")
                continue
            values, clusters = scores[name][column]
            low, high = interval(values, clusters)
            cells.append(f"{100 * values.mean():10.1f} +-{50 * (high - low):4.1f}")
            n = len(values)
        print(f"{column:36}{''.join(cells)}{REFERENCE.get(column, '-'):>11}{n:7}")
    others = [name for name in names if name != "house"]
    heads = "".join(f"{name:>22}" for name in others)
    print(f"\n{'house better by, 95 % interval':36}{heads}{'reference':>22}")
    for column in columns:
        if column in scores["house"]:
            values, clusters = scores["house"][column]
            cells = [_better(values, clusters, scores[name].get(column)) for name in others]
            if column in REFERENCE:  # no query of theirs is known, so the interval is house's own
                low, high = interval(values, clusters)
                floor = REFERENCE[column]
                cells.append(_signed(100 * values.mean() - floor, 100 * low - floor, 100 * high - floor))
            print(f"{column:36}{''.join(cells)}")


def _better(values: NDArray[np.float64], clusters: list[str], other: Column | None) -> str:
    if other is None:
        return f"{'-':>22}"
    better, low, high = difference(values, other[0], clusters)
    return _signed(100 * better, 100 * low, 100 * high)


def _signed(better: float, low: float, high: float) -> str:
    return f"{better:+8.1f} ({low:+.1f}..{high:+.1f})".rjust(22)
