"""A run while it is written: its parts, its counts, and what an interrupted run of the same key left behind."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.fs as pafs

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

    def told(self) -> dict[str, Any]:
        """Return the parameters by which people know a run that was never committed."""
        return {name: self.parameters[name] for name in _TOLD if name in self.parameters}

    def writer(self, schema: pa.Schema, **bounds: int) -> PartWriter:
        """A writer of one table of this run, numbering on after parts that are already there."""
        first = next_number(self.files.get(table_name(schema), []))
        return PartWriter(self.filesystem, self.folder, schema, first=first, **bounds)

    def add(self, schema: pa.Schema, parts: Sequence[Part]) -> None:
        """Enter written parts of one table, so that the commit names them."""
        known = {part.path for part in self.files.setdefault(table_name(schema), [])}
        self.files[table_name(schema)] += [part for part in parts if part.path not in known]
        self.schemas[table_name(schema)] = table_version(schema)

    def left_behind(self, schema: pa.Schema) -> list[Part]:
        """Parts of one table that an interrupted run with this key completed; they count as written."""
        parts = existing_parts(self.filesystem, self.folder, table_name(schema)) if self.continued else []
        self.add(schema, parts)
        return parts

    def drop(self, schema: pa.Schema) -> None:
        """Remove the parts of one table that an interrupted run left, to write it anew."""
        folder = f"{self.folder}/{table_name(schema)}"
        if self.filesystem.get_file_info(folder).type != pafs.FileType.NotFound:
            self.filesystem.delete_dir(folder)
