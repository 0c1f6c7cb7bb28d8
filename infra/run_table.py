"""Manifests of many runs in one Parquet file, which is read in a moment where the manifests take a minute.

It is a cache: whatever it holds is read again from the manifests where it is not there, or not of use.
"""

import json
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from infra.lake_files import run_id_of

REMOVED = 2**62  # revision of a run that is no more
UNREAD = 64  # manifests that an index does not hold, before it is written anew
_GROUP_ROWS = 1_000  # manifests in memory at a time
_SCHEMA = pa.schema(
    [
        pa.field(name, kind, nullable=False)
        for name, kind in (
            ("name", pa.string()),
            ("flow", pa.string()),
            ("stamp", pa.string()),
            ("revision", pa.int64()),
            ("manifest", pa.large_string()),
        )
    ]
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A committed run, as a table or its own manifest tells of it.

    name      of its folder, `<kind>=<run_id>`
    flow      that wrote it; empty where its manifest cannot be read
    stamp     what its manifest looked like from outside when it was read
    revision  of its manifest; REMOVED for a run that is no more
    source    the table that holds its manifest, at `row`; none where the manifest is `fresh`
    """

    name: str
    flow: str
    stamp: str = ""
    revision: int = 0
    source: "RunTable | None" = None
    row: int = 0
    fresh: str = ""

    @property
    def kind(self) -> str:
        """`crawl` or `run`."""
        return self.name.partition("=")[0]

    @property
    def run_id(self) -> str:
        """Id of the run."""
        return run_id_of(self.name)

    @classmethod
    def of(cls, name: str, text: str, stamp: str = "") -> "Entry":
        """The entry of a manifest that was just read, be it what it may."""
        try:
            told = json.loads(text)
            return cls(name, str(told["flow"]), stamp, int(told.get("revision", 0)), fresh=text)
        except (ValueError, TypeError, KeyError, AttributeError):
            return cls(name, "", stamp, fresh=text)

    def manifest(self) -> str:
        """The manifest's text."""
        return self.fresh if self.source is None else self.source.manifest(self.row)


class Seen(NamedTuple):
    """The runs of a lake at one moment: committed ones, ascending by id, and names of folders without a manifest."""

    committed: list[Entry]
    others: list[str]


class RunTable:
    """A file of manifests. Their text stays packed, but for the row group asked for last."""

    def __init__(self, data: pa.Buffer) -> None:
        """Raises pa.ArrowInvalid or KeyError where the bytes are no such file."""
        self._file = pq.ParquetFile(pa.BufferReader(data))
        heads = self._file.read([field.name for field in _SCHEMA if field.name != "manifest"])
        columns = (heads[name].to_pylist() for name in ("name", "flow", "stamp", "revision"))
        self.entries = [
            Entry(name, flow, stamp, revision, self, row)
            for row, (name, flow, stamp, revision) in enumerate(zip(*columns, strict=True))
        ]
        self._one_at_a_time = threading.Lock()
        self._group, self._texts = -1, pa.array([], pa.large_string())

    def manifest(self, row: int) -> str:
        """Text of one manifest."""
        group, place = divmod(row, _GROUP_ROWS)
        with self._one_at_a_time:
            if self._group != group:
                read = self._file.read_row_group(group, ["manifest"])["manifest"]
                self._group, self._texts = group, read.combine_chunks()
            return str(self._texts[place].as_py())


def packed(entries: Iterable[Entry]) -> pa.Buffer:
    """The bytes of a file of these runs, which `RunTable` reads; a row group of it in memory at a time."""
    sink = pa.BufferOutputStream()
    with pq.ParquetWriter(sink, _SCHEMA, compression="zstd", use_dictionary=["flow"]) as writer:
        waiting: list[dict[str, object]] = []
        for entry in sorted(entries, key=lambda entry: entry.run_id):
            text = "" if entry.revision == REMOVED else entry.manifest()
            waiting.append(
                {
                    "name": entry.name,
                    "flow": entry.flow,
                    "stamp": entry.stamp,
                    "revision": entry.revision,
                    "manifest": text,
                }
            )
            if len(waiting) == _GROUP_ROWS:
                writer.write_table(pa.Table.from_pylist(waiting, _SCHEMA))
                waiting = []
        if waiting:
            writer.write_table(pa.Table.from_pylist(waiting, _SCHEMA))
    return sink.getvalue()
