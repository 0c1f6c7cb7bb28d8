"""schemas/image_ids.py: ids as bytes, also those that end in zeros, which numpy hides."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.image_ids import (
    ID,
    column_of_ids,
    hex_of_ids,
    ids_of_column,
    ids_of_hex,
    ids_of_hex_column,
    joined,
)

DIGEST = st.one_of(st.binary(min_size=32, max_size=32), st.sampled_from([b"\0" * 32, b"a" + b"\0" * 31]))
NAMES = st.lists(DIGEST.map(bytes.hex))


@given(NAMES, st.data())
def test_ids_survive_hex_and_arrow_in_any_order(names: list[str], data: st.DataObject) -> None:
    ids = ids_of_hex(names)
    order = np.array(data.draw(st.permutations(range(len(names)))), np.int64)
    taken = ids[order]

    assert (ids.dtype, len(ids)) == (ID, len(names))
    assert hex_of_ids(taken) == [names[n] for n in order]
    assert hex_of_ids(taken[::2]) == [names[n] for n in order][::2]
    column = column_of_ids(taken)
    assert column.type == pa.binary(32)
    assert [value.hex() for value in column.to_pylist()] == [names[n] for n in order]
    assert hex_of_ids(ids_of_column(column)) == [names[n] for n in order]
    assert hex_of_ids(ids_of_column(column.slice(1))) == [names[n] for n in order][1:]


@given(NAMES, st.sampled_from([pa.string(), pa.large_string()]))
def test_a_column_of_hex_is_read_as_its_values_are(names: list[str], kind: pa.DataType) -> None:
    column = pa.array(names, kind)

    assert hex_of_ids(ids_of_hex_column(column)) == names
    assert hex_of_ids(ids_of_hex_column(column.slice(1))) == names[1:]
    assert hex_of_ids(ids_of_hex_column(pa.chunked_array([column, column[:1]]))) == names + names[:1]
    assert hex_of_ids(ids_of_hex_column(pa.array([name.upper() for name in names], kind))) == names


@pytest.mark.parametrize("name", ["0a" * 31, "0g" * 32, "", None])
def test_a_column_with_what_is_no_id_is_refused(name: str | None) -> None:
    with pytest.raises(ValueError, match="not a SHA-256 in hex"):
        ids_of_hex_column(pa.array(["0a" * 32, name], pa.string()))


@given(NAMES)
def test_they_sort_as_their_hex_does(names: list[str]) -> None:
    assert hex_of_ids(np.sort(ids_of_hex(names))) == sorted(names)


def test_arrays_are_joined_and_no_array_is_no_id() -> None:
    one, two = ids_of_hex(["00" * 32]), ids_of_hex(["ff" * 32, "0f" * 32])

    assert hex_of_ids(joined([one, two])) == ["00" * 32, "ff" * 32, "0f" * 32]
    assert joined([]).dtype == ID and len(joined([])) == 0


@pytest.mark.parametrize("wrong", ["", "0f" * 31, "0f" * 33, "zz" * 32])
def test_what_is_no_digest_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError):
        ids_of_hex(["0f" * 32, wrong])
