import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.sha256_set import Sha256Set

# Zero bytes at the end are what NumPy's text of a fixed width loses.
PIECES = st.sampled_from([b"\0" * 16, b"\0" * 15 + b"\1", b"\1" + b"\0" * 15, b"\xff" * 16])
NAMES = st.lists(st.tuples(PIECES, PIECES).map(lambda pieces: b"".join(pieces).hex()))


def name(number: int) -> str:
    return hashlib.sha256(b"%d" % number).hexdigest()


@given(NAMES, NAMES, NAMES, st.integers(1, 5))
def test_what_was_given_is_there_and_nothing_else(
    first: list[str], added: list[str], asked: list[str], sort_from: int
) -> None:
    digests = Sha256Set([first, added[:1]], sort_from=sort_from)
    for one in added:
        digests.add(one)

    given_ = {*first, *added}
    assert [one in digests for one in asked + added + first] == [
        one in given_ for one in asked + added + first
    ]
    assert len(digests) == len(given_)


def test_nothing_is_lost_where_new_ones_are_sorted_in_many_times() -> None:
    digests = Sha256Set()
    for number in [*range(0, 20_000, 2), *range(0, 20_000, 4)]:  # the latter are there already
        digests.add(name(number))

    assert len(digests) == 10_000
    assert [name(number) in digests for number in range(20_000)] == [True, False] * 10_000


@pytest.mark.parametrize("wrong", ["", "00", name(1) + "00", "red", "z" * 64])
def test_what_is_no_digest_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError):
        Sha256Set([[name(1), wrong]])
    with pytest.raises(ValueError):
        Sha256Set().add(wrong)
