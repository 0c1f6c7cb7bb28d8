"""The index of a lake in an object store, where listing a run takes as long as reading one.

`index/` holds a table of manifests, and a mark for each run of which the table may not tell the truth. A mark is there
before its run is begun, replaced or removed, and readers ask a marked run itself: so an index never hides a run and
never shows an old manifest, whoever is killed when. Whoever had to ask many writes a table anew, then removes the
tables that it holds all of, and the marks of what he read. Two at once make two tables, and both are right.

    runs-<token>.parquet              manifests; for a day the ids of runs that are no more, too, lest a table
                                      that another wrote from an older look bring them back
    <kind>=<run_id>~<token>.written   begun or replaced: ask the run itself
    <kind>=<run_id>~<token>.changing  being replaced or removed, or left so by a kill
    <kind>=<run_id>~<token>.removed   is no more

Without a table, or with one of no use, the root is listed and every manifest read, side by side.
"""

import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta

import pyarrow as pa

from infra.atomic_write import write_atomically
from infra.lake_files import LakeFiles, manifest_of, run_names
from infra.run_table import REMOVED, UNREAD, Entry, RunTable, Seen, packed
from schemas.errors import LakeError
from schemas.ids import new_run_id

FOLDER = "index"
_LOOKS = 5  # at an index of which others remove files meanwhile
_DAY = timedelta(days=1)

Marks = Mapping[str, list[str]]  # by run


class StoreIndex:
    """The index of the lake in an object store."""

    def __init__(self, files: LakeFiles) -> None:
        self._files = files
        self._tables: dict[str, RunTable] = {}

    def begun(self, name: str) -> None:
        """Mark a run that is about to be begun, or gone on with."""
        self._mark(name, "written")

    @contextmanager
    def changing(self, name: str, *, removed: bool = False) -> Iterator[None]:
        """Mark a run whose manifest is replaced, or removed, within."""
        pending = self._mark(name, "changing")
        yield
        self._mark(name, "removed" if removed else "written")
        self._files.remove([pending])

    def seen(self, *, afresh: bool = False) -> Seen:
        """The runs there are. With `afresh` the root is listed, and an index written anew."""
        tables, marks, files = self._looked()
        newest: dict[str, Entry] = {}
        for entry in (entry for table in tables.values() for entry in table.entries):
            if entry.name not in newest or newest[entry.name].revision < entry.revision:
                newest[entry.name] = entry
        gone = {name for name, kinds in marks.items() if any(mark.endswith(".removed") for mark in kinds)}
        gone |= {entry.name for entry in newest.values() if entry.revision == REMOVED}
        asked = marks.keys() - gone
        if afresh or not tables:
            folders = set(self._files.run_folders())
            gone |= newest.keys() - folders
            asked = (asked | (folders - newest.keys())) - gone
        names = sorted(asked)
        texts = self._files.texts([manifest_of(name) for name in names])
        read = {
            name: Entry.of(name, text) for name, text in zip(names, texts, strict=True) if text is not None
        }
        others = [name for name in names if name not in read]
        committed = {name: e for name, e in newest.items() if name not in gone and name not in asked} | read
        if len(read) + len(gone & marks.keys()) >= UNREAD or (afresh and files):
            if files and max(files) < f"{FOLDER}/runs-{new_run_id(datetime.now(UTC) - _DAY)}":
                gone -= {e.name for e in newest.values() if e.revision == REMOVED} - marks.keys()
            self._write(files, marks, committed, gone, others)
        return Seen(sorted(committed.values(), key=lambda entry: entry.run_id), others)

    def _write(
        self,
        files: Iterable[str],
        marks: Marks,
        committed: Mapping[str, Entry],
        gone: Iterable[str],
        others: Iterable[str],
    ) -> None:
        """Write a table of all that stands still, then remove what it takes the place of."""
        unsettled = {
            name for name, kinds in marks.items() if any(mark.endswith(".changing") for mark in kinds)
        }
        entries = [entry for name, entry in committed.items() if entry.flow and name not in unsettled]
        entries += [Entry(name, "-", revision=REMOVED) for name in gone]
        with suppress(LakeError, OSError):
            torn = [name for name, entry in committed.items() if not entry.flow]
            for name in {*others, *torn} - marks.keys():  # of an earlier vitrine, which marked nothing
                self._mark(name, "written")
            # Left where a commit was killed before it had tidied up.
            self._files.remove(
                [f"{n}/begun.json" for n, entry in committed.items() if entry.fresh and n in marks]
            )
            path = f"{self._files.root}/{FOLDER}/runs-{_token()}.parquet"
            write_atomically(self._files.filesystem, path, packed(entries))
            self._files.remove(list(files))
            settled = {entry.name for entry in entries}
            self._files.remove([mark for name, kinds in marks.items() if name in settled for mark in kinds])

    def _looked(self) -> tuple[dict[str, RunTable], Marks, list[str]]:
        """The tables, by their names below the root, none where one is torn; marks; names of all files of tables."""
        for _ in range(_LOOKS):
            names = self._files.names(FOLDER)
            marks: dict[str, list[str]] = {}
            for name in names:
                for run in run_names([name.partition("~")[0]]):
                    marks.setdefault(run, []).append(f"{FOLDER}/{name}")
            wanted = [f"{FOLDER}/{name}" for name in names if name.startswith("runs-")]
            try:
                tables = {name: self._tables.get(name) or self._read(name) for name in wanted}
            except FileNotFoundError:  # another put its own in the place of this
                continue
            except (KeyError, pa.ArrowInvalid):
                break
            self._tables = tables
            return tables, marks, wanted
        return {}, marks, wanted

    def _read(self, name: str) -> RunTable:
        try:
            with self._files.filesystem.open_input_file(f"{self._files.root}/{name}") as file:
                return RunTable(file.read_buffer())
        except FileNotFoundError:
            raise
        except OSError as error:
            raise LakeError(self._files.uri, f"{name} cannot be read ({error})", transient=True) from error

    def _mark(self, name: str, what: str) -> str:
        mark = f"{FOLDER}/{name}~{_token()}.{what}"
        self._files.write(mark, {})
        return mark


def _token() -> str:
    """A name that nobody else takes; of two, the later one sorts behind."""
    return f"{new_run_id()}-{uuid.uuid4().hex[:8]}"
