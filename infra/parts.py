"""Part files: rows buffered to a bound, written whole, visible only when complete.

A part is built in memory (at most `part_bytes` of rows and their encoding) and then lands in one
step: temporary name, fsync, rename on a local disk; a single put on an object store, where an
object exists only once its upload is complete. A reader never sees half a part.
"""

import hashlib
import os
import re
import threading
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress

import pyarrow as pa
import pyarrow.fs as pafs
import pyarrow.parquet as pq

from schemas.columns import table_name
from schemas.errors import LakeError, SchemaError
from schemas.manifest import Part

PART_BYTES = 64 << 20
ROW_GROUP_ROWS = (
    500  # image rows: a row group of 500 reads as fast as 50 and 20 times faster than 2000 (STACK.md 7)
)
_INCOMPRESSIBLE = ("bytes", "vector", "image_id")
_PART = re.compile(r"part-(\d{5,})\.parquet")


class PartWriter:
    """Writes one table of one run as part-00000.parquet, part-00001.parquet ...

    Rows arrive as mappings or Arrow tables of the declared schema. `close()` returns the parts.
    `first` numbers the first part, so that a continued run adds to the parts it already has.
    Not for several threads at once.
    """

    def __init__(
        self,
        filesystem: pafs.FileSystem,
        folder: str,
        schema: pa.Schema,
        *,
        part_bytes: int = PART_BYTES,
        part_rows: int = 1_000_000,
        first: int = 0,
    ) -> None:
        self.filesystem = filesystem
        self.folder = folder
        self.schema = schema
        self.table = table_name(schema)
        self.part_bytes = part_bytes
        self.part_rows = part_rows
        self.parts: list[Part] = []
        self.rows = 0
        self._next = first
        self._batches: list[pa.Table] = []
        self._pending: list[Mapping[str, object]] = []
        self._bytes = 0  # of the gathered tables
        self._pending_bytes = 0  # of the text and blobs among the pending rows

    def write(self, row: Mapping[str, object]) -> None:
        """Add one row; its large values count towards the part's bound at once."""
        self._pending.append(row)
        self._pending_bytes += (
            sum(len(value) for value in row.values() if isinstance(value, bytes | str)) + 64
        )
        self.rows += 1
        if len(self._pending) >= 1000 or self._bytes + self._pending_bytes >= self.part_bytes:
            self._gather()

    def write_table(self, table: pa.Table) -> None:
        """Add the rows of an Arrow table whose columns are the declared ones, in any order."""
        if set(table.column_names) != set(self.schema.names):
            raise SchemaError(
                self.table, f"columns {sorted(set(table.column_names) ^ set(self.schema.names))}"
            )
        self._gather()
        table = table.select(self.schema.names).cast(self.schema)
        share = self.part_bytes / max(table.nbytes, 1)  # a table larger than a part becomes several
        step = max(1, min(self.part_rows, int(table.num_rows * share)))
        for first in range(0, table.num_rows, step):
            piece = table.slice(first, step)
            if self._bytes + piece.nbytes > self.part_bytes:
                self.flush()
            self._append(piece)
            self.rows += piece.num_rows
            self._flush_if_full()

    def flush(self) -> None:
        """Write what is buffered as a part now; without rows, nothing."""
        self._gather(flush=False)
        rows = sum(batch.num_rows for batch in self._batches)
        if not rows:
            return
        table = pa.concat_tables(self._batches)
        self._batches, self._bytes = [], 0
        self.parts.append(self._land(f"{self.table}/part-{self._next:05d}.parquet", encode(table), rows))
        self._next += 1

    def close(self) -> list[Part]:
        """Flush and return every part written; a table without rows still gets one empty part."""
        self.flush()
        if not self.parts and not self._next:
            name = f"{self.table}/part-{self._next:05d}.parquet"
            self.parts.append(self._land(name, encode(self.schema.empty_table()), 0))
        return self.parts

    def _gather(self, *, flush: bool = True) -> None:
        if self._pending:
            pending, self._pending, self._pending_bytes = self._pending, [], 0
            try:
                self._append(pa.Table.from_pylist(pending, self.schema))
            except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
                raise SchemaError(self.table, str(error)) from error
        if flush:
            self._flush_if_full()

    def _append(self, table: pa.Table) -> None:
        for field in self.schema:
            if not field.nullable and table[field.name].null_count:
                raise SchemaError(self.table, f"column {field.name} is empty in a row")
        self._batches.append(table)
        self._bytes += table.nbytes

    def _flush_if_full(self) -> None:
        if self._bytes >= self.part_bytes or sum(b.num_rows for b in self._batches) >= self.part_rows:
            self.flush()

    def _land(self, name: str, data: pa.Buffer, rows: int) -> Part:
        put(self.filesystem, f"{self.folder}/{name}", data)
        return Part(name, rows, data.size, hashlib.sha256(data).hexdigest())


def encode(table: pa.Table) -> pa.Buffer:
    """The Parquet file of one part: bytes that do not shrink are left alone, words are dictionary-coded."""
    dense = [name for name in table.column_names if name in _INCOMPRESSIBLE]
    small = [name for name in table.column_names if name not in _INCOMPRESSIBLE]
    sink = pa.BufferOutputStream()
    pq.write_table(
        table,
        sink,
        compression={name: "none" if name in dense else "zstd" for name in table.column_names} or "none",
        use_dictionary=small,
        row_group_size=ROW_GROUP_ROWS if "bytes" in dense else 50_000,
    )
    return sink.getvalue()


def put(filesystem: pafs.FileSystem, path: str, data: pa.Buffer | bytes, *, absent: bool = False) -> None:
    """Write a whole file so that it exists complete or not at all, and survives a power cut locally.

    absent  the file must not be there yet: of two that write at once, one gets LakeError. An object store is
            only asked beforehand, because pyarrow has no conditional put.

    Raises LakeError, and leaves nothing behind, where it cannot be written: a full disk, no permission.
    """
    try:
        if isinstance(filesystem, pafs.LocalFileSystem):
            _put_local(path, data, absent)
            return
        if absent and filesystem.get_file_info(path).type != pafs.FileType.NotFound:
            raise FileExistsError(path)
        with filesystem.open_output_stream(path) as stream:
            stream.write(data)
    except FileExistsError as error:
        raise LakeError(path, "is there already") from error
    except OSError as error:
        raise LakeError(path, f"cannot be written ({error})") from error


def _put_local(path: str, data: pa.Buffer | bytes, absent: bool) -> None:
    folder = os.path.dirname(path)
    os.makedirs(folder, exist_ok=True)
    temporary = f"{path}.{os.getpid()}-{threading.get_ident()}.tmp"
    try:
        with open(temporary, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if absent:
            os.link(temporary, path)  # unlike a rename it refuses where a file is
        else:
            os.replace(temporary, path)
    finally:
        with suppress(FileNotFoundError):  # renamed away
            os.unlink(temporary)
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)  # the rename itself must survive too
    finally:
        os.close(handle)


def existing_parts(filesystem: pafs.FileSystem, folder: str, table: str) -> list[Part]:
    """The complete parts of one table that an interrupted run left behind, in order."""
    selector = pafs.FileSelector(f"{folder}/{table}", allow_not_found=True)
    found: list[Part] = []
    for info in sorted(filesystem.get_file_info(selector), key=lambda info: str(info.path)):
        if not _PART.fullmatch(info.base_name):
            continue
        with filesystem.open_input_stream(info.path) as stream:
            data = stream.read()
        rows = pq.read_metadata(pa.BufferReader(data)).num_rows
        found.append(Part(f"{table}/{info.base_name}", rows, len(data), hashlib.sha256(data).hexdigest()))
    return found


def next_number(parts: Iterable[Part]) -> int:
    """The number after the highest part."""
    numbers = [int(match[1]) for part in parts if (match := _PART.search(part.path))]
    return max(numbers, default=-1) + 1


def paths(folder: str, parts: Sequence[Part]) -> list[str]:
    """Full paths of parts below a run's folder."""
    return [f"{folder}/{part.path}" for part in parts]
