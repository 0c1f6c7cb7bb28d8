"""A crowd of photos with close hashes parted by their thumbnails, so that no two that may be alike are parted.

A crowd is split at the median of the one value that parts it best. What lies within the tolerance above the
median stands in both halves, so every pair within tolerance shares a half: nothing is lost, and the halves are
split again. What no value parts is left as it is: these photos are nearly alike, and joined after a few looks.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_SAMPLE = 48  # photos that show which value parts a crowd best
_WORTH = 0.85  # share of the comparisons that may be left after a split

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Crowd:
    """n photos of one bucket.

    thumbnails  (n, 192) as in PhotoFeatures
    sums        (n, 3) of the 64 parts of each channel
    tolerance   largest difference of two near-duplicates in a part less the mean of its channel, and in that mean
    """

    thumbnails: NDArray[np.uint8]
    sums: NDArray[np.int32]
    tolerance: tuple[int, int]

    def parts(self, small: int, done: Callable[[Rows], bool]) -> Iterator[Rows]:
        """Rows of up to `small` photos, more where no value parts them; without what is `done` when it is met.

        Every two photos within the tolerance are together in one part at least.
        """
        waiting = [np.arange(len(self.thumbnails))]
        while waiting:
            rows = waiting.pop()
            if len(rows) < 2 or done(rows):
                continue
            halves = self._halves(rows) if len(rows) > small else None
            if halves is None:
                yield rows
            else:
                waiting += halves

    def _halves(self, rows: Rows) -> list[Rows] | None:
        sample = rows[:: -(-len(rows) // _SAMPLE)]
        sums = self.sums[sample]
        centred = 64 * self.thumbnails[sample].astype(np.int32) - np.tile(sums, 64)
        values = np.concatenate([centred, sums], 1)
        reach = np.repeat(64 * np.array(self.tolerance), (192, 3))
        median = np.sort(values, 0)[(len(sample) - 1) // 2]
        left = (values <= median + reach).mean(0) ** 2 + (values > median).mean(0) ** 2
        best = int(left.argmin())
        value = self._value(rows, best)
        low, high = rows[value <= median[best] + reach[best]], rows[value > median[best]]
        worth = len(low) ** 2 + len(high) ** 2 <= _WORTH * len(rows) ** 2
        return [low, high] if worth else None

    def _value(self, rows: Rows, column: int) -> NDArray[np.int32]:
        """(n,) 64 times a part less the mean of its channel, or times that mean."""
        value: NDArray[np.int32] = self.sums[rows, column % 3]
        if column < 192:
            value = 64 * self.thumbnails[rows, column].astype(np.int32) - value
        return value
