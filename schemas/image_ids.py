"""Image ids as arrays: 32 bytes each on their way between lake and worker, hex only in stored tables and messages."""

from collections.abc import Iterable, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

ID_BYTES = 32
ID = np.dtype(
    f"S{ID_BYTES}"
)  # numpy drops zero bytes at the end when it shows one; comparing and sorting are exact
Ids = NDArray[np.bytes_]
_DIGITS = np.full(256, 255, np.uint8)  # of each character its value as a hexadecimal digit
_DIGITS[np.frombuffer(b"0123456789ABCDEF", np.uint8)] = np.arange(16)
_DIGITS[np.frombuffer(b"0123456789abcdef", np.uint8)] = np.arange(16)


def ids_of_hex(names: Sequence[str]) -> Ids:
    """(N,) ids from hex, as `image_id` columns have them; raises ValueError where one is no SHA-256 in hex."""
    if any(len(name) != 2 * ID_BYTES for name in names):
        raise ValueError("not a SHA-256 in hex")
    return np.frombuffer(bytes.fromhex("".join(names)), ID)


def ids_of_hex_column(column: pa.Array | pa.ChunkedArray) -> Ids:
    """(N,) ids from a column of hex, without a Python object for each; raises ValueError as `ids_of_hex` does."""
    if isinstance(column, pa.ChunkedArray):
        return joined(map(ids_of_hex_column, column.chunks))
    if column.null_count or (
        len(column) and set(pc.unique(pc.binary_length(column)).to_pylist()) != {2 * ID_BYTES}
    ):
        raise ValueError("not a SHA-256 in hex")
    first = column.type == pa.large_string()
    starts = np.frombuffer(column.buffers()[1], np.int64 if first else np.int32)[column.offset :]
    if not len(column):
        return np.empty(0, ID)
    text = column.buffers()[2][int(starts[0]) : int(starts[0]) + 2 * ID_BYTES * len(column)]
    digits = _DIGITS[np.frombuffer(text, np.uint8)].reshape(-1, 2)
    if (digits > 15).any():
        raise ValueError("not a SHA-256 in hex")
    return (digits[:, 0] << 4 | digits[:, 1]).view(ID)


def hex_of_ids(ids: Ids) -> list[str]:
    """The ids as stored tables and messages write them."""
    text = np.ascontiguousarray(ids).tobytes().hex()
    return [text[first : first + 2 * ID_BYTES] for first in range(0, len(text), 2 * ID_BYTES)]


def joined(arrays: Iterable[Ids]) -> Ids:
    """The ids of several arrays, one after the other; of none, no ids."""
    return np.concatenate([np.empty(0, ID), *arrays])


def column_of_ids(ids: Ids) -> pa.Array:
    """The ids as an Arrow column of 32-byte values."""
    buffer = pa.py_buffer(np.ascontiguousarray(ids).tobytes())
    return pa.FixedSizeBinaryArray.from_buffers(pa.binary(ID_BYTES), len(ids), [None, buffer])


def ids_of_column(column: pa.Array | pa.ChunkedArray) -> Ids:
    """(N,) ids from such a column."""
    return np.frombuffer(b"".join(column.to_pylist()), ID)
