"""The index of a lake that is a folder: what a manifest looks like from outside says whether it was read before.

As git's index does it: the inode, size and time of change of a manifest are asked for each time, which takes
microseconds, and its text is taken from the index where they are the same. So whoever wrote, replaced or removed a run,
by this code or by hand, is seen, and an index that was lost, torn or overtaken by another costs time only.
"""

import os
from contextlib import AbstractContextManager, nullcontext, suppress

import pyarrow as pa

from infra.atomic_write import write_atomically
from infra.lake_files import LakeFiles, manifest_of, run_names
from infra.run_table import UNREAD, Entry, RunTable, Seen, packed
from schemas.errors import LakeError

FILE = "index/runs.parquet"


class FolderIndex:
    """The index of the lake in a folder of this machine."""

    def __init__(self, files: LakeFiles) -> None:
        self._files = files
        self._held: tuple[str | None, RunTable | None] = (None, None)

    def begun(self, name: str) -> None:
        """A run is begun; its folder tells that."""

    def changing(self, name: str, *, removed: bool = False) -> AbstractContextManager[None]:
        """A run's manifest is replaced or removed within; its stamp tells that."""
        return nullcontext()

    def seen(self, *, afresh: bool = False) -> Seen:
        """The runs there are. With `afresh` an index is written anew, so that it holds nothing that is gone."""
        try:
            names = list(run_names(os.listdir(self._files.root)))
        except FileNotFoundError:
            return Seen([], [])
        except OSError as error:
            raise LakeError(self._files.uri, f"cannot be read ({error})") from error
        stamps = {name: self._stamp_of(manifest_of(name)) for name in names}
        table = self._current()
        known = {e.name: e for e in table.entries if stamps.get(e.name) == e.stamp} if table else {}
        unread = [name for name, stamp in stamps.items() if stamp is not None and name not in known]
        texts = self._files.texts([manifest_of(name) for name in unread])
        for name, text in zip(unread, texts, strict=True):
            if text is None:  # removed this moment
                stamps[name] = None
            else:
                known[name] = Entry.of(name, text, str(stamps[name]))
        if len(unread) >= UNREAD or (afresh and table is not None):
            self._write(list(known.values()), unread)
        ids = sorted(known.values(), key=lambda entry: entry.run_id)
        return Seen(ids, [name for name, stamp in stamps.items() if stamp is None])

    def _write(self, entries: list[Entry], unread: list[str]) -> None:
        """Replace the index; where nothing may be written, it stays as it is. Two that write at once are both right."""
        with suppress(LakeError, OSError):
            # Left where a commit was killed before it had tidied up.
            self._files.remove([f"{name}/begun.json" for name in unread])
            data = packed(entry for entry in entries if entry.flow)
            write_atomically(self._files.filesystem, f"{self._files.root}/{FILE}", data)

    def _current(self) -> RunTable | None:
        """The index as it is now; None where there is none, or one that cannot be read."""
        held, stamp = self._held, self._stamp_of(FILE)
        if stamp != held[0]:
            held = (stamp, None)
            with suppress(OSError, KeyError, pa.ArrowInvalid):
                file = self._files.filesystem.open_input_file(f"{self._files.root}/{FILE}")
                held = (stamp, RunTable(file.read_buffer()))
            self._held = held
        return held[1]

    def _stamp_of(self, name: str) -> str | None:
        try:
            there = os.stat(f"{self._files.root}/{name}")
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise LakeError(self._files.uri, f"{name} cannot be read ({error})") from error
        return f"{there.st_ino}.{there.st_size}.{there.st_ctime_ns}"
