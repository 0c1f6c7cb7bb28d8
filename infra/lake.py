"""The lake: immutable runs in a folder or an object store, visible once their manifest is there.

A run is begun, its parts are written, and the manifest is committed last. Readers list manifests,
so a run that was killed does not exist for them. Beside its parts an open run keeps `begun.json`
(who writes it, from which runs, and the key of what was asked): the same request after a kill finds the run by its
key and continues it; `sweep` removes what nobody will continue.
"""

import json
import os
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.fs as pafs
import pyarrow.parquet as pq

from infra.atomic_write import remove_if_there, write_atomically
from infra.folder_index import FolderIndex
from infra.lake_files import LakeFiles, manifest_of, run_id_of
from infra.machine import Owner, code_version, describe_machine
from infra.open_run import OpenRun
from infra.parts import paths
from infra.run_table import Seen
from infra.storage_errors import is_transient
from infra.store_index import StoreIndex
from schemas.errors import LakeError
from schemas.ids import RUN_ID, new_run_id
from schemas.manifest import LAKE_VERSION, Manifest

if TYPE_CHECKING:
    import pyarrow.dataset as pads

MARKER = "vitrine.json"
ABANDONED_AFTER_S = 24 * 3600  # for runs begun on another machine, whose processes we cannot see


class Lake(LakeFiles):
    """A lake at `uri`: a folder, `file://`, `s3://` or `gs://`.

    Raises LakeError where the place cannot be read, or was written by a newer vitrine.
    """

    def __init__(self, uri: str) -> None:
        super().__init__(uri)
        self._index = FolderIndex(self) if self.is_local else StoreIndex(self)
        self._version = self._checked_version()

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
        if self._version < LAKE_VERSION:
            self.write(MARKER, {"lake_version": LAKE_VERSION})
            self._version = LAKE_VERSION
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
        self._index.begun(f"{kind}={run_id}")
        note = {"kind": kind, "flow": flow, "key": key, "started_at": started.isoformat()}
        self.write(f"{kind}={run_id}/begun.json", run.told() | note | Owner.here().as_dict())
        return run

    def abandon(self, run: OpenRun) -> None:
        """Mark a run as left behind: the same request continues it, also from this very process."""
        if begun := json.loads(self.text(f"{run.kind}={run.run_id}/begun.json") or "{}"):
            self.write(f"{run.kind}={run.run_id}/begun.json", begun | {"left": True})

    def discard(self, run: OpenRun) -> None:
        """Remove a run that was begun and that nobody will continue, with all it wrote."""
        self._delete(f"{run.kind}={run.run_id}")

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
            cost={name: round(value, 3) for name, value in run.spent().items()},
            code=code_version(),
            machine=describe_machine(),
        )
        path = f"{run.folder}/manifest.json"
        write_atomically(self.filesystem, path, manifest.to_json().encode(), if_absent=True)
        remove_if_there(self.filesystem, f"{run.folder}/begun.json")
        return manifest

    def seen(self) -> Seen:
        """Return the runs there are now: which are committed, and names of folders without a manifest."""
        return self._index.seen()

    def renew_index(self) -> None:
        """Write the index anew from the folders there are, so that it tells nothing of what is gone."""
        self._index.seen(afresh=True)

    def changing(self, run: Manifest, *, removed: bool = False) -> AbstractContextManager[None]:
        """A committed run's manifest is replaced, or removed, within; whoever reads meanwhile asks the run itself."""
        return self._index.changing(f"{run.kind}={run.run_id}", removed=removed)

    def runs(self, kind: str | None = None, *flows: str, newest_first: bool = False) -> Iterator[Manifest]:
        """Yield the committed runs, all or those of one kind or some flows, oldest first unless asked otherwise.

        Those that the index holds cost no reading; a manifest is parsed when it is its turn. A manifest that cannot be
        read is in everyone's way: whoever comes to it gets LakeError.
        """
        committed = self.seen().committed
        for entry in reversed(committed) if newest_first else committed:
            if kind in (None, entry.kind) and entry.flow in (*(flows or (entry.flow,)), ""):
                yield Manifest.from_json(entry.manifest(), f"{self.uri}/{manifest_of(entry.name)}")

    def run(self, run_id: str, *flows: str) -> Manifest:
        """Read one committed run's manifest by its id; raises LakeError where there is none, or of other `flows`."""
        for kind in ("run", "crawl"):
            if RUN_ID.fullmatch(run_id) and (manifest := self._manifest(kind, run_id)):
                if flows and manifest.flow not in flows:
                    raise LakeError(run_id, f"is a run of {manifest.flow}, not of {' or '.join(flows)}")
                return manifest
        raise LakeError(run_id, f"no committed run of this id in {self.uri}")

    def newest(self, flow: str, **parameters: object) -> Manifest:
        """Find the newest committed run of a flow whose parameters or result hold these values.

        Raises LakeError where there is none.
        """
        for manifest in self.runs(None, flow, newest_first=True):
            facts = manifest.parameters | manifest.result
            if all(facts.get(name) == value for name, value in parameters.items()):
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

    def sweep(self, below: str = "~") -> list[str]:
        """Remove runs, of ids below one, whose writer is gone, and day-old remains of a killed sweep; returns ids."""
        removed = []
        for run_id, begun in list(self.left_behind()):
            if run_id < below and self._claim(run_id, begun):
                self._delete(f"{begun['kind']}={run_id}")
                removed.append(run_id)
        oldest = f"{datetime.fromtimestamp(time.time() - ABANDONED_AFTER_S, UTC):%Y%m%dT%H%M%SZ}"
        for name in self._index.seen(afresh=True).others:
            notes = self.texts([f"{name}/begun.json", manifest_of(name)])
            if run_id_of(name) < oldest and notes == [None, None]:
                self._delete(name)
                removed.append(run_id_of(name))
        return removed

    def _delete(self, name: str) -> None:
        """Remove the folder of a run."""
        with self._index.changing(name, removed=True):
            self.filesystem.delete_dir(f"{self.root}/{name}")

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
        if json.loads(self.text(f"{name}/{taken}") or "{}") != begun:
            self.filesystem.move(f"{folder}/{taken}", note)
            return False
        for info in self.filesystem.get_file_info(pafs.FileSelector(folder, recursive=True)):
            if info.base_name == taken or info.base_name.endswith(".tmp"):  # half-written parts
                self.filesystem.delete_file(info.path)
        return True

    def _checked_version(self) -> int:
        """Version of the lake; 0 for one that has not begun."""
        if (text := self.text(MARKER)) is None:
            return 0
        try:
            version = int(json.loads(text)["lake_version"])
        except (ValueError, KeyError, TypeError) as error:
            raise LakeError(self.uri, f"its {MARKER} cannot be read ({error})") from error
        if version > LAKE_VERSION:
            why = f"made by a newer vitrine (lake version {version}; this one reads up to {LAKE_VERSION})"
            raise LakeError(self.uri, why)
        return version

    def _manifest(self, kind: str, run_id: str) -> Manifest | None:
        text = self.text(name := manifest_of(f"{kind}={run_id}"))
        return None if text is None else Manifest.from_json(text, f"{self.uri}/{name}")

    def left_behind(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield begun, uncommitted runs whose writer is dead, newest first: id and `begun.json`."""
        names = sorted(self.seen().others, key=run_id_of, reverse=True)
        for folder, text in zip(names, self.texts([f"{name}/begun.json" for name in names]), strict=True):
            if text is None:
                continue
            if self.text(manifest_of(folder)) is not None:  # committed since
                remove_if_there(self.filesystem, f"{self.root}/{folder}/begun.json")
                continue
            try:
                begun = json.loads(text)
                age_s = time.time() - datetime.fromisoformat(begun["at"]).timestamp()
                alive = False if begun.get("left") else Owner.of(begun).is_alive()
            except (ValueError, KeyError, TypeError) as error:
                raise LakeError(f"{self.uri}/{folder}/begun.json", f"cannot be read ({error})") from error
            if alive is False or (alive is None and age_s > ABANDONED_AFTER_S):
                yield run_id_of(folder), begun
