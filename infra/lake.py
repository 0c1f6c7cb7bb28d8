"""The lake: immutable runs in a folder or an object store, visible once their manifest is there.

A run is begun, its parts are written, and the manifest is committed last. Readers list manifests,
so a run that was killed does not exist for them. Beside its parts an open run keeps `begun.json`
(who writes it, and the key of what was asked): the same request after a kill finds the run by its
key and continues it; `sweep` removes what nobody will continue.
"""

import json
import os
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlparse

import pyarrow as pa
import pyarrow.fs as pafs
import pyarrow.parquet as pq

from infra.atomic_write import remove_if_there, write_atomically
from infra.machine import Owner, code_version, describe_machine
from infra.open_run import OpenRun
from infra.parts import paths
from infra.storage_errors import is_transient
from schemas.errors import LakeError
from schemas.ids import RUN_ID, new_run_id
from schemas.manifest import LAKE_VERSION, Manifest

if TYPE_CHECKING:
    import pyarrow.dataset as pads

MARKER = "vitrine.json"
ABANDONED_AFTER_S = 24 * 3600  # for runs begun on another machine, whose processes we cannot see


class Lake:
    """A lake at `uri`: a folder, `file://`, `s3://` or `gs://`.

    Raises LakeError where the place cannot be read, or was written by a newer vitrine.
    """

    def __init__(self, uri: str) -> None:
        self.uri = uri
        try:
            address = uri if "://" in uri else Path(uri).expanduser().resolve().as_uri()
            if urlparse(address).scheme not in ("file", "s3", "gs"):
                raise ValueError("a folder, file://, s3:// or gs:// is wanted")
            self.filesystem, root = pafs.FileSystem.from_uri(address)
        except (pa.ArrowInvalid, OSError, ValueError) as error:
            raise LakeError(uri, f"not a lake address ({error})", transient=is_transient(error)) from error
        self.root = root.rstrip("/")
        self._check_version()

    @property
    def is_local(self) -> bool:
        """Whether the lake is a folder of this machine."""
        return isinstance(self.filesystem, pafs.LocalFileSystem)

    def begin(
        self,
        kind: str,
        flow: str,
        key: str,
        *,
        parents: Sequence[str] = (),
        parameters: Mapping[str, Any] | None = None,
    ) -> OpenRun:
        """Open a run, or continue the newest one that was begun with the same key and left behind."""
        if self._text(MARKER) is None:
            self._write(MARKER, {"lake_version": LAKE_VERSION})
        run_id, continued, started = new_run_id(), False, datetime.now(UTC)
        for abandoned, begun in self.left_behind():
            if begun["key"] == key and begun["kind"] == kind and self._claim(abandoned, begun):
                run_id, continued = abandoned, True
                started = datetime.fromisoformat(begun["started_at"])
                break
        run = OpenRun(
            kind=kind,
            run_id=run_id,
            flow=flow,
            key=key,
            folder=f"{self.root}/{kind}={run_id}",
            filesystem=self.filesystem,
            parents=list(parents),
            parameters=dict(parameters or {}),
            started_at=started,
            continued=continued,
        )
        note = {"kind": kind, "flow": flow, "key": key, "started_at": started.isoformat()}
        self._write(f"{kind}={run_id}/begun.json", run.told() | note | Owner.here().as_dict())
        return run

    def abandon(self, run: OpenRun) -> None:
        """Mark a run as left behind: the same request continues it, also from this very process."""
        if begun := json.loads(self._text(f"{run.kind}={run.run_id}/begun.json") or "{}"):
            self._write(f"{run.kind}={run.run_id}/begun.json", begun | {"left": True})

    def discard(self, run: OpenRun) -> None:
        """Remove a run that was begun and that nobody will continue, with all it wrote."""
        self.filesystem.delete_dir(run.folder)

    def commit(self, run: OpenRun, result: Mapping[str, Any]) -> Manifest:
        """Write the manifest: then the run exists. Raises CountError if a stage lost rows, LakeError if it exists."""
        manifest = Manifest(
            kind=run.kind,
            run_id=run.run_id,
            flow=run.flow,
            key=run.key,
            started_at=run.started_at.isoformat(timespec="seconds"),
            committed_at=datetime.now(UTC).isoformat(timespec="seconds"),
            parents=run.parents,
            parameters=run.parameters,
            result=dict(result),
            files=run.files,
            counts=run.counts,
            seconds={name: round(value, 3) for name, value in run.seconds.items()},
            schemas=run.schemas,
            code=code_version(),
            machine=describe_machine(),
        )
        path = f"{run.folder}/manifest.json"
        write_atomically(self.filesystem, path, manifest.to_json().encode(), if_absent=True)
        remove_if_there(self.filesystem, f"{run.folder}/begun.json")
        return manifest

    def runs(self, kind: str | None = None, *, newest_first: bool = False) -> Iterator[Manifest]:
        """Yield every committed run, oldest first unless asked otherwise; one manifest is read at a time."""
        for prefix, run_id in sorted(self._run_ids(), key=lambda pair: pair[1], reverse=newest_first):
            if kind in (None, prefix) and (manifest := self._manifest(prefix, run_id)):
                yield manifest

    def run(self, run_id: str) -> Manifest:
        """Read one committed run's manifest by its id; raises LakeError where there is none."""
        for kind in ("run", "crawl"):
            if RUN_ID.fullmatch(run_id) and (manifest := self._manifest(kind, run_id)):
                return manifest
        raise LakeError(run_id, f"no committed run of this id in {self.uri}")

    def newest(self, flow: str, **parameters: object) -> Manifest:
        """Find the newest committed run of a flow whose parameters or result hold these values.

        Raises LakeError where there is none.
        """
        for manifest in self.runs(newest_first=True):
            facts = manifest.parameters | manifest.result
            if manifest.flow == flow and all(facts.get(name) == value for name, value in parameters.items()):
                return manifest
        wanted = "".join(f" with {name} {value}" for name, value in parameters.items())
        raise LakeError(self.uri, f"holds no committed {flow}{wanted} yet")

    def folder(self, manifest: Manifest) -> str:
        """Path of a committed run within the lake's filesystem."""
        return f"{self.root}/{manifest.kind}={manifest.run_id}"

    def part_paths(self, manifest: Manifest, table: str) -> list[str]:
        """Paths of one table's part files, in the order written."""
        return paths(self.folder(manifest), manifest.files.get(table, []))

    def table(self, manifest: Manifest, table: str, columns: Sequence[str] | None = None) -> pa.Table:
        """Read a whole table into memory; for small tables or few columns."""
        parts = (self.part(path) for path in self._paths_of(manifest, table))
        names = list(columns) if columns else None
        tables = [part.read(names).select(names or part.schema_arrow.names) for part in parts]
        return pa.concat_tables(tables)

    def batches(
        self, manifest: Manifest, table: str, columns: Sequence[str] | None = None, rows: int = 500
    ) -> Iterator[pa.RecordBatch]:
        """Stream a table in batches of at most `rows` rows, in the order written."""
        # Not through a dataset: to import it brings pandas, which costs every crawl a second.
        for path in self._paths_of(manifest, table):
            part = self.part(path)
            names = list(columns) if columns else part.schema_arrow.names
            for batch in part.iter_batches(rows, columns=names):
                yield batch.select(names)

    def part(self, path: str) -> pq.ParquetFile:
        """Open one part file, for readers that need its rows in the order written."""
        try:
            return pq.ParquetFile(self.filesystem.open_input_file(path))
        except (OSError, pa.ArrowInvalid) as error:
            raise LakeError(path, f"cannot be read ({error})", transient=is_transient(error)) from error

    def dataset(self, manifest: Manifest, table: str) -> "pads.Dataset":
        """Open a table as an Arrow dataset, for filters; raises LakeError where the run has no such table."""
        import pyarrow.dataset as pads  # brings pandas, a second that a crawl need not pay

        files = self._paths_of(manifest, table)
        try:
            return pads.dataset(files, filesystem=self.filesystem, format="parquet")
        except (OSError, pa.ArrowInvalid) as error:
            why = f"table {table} cannot be read ({error})"
            raise LakeError(manifest.run_id, why, transient=is_transient(error)) from error

    def _paths_of(self, manifest: Manifest, table: str) -> list[str]:
        """`part_paths` of a table that is there; raises LakeError where it is not."""
        files = self.part_paths(manifest, table)
        if not files:
            raise LakeError(manifest.run_id, f"has no table {table}")
        return files

    def unfinished(self) -> int:
        """Count the runs that were begun and left behind, for the same request to continue."""
        return sum(1 for _ in self.left_behind())

    def sweep(self) -> list[str]:
        """Remove uncommitted runs whose writer is gone, and day-old remains of a killed sweep; returns ids."""
        removed = []
        for run_id, begun in list(self.left_behind()):
            if self._claim(run_id, begun):
                self.filesystem.delete_dir(f"{self.root}/{begun['kind']}={run_id}")
                removed.append(run_id)
        oldest = f"{datetime.fromtimestamp(time.time() - ABANDONED_AFTER_S, UTC):%Y%m%dT%H%M%SZ}"
        for kind, run_id in self._run_ids():
            notes = (self._text(f"{kind}={run_id}/{name}") for name in ("begun.json", "manifest.json"))
            if run_id < oldest and all(note is None for note in notes):
                self.filesystem.delete_dir(f"{self.root}/{kind}={run_id}")
                removed.append(run_id)
        return removed

    def _claim(self, run_id: str, begun: dict[str, Any]) -> bool:
        """Take a left-behind run over; of two processes that try at once, one succeeds.

        The other may have written its own note since we read this one, so what was taken is compared.
        """
        name = f"{begun['kind']}={run_id}"
        folder = f"{self.root}/{name}"
        note, taken = f"{folder}/begun.json", f"begun.json.{os.getpid()}-{threading.get_ident()}"
        try:
            self.filesystem.move(note, f"{folder}/{taken}")
        except OSError:
            return False
        if json.loads(self._text(f"{name}/{taken}") or "{}") != begun:
            self.filesystem.move(f"{folder}/{taken}", note)
            return False
        for info in self.filesystem.get_file_info(pafs.FileSelector(folder, recursive=True)):
            if info.base_name == taken or info.base_name.endswith(".tmp"):  # half-written parts
                self.filesystem.delete_file(info.path)
        return True

    def _check_version(self) -> None:
        if (text := self._text(MARKER)) is None:
            return
        try:
            version = int(json.loads(text)["lake_version"])
        except (ValueError, KeyError, TypeError) as error:
            raise LakeError(self.uri, f"its {MARKER} cannot be read ({error})") from error
        if version > LAKE_VERSION:
            why = f"made by a newer vitrine (lake version {version}; this one reads up to {LAKE_VERSION})"
            raise LakeError(self.uri, why)

    def _manifest(self, kind: str, run_id: str) -> Manifest | None:
        text = self._text(name := f"{kind}={run_id}/manifest.json")
        return None if text is None else Manifest.from_json(text, f"{self.uri}/{name}")

    def _run_ids(self) -> Iterator[tuple[str, str]]:
        try:
            folders = self.filesystem.get_file_info(pafs.FileSelector(self.root, allow_not_found=True))
        except OSError as error:
            raise LakeError(self.uri, f"cannot be read ({error})", transient=is_transient(error)) from error
        for kind, _, run_id in (str(info.base_name).partition("=") for info in folders):
            if kind in ("crawl", "run") and RUN_ID.fullmatch(run_id):
                yield kind, run_id

    def left_behind(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield begun, uncommitted runs whose writer is dead, newest first: id and `begun.json`."""
        for kind, run_id in sorted(self._run_ids(), key=lambda pair: pair[1], reverse=True):
            folder = f"{kind}={run_id}"
            text = self._text(f"{folder}/begun.json")
            if text is None:
                continue
            if self._text(f"{folder}/manifest.json") is not None:  # killed between commit and tidying up
                remove_if_there(self.filesystem, f"{self.root}/{folder}/begun.json")
                continue
            try:
                begun = json.loads(text)
                age_s = time.time() - datetime.fromisoformat(begun["at"]).timestamp()
                alive = False if begun.get("left") else Owner.of(begun).is_alive()
            except (ValueError, KeyError, TypeError) as error:
                raise LakeError(f"{self.uri}/{folder}/begun.json", f"cannot be read ({error})") from error
            if alive is False or (alive is None and age_s > ABANDONED_AFTER_S):
                yield run_id, begun

    def _write(self, name: str, value: Mapping[str, Any]) -> None:
        """Write a JSON file below the root, whole or not at all."""
        write_atomically(self.filesystem, f"{self.root}/{name}", json.dumps(value).encode())

    def _text(self, name: str) -> str | None:
        """Read a text file below the root; None where there is none."""
        try:
            with self.filesystem.open_input_stream(f"{self.root}/{name}") as stream:
                return str(stream.read().decode())
        except FileNotFoundError:
            return None
        except OSError as error:
            why = f"{name} cannot be read ({error})"
            raise LakeError(self.uri, why, transient=is_transient(error)) from error
