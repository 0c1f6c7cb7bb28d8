"""Image ids as arrays: 32 bytes each on their way between lake and worker, hex only in stored tables and messages."""

from collections.abc import Iterable, Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

ID_BYTES = 32
ID = np.dtype(
    f"S{ID_BYTES}"
)  # numpy drops zero bytes at the end when it shows one; comparing and sorting are exact
Ids = NDArray[np.bytes_]


def ids_of_hex(names: Sequence[str]) -> Ids:
    """(N,) ids from hex, as `image_id` columns have them; raises ValueError where one is no SHA-256 in hex."""
    if any(len(name) != 2 * ID_BYTES for name in names):
        raise ValueError("not a SHA-256 in hex")
    return np.frombuffer(bytes.fromhex("".join(names)), ID)


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
