"""How a committed run of a lake changes, which it does in two ways only: it goes, or it loses rows.

A run goes manifest first, so nobody reads half of it. Of a run that loses rows the parts are written anew under new
names, its manifest is replaced in one step, and what it named before is removed after that: whoever had looked up rows
in the old parts finds no file, never other rows. What a kill leaves between is named by no manifest, and removed by the
same call given again.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.fs as pafs
from numpy.typing import NDArray

from infra.atomic_write import remove_if_there, write_atomically
from infra.lake import Lake
from infra.lake_files import run_id_of
from infra.parts import PHOTO_ROWS, PartWriter, next_number
from schemas.manifest import Manifest, Part

_PART = re.compile(r"part-\d{5,}\.parquet(\..*\.tmp)?")
_NO_BOUND = 2**62


class RowChange(NamedTuple):
    """What becomes of a table's rows.

    columns  those by which a row is judged; of a part that is to stay nothing else is read
    touched  of a batch of these columns, (N,) which rows do not stay as they are
    changed  of a batch of all columns, the rows that are left of it
    """

    columns: tuple[str, ...]
    touched: Callable[[pa.RecordBatch], NDArray[np.bool_]]
    changed: Callable[[pa.RecordBatch], pa.RecordBatch]


def remove_run(lake: Lake, run: Manifest) -> None:
    """Let a committed run be no more."""
    with lake.changing(run, removed=True):
        remove_if_there(lake.filesystem, f"{lake.folder(run)}/manifest.json")
        lake.filesystem.delete_dir(lake.folder(run))


def replace_files(
    lake: Lake,
    run: Manifest,
    files: Mapping[str, Sequence[Part]],
    result: Mapping[str, Any] | None = None,
) -> Manifest:
    """Let a run name these parts by table, and this result, from now on; then remove what it names no longer."""
    named = {table: list(parts) for table, parts in files.items()}
    told = dict(run.result if result is None else result)
    changed = replace(run, files=named, result=told, revision=run.revision + 1)
    with lake.changing(run):
        write_atomically(lake.filesystem, f"{lake.folder(run)}/manifest.json", changed.to_json().encode())
    remove_unnamed(lake, changed)
    return changed


def remove_unnamed(lake: Lake, run: Manifest) -> None:
    """Remove the parts in a committed run's folder that its manifest does not name."""
    named = set().union(*(lake.part_paths(run, table) for table in run.files))
    for info in _files_in(lake, lake.folder(run)):
        if _PART.fullmatch(info.base_name) and info.path not in named:
            remove_if_there(lake.filesystem, info.path)


def rows_touched(lake: Lake, run: Manifest, table: str, change: RowChange) -> int:
    """Count the rows of a table that do not stay as they are; reads the columns they are judged by."""
    return sum(_touched(lake, path, change) for path in lake.part_paths(run, table))


def rewritten(lake: Lake, run: Manifest, table: str, change: RowChange) -> list[Part]:
    """Write the parts of a table anew that hold rows which do not stay; returns all of its parts, in their order.

    The run is as it was until `replace_files`. A part that is left without rows is written all the same: a table that
    is there is not missed.
    """
    before = run.files.get(table, [])
    number = next_number(before)
    after: list[Part] = []
    for part, path in zip(before, lake.part_paths(run, table), strict=True):
        if not _touched(lake, path, change):
            after.append(part)
            continue
        source = lake.part(path)
        writer = PartWriter(
            lake.filesystem,
            lake.folder(run),
            source.schema_arrow,
            first=number,
            part_bytes=_NO_BOUND,
            part_rows=_NO_BOUND,
        )
        for batch in source.iter_batches(PHOTO_ROWS):
            writer.write_table(pa.Table.from_batches([change.changed(batch)]))
        writer.flush(empty=True)
        after += writer.parts
        number += 1
    return after


def folder_bytes(lake: Lake, kind: str, run_id: str) -> int:
    """Bytes of everything in a run's folder, committed or not."""
    return sum(info.size for info in _files_in(lake, f"{lake.root}/{kind}={run_id}"))


def open_runs(lake: Lake) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the runs that are begun and not committed, whoever writes them: id and `begun.json`."""
    names = lake.seen().others
    notes = lake.texts([f"{name}/begun.json" for name in names])
    for name, note in zip(names, notes, strict=True):
        if note is not None:  # else committed, or removed, this moment
            yield run_id_of(name), json.loads(note)


def _touched(lake: Lake, path: str, change: RowChange) -> int:
    part = lake.part(path)
    there = [name for name in change.columns if name in part.schema_arrow.names]
    return sum(int(change.touched(batch).sum()) for batch in part.iter_batches(10_000, columns=there))


def _files_in(lake: Lake, folder: str) -> list[pafs.FileInfo]:
    selector = pafs.FileSelector(folder, allow_not_found=True, recursive=True)
    return [info for info in lake.filesystem.get_file_info(selector) if info.type == pafs.FileType.File]
