"""A run while it is written: its parts, its counts, and what an interrupted run of the same key left behind."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pyarrow.fs as pafs

from infra.atomic_write import remove_if_there
from infra.machine import cpu_seconds
from infra.parts import PartWriter, existing_parts, next_number
from schemas.columns import table_name, table_version
from schemas.manifest import Count, Part

_TOLD = ("shop", "url", "source", "path", "method")


@dataclass
class OpenRun:
    """A run being written. `folder` is its path within `filesystem`."""

    kind: str
    run_id: str
    flow: str
    key: str
    folder: str
    filesystem: pafs.FileSystem
    parents: list[str]
    parameters: dict[str, Any]
    started_at: datetime
    continued: bool = False
    files: dict[str, list[Part]] = field(default_factory=dict)
    counts: dict[str, Count] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    schemas: dict[str, int] = field(default_factory=dict)
    cost: dict[str, float] = field(default_factory=dict)  # of workers elsewhere: cpu_seconds, gpu_seconds
    cpu_begun: float = field(default_factory=cpu_seconds)

    def spent(self) -> dict[str, float]:
        """Return what the run cost, from when it was begun or gone on with: what workers told, and this process.

        Crawls are left to their own processes: several of them run side by side beside this one.
        """
        here = 0.0 if self.kind == "crawl" else cpu_seconds() - self.cpu_begun
        return self.cost | {"cpu_seconds": self.cost.get("cpu_seconds", 0.0) + here}

    def told(self) -> dict[str, Any]:
        """Return what is noted of a run until its commit: the parameters by which people know it, and what it reads."""
        known = {name: self.parameters[name] for name in _TOLD if name in self.parameters}
        return known | {"parents": self.parents}

    def writer(self, schema: pa.Schema, **bounds: int) -> PartWriter:
        """A writer of one table of this run, numbering on after parts that are already there."""
        first = next_number(self.files.get(table_name(schema), []))
        return PartWriter(self.filesystem, self.folder, schema, first=first, **bounds)

    def add(self, schema: pa.Schema, parts: Sequence[Part]) -> None:
        """Enter written parts of one table, so that the commit names them."""
        known = {part.path for part in self.files.setdefault(table_name(schema), [])}
        self.files[table_name(schema)] += [part for part in parts if part.path not in known]
        self.schemas[table_name(schema)] = table_version(schema)

    def unused_number(self, schema: pa.Schema) -> int:
        """Return a number from which on no part of a table has been taken, nor will be by a killed attempt's workers.

        A worker may outlive its driver by seconds, and land its part then. No attempt takes more than one number a
        millisecond, so a continued run begins with the milliseconds since it was begun.
        """
        first = next_number(self.files.get(table_name(schema), []))
        if not self.continued:
            return first
        return max(first, int(1000 * (datetime.now(UTC) - self.started_at).total_seconds()))

    def left_behind(self, schema: pa.Schema) -> list[Part]:
        """Parts of one table that an interrupted run with this key completed; they count as written."""
        parts = existing_parts(self.filesystem, self.folder, table_name(schema)) if self.continued else []
        self.add(schema, parts)
        return parts

    def tidy(self, schema: pa.Schema) -> None:
        """Remove what workers that were killed have left of one table: files that are none of its parts."""
        folder, known = f"{self.folder}/{table_name(schema)}", self.files.get(table_name(schema), [])
        selector = pafs.FileSelector(folder, allow_not_found=True)
        for info in self.filesystem.get_file_info(selector):
            if f"{table_name(schema)}/{info.base_name}" not in {part.path for part in known}:
                remove_if_there(self.filesystem, info.path)

    def drop(self, schema: pa.Schema) -> None:
        """Remove the parts of one table that an interrupted run left, to write it anew."""
        folder = f"{self.folder}/{table_name(schema)}"
        if self.filesystem.get_file_info(folder).type != pafs.FileType.NotFound:
            self.filesystem.delete_dir(folder)
