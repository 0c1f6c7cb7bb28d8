"""Which of n things are connected, while pairs of them come in any number: connected components in bounded memory."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

_WAITING = 1 << 22  # pairs held before they are folded in

Labels = NDArray[np.int32]


class Components:
    """Components of 0..n-1; `labels` (n,) is equal for what is known to be connected, from 0 without gaps."""

    def __init__(self, n: int) -> None:
        self.labels: Labels = np.arange(n, dtype=np.int32)
        self._count, self._waiting = n, 0
        self._pairs: list[tuple[NDArray[np.integer], NDArray[np.integer]]] = []

    def add(self, one: NDArray[np.integer], other: NDArray[np.integer]) -> None:
        """Connect one[k] and other[k]; `labels` tells it after the next `fold`."""
        self._pairs.append((one, other))
        self._waiting += len(one)
        if self._waiting >= _WAITING:
            self.fold()

    def fold(self) -> None:
        """Take what was added into `labels`."""
        if self._waiting:
            one, other = (np.concatenate([pair[side] for pair in self._pairs]) for side in (0, 1))
            self._count, self.labels = merged(self.labels, self._count, one, other)
        self._pairs, self._waiting = [], 0

    def smallest(self) -> NDArray[np.int64]:
        """(n,) the smallest of each one's component, as far as it is folded in."""
        first = np.empty(self._count, np.int64)
        first[self.labels[::-1]] = np.arange(len(self.labels))[::-1]  # of several, the last written stays
        return first[self.labels]


def merged(
    labels: Labels, count: int, one: NDArray[np.integer], other: NDArray[np.integer]
) -> tuple[int, Labels]:
    """How many components there are, and the label of each, once one[k] and other[k] are connected."""
    ends = labels[one], labels[other]
    graph = coo_array((np.ones(len(one), np.bool_), ends), shape=(count, count))
    components, of_label = connected_components(graph, directed=False)
    return int(components), of_label.astype(np.int32, copy=False)[labels]
