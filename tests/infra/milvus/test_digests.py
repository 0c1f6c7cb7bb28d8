"""infra/milvus/digests.py against dictionaries: what two indexes differ in, and what is found again."""

import numpy as np
import pytest

from infra.milvus.digests import Difference, EntityDigests


def digests_of(rows: dict[str, int]) -> EntityDigests:
    return EntityDigests.joined([EntityDigests.of_rows(list(rows), list(rows.values()))])


def keys(count: int, seed: int = 0) -> list[str]:
    random = np.random.default_rng(seed)
    return sorted({random.bytes(16).hex() for _ in range(count)})


def test_two_indexes_differ_as_two_dictionaries_do() -> None:
    random = np.random.default_rng(1)
    names = keys(300)
    old = {name: int(random.integers(3)) for name in names[:200]}
    new = {name: int(random.integers(3)) for name in names[100:]}

    difference = digests_of(new).since(digests_of(old))

    changed = sum(old[name] != new[name] for name in old.keys() & new.keys())
    assert difference == Difference(len(new.keys() - old.keys()), len(old.keys() - new.keys()), changed)
    assert digests_of(new).since(digests_of({})) == Difference(len(new), 0, 0)
    assert digests_of({}).since(digests_of(old)) == Difference(0, len(old), 0)


def test_keys_with_zero_bytes_at_their_ends_are_told_apart_and_come_back() -> None:
    names = ["00" * 16, "00" * 15 + "01", "01" + "00" * 15, "01" + "00" * 14 + "02"]
    rows = digests_of({name: place for place, name in enumerate(names)})

    assert rows.hex_keys() == sorted(names)
    assert rows.told(rows).all() and not rows.twice().hex_keys()


@pytest.mark.parametrize("copies", [2, 3])
def test_a_key_that_comes_again_is_named(copies: int) -> None:
    one = EntityDigests.of_rows(keys(3), [1, 2, 3])
    again = EntityDigests.of_rows(keys(3)[1:2], [9])

    assert EntityDigests.joined([one, *[again] * (copies - 1)]).twice().hex_keys() == keys(3)[1:2] * (
        copies - 1
    )
    assert not EntityDigests.joined([one]).twice().hex_keys()
