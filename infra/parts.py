"""Part files: rows buffered to a bound, written whole, visible only when complete.

Rows wait in memory for one row group, a few megabytes; row groups go into a file that nobody reads
yet, and at its bound the part lands in one step: fsync and rename on a local disk, an upload on an
object store, where an object exists only once it is complete. A reader never sees half a part.
"""

import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import IO, Any

import pyarrow as pa
import pyarrow.fs as pafs
import pyarrow.parquet as pq

from infra.atomic_write import sync_folder, temporary_name
from infra.storage_errors import is_transient
from schemas.columns import table_name
from schemas.errors import LakeError, SchemaError
from schemas.manifest import Part

PART_BYTES = 64 << 20
GROUP_BYTES = 8 << 20
# Rows as Python objects until here: they take several times the room, and Arrow's copy comes on top.
PENDING_BYTES = 1 << 20
# Rows of a group at most; photos: 500 read as fast as 50 and 20 times faster than 2000 (STACK.md 7).
PHOTO_ROWS, GROUP_ROWS = 500, 50_000
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
        self._group_rows = PHOTO_ROWS if "bytes" in schema.names else GROUP_ROWS
        self._growing: _GrowingPart | None = None
        self._batches: list[pa.Table] = []  # of the next row group
        self._pending: list[Mapping[str, object]] = []
        self._bytes = 0  # of the part so far, before its encoding
        self._batched_bytes = 0
        self._pending_bytes = 0

    def write(self, row: Mapping[str, object]) -> None:
        """Add one row; its large values count towards the part's bound at once."""
        self._pending.append(row)
        self._pending_bytes += _weight(row)
        self.rows += 1
        if len(self._pending) >= min(1000, self._group_rows) or self._pending_bytes >= min(
            PENDING_BYTES, self.part_bytes - self._bytes
        ):
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

    def flush(self, *, empty: bool = False) -> None:
        """Write what is buffered as a part now; without rows nothing, or with `empty` a part without rows."""
        self._gather(flush=False)
        self._write_group()
        if empty and self._growing is None:
            self._begun().write(self.schema.empty_table())
        if self._growing is not None:
            growing, self._growing, self._bytes = self._growing, None, 0
            self.parts.append(growing.land())
            self._next += 1

    def close(self) -> list[Part]:
        """Flush and return every part written; a table without rows still gets one empty part."""
        self.flush(empty=not self.parts and not self._next)
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
        self._batched_bytes += table.nbytes
        waiting = sum(batch.num_rows for batch in self._batches)
        if self._batched_bytes >= GROUP_BYTES or waiting >= self._group_rows:
            self._write_group()

    def _write_group(self) -> None:
        if self._batches:
            table, self._batches, self._batched_bytes = pa.concat_tables(self._batches), [], 0
            self._begun().write(table, self._group_rows)

    def _begun(self) -> "_GrowingPart":
        if self._growing is None:
            name = f"{self.table}/part-{self._next:05d}.parquet"
            self._growing = _GrowingPart(self.filesystem, self.folder, name, self.schema)
        return self._growing

    def _flush_if_full(self) -> None:
        waiting = sum(batch.num_rows for batch in self._batches)
        rows = waiting + (self._growing.rows if self._growing else 0)
        if self._bytes >= self.part_bytes or rows >= self.part_rows:
            self.flush()


class _GrowingPart:
    """One part while it is written: beside its place on a local disk, in a file of this machine otherwise.

    Every method raises LakeError, and leaves no file behind, where it cannot be written.
    """

    def __init__(self, filesystem: pafs.FileSystem, folder: str, name: str, schema: pa.Schema) -> None:
        self.rows = 0
        self._filesystem, self._name, self._path = filesystem, name, f"{folder}/{name}"
        self._temporary = ""
        self._sha256, self._size = hashlib.sha256(), 0
        dense = [column for column in schema.names if column in _INCOMPRESSIBLE]
        try:
            if isinstance(filesystem, pafs.LocalFileSystem):
                os.makedirs(os.path.dirname(self._path), exist_ok=True)
                self._temporary = temporary_name(self._path)
                self._file: IO[bytes] = open(self._temporary, "wb")  # noqa: SIM115  # until it lands
            else:
                self._file = tempfile.TemporaryFile()  # noqa: SIM115
            # Bytes that do not shrink are left alone, words are dictionary-coded.
            packing = {column: "none" if column in dense else "zstd" for column in schema.names}
            small = [column for column in schema.names if column not in dense]
            self._writer = pq.ParquetWriter(
                pa.PythonFile(self, mode="w"), schema, compression=packing or "none", use_dictionary=small
            )
        except OSError as error:
            raise self._failed(error) from error

    closed = False  # for Arrow, to which this object is a file

    def write(self, data: Any, group_rows: int = 0) -> int:
        """A table from the part's writer; bytes from Arrow, on their way to the file."""
        if not isinstance(data, pa.Table):
            self._file.write(data)
            self._sha256.update(data)
            self._size += len(data)
            return len(data)
        try:
            self._writer.write_table(data, row_group_size=group_rows or None)
        except OSError as error:
            raise self._failed(error) from error
        self.rows += data.num_rows
        return 0

    def flush(self) -> None:
        """Nothing is held back here."""

    def close(self) -> None:
        """Arrow is done; the file is closed where it lands."""

    def land(self) -> Part:
        """Complete the file and give it its name."""
        try:
            self._writer.close()
            if self._temporary:
                self._file.flush()
                os.fsync(self._file.fileno())
                self._file.close()
                os.replace(self._temporary, self._path)
                sync_folder(self._path)
            else:
                self._file.seek(0)
                with self._filesystem.open_output_stream(self._path) as stream:
                    shutil.copyfileobj(self._file, stream, 4 << 20)
                self._file.close()
        except OSError as error:
            raise self._failed(error) from error
        return Part(self._name, self.rows, self._size, self._sha256.hexdigest())

    def _failed(self, error: OSError) -> LakeError:
        with suppress(OSError, AttributeError):  # what it still holds back cannot be written either
            self._file.close()
        if self._temporary:
            with suppress(FileNotFoundError):
                os.unlink(self._temporary)
        return LakeError(self._path, f"cannot be written ({error})", transient=is_transient(error))


def _weight(value: object) -> int:
    """Bytes of the text and blobs in a value, however deep they lie, and a little for each thing around them.

    A sitemap's row of the ledger is one list of 50,000 addresses: by its own columns alone it weighed nothing.
    """
    if isinstance(value, str | bytes):
        return len(value)
    if isinstance(value, Mapping):
        return 64 + sum(map(_weight, value.values()))
    if isinstance(value, list | tuple):
        deep = bool(value) and not isinstance(value[0], float)  # a vector is told by its first number
        return 8 * len(value) + (sum(map(_weight, value)) if deep else 0)
    return 0


def existing_parts(filesystem: pafs.FileSystem, folder: str, table: str) -> list[Part]:
    """List the complete parts of one table that an interrupted run left behind, in order; reads and hashes each."""
    selector = pafs.FileSelector(f"{folder}/{table}", allow_not_found=True)
    parts: list[Part] = []
    for info in sorted(filesystem.get_file_info(selector), key=lambda info: str(info.path)):
        if not _PART.fullmatch(info.base_name):
            continue
        with filesystem.open_input_stream(info.path) as stream:
            data = stream.read()
        rows = pq.read_metadata(pa.BufferReader(data)).num_rows
        parts.append(Part(f"{table}/{info.base_name}", rows, len(data), hashlib.sha256(data).hexdigest()))
    return parts


def next_number(parts: Iterable[Part]) -> int:
    """The number after the highest part's; 0 without parts."""
    numbers = [int(match[1]) for part in parts if (match := _PART.search(part.path))]
    return max(numbers, default=-1) + 1


def paths(folder: str, parts: Sequence[Part]) -> list[str]:
    """Full paths of parts below a run's folder."""
    return [f"{folder}/{part.path}" for part in parts]
