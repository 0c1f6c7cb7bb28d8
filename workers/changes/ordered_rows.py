"""Streams of rows in the order of a key column: checked, cut, and sorted where memory cannot hold them.

The key is text; its order is that of its UTF-8 bytes, which is SQLite's and Python's, too.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

SORTED_AT_ONCE = 50_000  # rows; what a sort holds in memory
_MERGED_AT_ONCE = 2_000  # rows of each sorted file that a merge holds


class Cursor:
    """A stream in strictly rising order of `key`, handed out up to one key after the other.

    Holds one batch in memory. `last` is the highest key held, None once the stream has ended.
    """

    def __init__(self, rows: pa.RecordBatchReader, key: str) -> None:
        self.schema = rows.schema
        self._key = key
        self._rows = rows
        self._held = self._next()

    @property
    def last(self) -> str | None:
        """The highest key held; None at the end of the stream."""
        return self._held.column(self._key)[-1].as_py() if self._held.num_rows else None

    def up_to(self, key: str) -> pa.RecordBatch:
        """Hand out the held rows whose key is at most `key`, and read on where none is left."""
        wanted = pc.sum(pc.less_equal(self._held.column(self._key), key)).as_py() or 0
        given, self._held = self._held.slice(0, wanted), self._held.slice(wanted)
        if not self._held.num_rows:
            self._held = self._next()
        return given

    def _next(self) -> pa.RecordBatch:
        for batch in self._rows:
            if batch.num_rows:
                return batch
        return pa.RecordBatch.from_pylist([], schema=self.schema)


def is_ordered(batches: Iterable[pa.RecordBatch], key: str) -> bool:
    """Whether the keys rise strictly, so that none comes twice."""
    last: str | None = None
    for batch in batches:
        keys = batch.column(key)
        if not len(keys):
            continue
        if last is not None and keys[0].as_py() <= last:
            return False
        if not pc.all(pc.less(keys.slice(0, len(keys) - 1), keys.slice(1)), min_count=0).as_py():
            return False
        last = keys[-1].as_py()
    return True


def ordered(rows: pa.RecordBatchReader, key: str, folder: Path) -> pa.RecordBatchReader:
    """The same rows in strictly rising order of `key`; of rows with one key only the first in the stream.

    Sorts pieces into files in `folder`, then merges them; the folder must stay until the stream has
    been read, and is the caller's to remove.
    """
    files = [_write(piece, folder / f"{n:05d}.arrow") for n, piece in enumerate(_pieces(rows, key))]
    return pa.RecordBatchReader.from_batches(rows.schema, _merged(files, key))


def _pieces(rows: pa.RecordBatchReader, key: str) -> Iterator[pa.Table]:
    held: list[pa.RecordBatch] = []
    count = 0
    for batch in rows:
        held.append(batch)
        count += batch.num_rows
        if count >= SORTED_AT_ONCE:
            yield _first_of_each(pa.Table.from_batches(held), key)
            held, count = [], 0
    if count:
        yield _first_of_each(pa.Table.from_batches(held), key)


def _first_of_each(table: pa.Table, key: str) -> pa.Table:
    """Sorted by key; Arrow's sort is stable, so the first row of equal ones is the first that came."""
    table = table.take(pc.sort_indices(table, [(key, "ascending")])).combine_chunks()
    keys = table.column(key)
    repeated = pc.equal(keys.slice(1), keys.slice(0, len(keys) - 1))
    return table.filter(pa.chunked_array([pa.array([True]), *pc.invert(repeated).chunks]))


def _write(table: pa.Table, path: Path) -> Path:
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, table.schema) as writer:
        writer.write_table(table, max_chunksize=_MERGED_AT_ONCE)
    return path


def _merged(files: list[Path], key: str) -> Iterator[pa.RecordBatch]:
    cursors = [Cursor(_read(path), key) for path in files]
    while ends := [end for cursor in cursors if (end := cursor.last) is not None]:
        bound = min(ends)  # every row up to here is held by some cursor
        block = pa.Table.from_batches([cursor.up_to(bound) for cursor in cursors])
        yield from _first_of_each(block, key).to_batches()


def _read(path: Path) -> pa.RecordBatchReader:
    file = pa.ipc.open_file(pa.memory_map(str(path)))
    batches = (file.get_batch(n) for n in range(file.num_record_batches))
    return pa.RecordBatchReader.from_batches(file.schema, batches)
