"""Which photos have hashes near enough to be compared: Hamming search by tables of hash blocks, without loss.

A 64-bit hash is cut into six blocks. Four differing bits touch at most four of them, so two photos within
four bits agree in two blocks at least: each of the 15 pairs of blocks is a table, sorted by its 21 bits, and
only photos of one bucket are compared. Source: Manku, Jain and Sarma, "Detecting near-duplicates for web
crawling", WWW 2007, section 3. A pair is reported by the first table that holds it, so it comes once.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, pairwise

import numpy as np
from numpy.typing import NDArray

HAMMING = 4  # bits of 64
BLOCKS = 6  # HAMMING + 2: two blocks are equal at least
_EDGES = [round(64 * n / BLOCKS) for n in range(BLOCKS + 1)]
_MASKS = [np.uint64((1 << high) - (1 << low)) for low, high in pairwise(_EDGES)]
_AT_ONCE = 1 << 21  # pairs in memory

Hashes = NDArray[np.uint64]
Places = NDArray[np.int64]


@dataclass(frozen=True)
class Table:
    """N photos sorted by two blocks of their hashes.

    order   (N,) photos, bucket by bucket
    starts  (B + 1,) where each bucket begins in `order`, and the end
    hashes  (N,) in the same order
    blocks  the two blocks
    """

    order: NDArray[np.int32]
    starts: Places
    hashes: Hashes
    blocks: tuple[int, int]

    def near(self, one: Places, other: Places) -> NDArray[np.bool_]:
        """Whether the hashes at two places are within HAMMING, and no earlier table says so."""
        return near(self.hashes[one], self.hashes[other], self.blocks)

    def pairs_of_small(self, crowd: int) -> Iterator[tuple[Places, Places]]:
        """All pairs of places within buckets of up to `crowd` photos, some millions at a time."""
        sizes = np.diff(self.starts)
        ends = np.repeat(self.starts[1:], sizes)
        open_places = np.flatnonzero(np.repeat((sizes > 1) & (sizes <= crowd), sizes))
        for apart in range(1, crowd):
            open_places = open_places[open_places + apart < ends[open_places]]
            if not len(open_places):
                return
            for first in range(0, len(open_places), _AT_ONCE):
                one = open_places[first : first + _AT_ONCE]
                yield one, one + apart

    def crowds(self, crowd: int) -> Iterator[Places]:
        """The places of each bucket of more than `crowd` photos."""
        for bucket in np.flatnonzero(np.diff(self.starts) > crowd):
            yield np.arange(self.starts[bucket], self.starts[bucket + 1])


def tables(hashes: Hashes) -> Iterator[Table]:
    """One table per pair of blocks."""
    for one, other in combinations(range(BLOCKS), 2):
        width = np.uint64(_EDGES[other + 1] - _EDGES[other])
        low, high = np.uint64(_EDGES[one]), np.uint64(_EDGES[other])
        key = (hashes & _MASKS[one]) >> low << width | (hashes & _MASKS[other]) >> high
        key = key.astype(np.uint32)
        order = np.argsort(key)
        key = key[order]
        starts = np.flatnonzero(np.r_[True, key[1:] != key[:-1], True]) if len(key) else np.zeros(1, np.int64)
        yield Table(order.astype(np.int32), starts, hashes[order], (one, other))


def near(one: Hashes, other: Hashes, blocks: tuple[int, int]) -> NDArray[np.bool_]:
    """Whether hashes that agree in `blocks` are within HAMMING bits, and agree in no pair of blocks before it."""
    differing = one ^ other
    close: NDArray[np.bool_] = np.bitwise_count(differing) <= HAMMING
    if close.any():
        few = differing[close]
        first = np.ones(len(few), bool)
        for block in range(blocks[1]):
            if block != blocks[0]:
                first &= few & _MASKS[block] != 0
        close[close] = first
    return close
