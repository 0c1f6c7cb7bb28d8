"""workers/data/components.py: what is joined is what a path connects, however the pairs come."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.data import components
from workers.data.components import Components, merged


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20))), st.integers(1, 9))
def test_joined_are_those_connected_by_a_path(pairs: list[tuple[int, int]], at_once: int) -> None:
    found = Components(21)
    for first in range(0, len(pairs), at_once):
        some = np.array(pairs[first : first + at_once])
        found.add(some[:, 0], some[:, 1])
        if first % 2:
            found.fold()
    found.fold()
    neighbours = {n: {n} for n in range(21)}
    for one, other in pairs:
        both = neighbours[one] | neighbours[other]
        for member in both:
            neighbours[member] = both

    assert found.smallest().tolist() == [min(neighbours[n]) for n in range(21)]
    assert sorted(set(found.labels.tolist())) == list(range(len({id(each) for each in neighbours.values()})))


def test_pairs_are_folded_in_before_they_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(components, "_WAITING", 3)
    found = Components(5)

    found.add(np.array([0]), np.array([1]))
    assert found.labels.tolist() == [0, 1, 2, 3, 4]
    found.add(np.array([1, 3]), np.array([2, 4]))

    assert found.labels.tolist() == [0, 0, 0, 1, 1]


def test_labels_that_repeat_are_merged_as_they_are() -> None:
    count, labels = merged(np.array([0, 0, 1, 2], np.int32), 3, np.array([1]), np.array([3]))

    assert count == 2
    assert labels[0] == labels[1] == labels[3] != labels[2]
