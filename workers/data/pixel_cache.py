"""Decoded photos kept on this machine's disk, for whatever learns from the same photos at the same size.

An entry is named by what it holds: the photos' ids in order, and the version of decoder and geometry at that size. So
an attempt after a kill, the trials of a search and later runs find what an earlier one decoded. What was not used for
longest goes when a new entry would pass the budget; what some process reads stays, and then there is no room.

    <folder>/<name>/        pixels, photos.json; appears whole, by rename
    <folder>/<name>.tmp/    an entry while one process writes it
    <folder>/LOCK           held while entries are looked up, begun, finished or removed

Who reads an entry has a shared lock on its pixels, who writes it an exclusive one; the kernel frees both when a process
is killed.
"""

import fcntl
import json
import mmap
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow.fs as pafs
from numpy.typing import NDArray

from schemas.errors import ImageError, InputError
from schemas.image_ids import Ids, hex_of_ids, joined
from schemas.row_slice import RowSlice, cut
from workers.data.decode import preprocessing
from workers.data.shards import SLICE_ROWS, decoded

PIXELS, PHOTOS, UNFINISHED = "pixels", "photos.json", ".tmp"


class Photos(NamedTuple):
    """Some photos decoded.

    ids     (N,) of those that decode, in the order of the slices
    pixels  (N, 3, S, S) uint8, not to be written to
    errors  why others do not
    reused  whether they were decoded before
    """

    ids: Ids
    pixels: NDArray[np.uint8]
    errors: list[ImageError]
    reused: bool = False


def size_of(slices: Sequence[RowSlice], size: int) -> int:
    """Bytes of these photos at `size` px."""
    return sum(map(len, slices)) * 3 * size * size


def in_memory(filesystem: pafs.FileSystem, slices: Sequence[RowSlice], size: int, threads: int) -> Photos:
    """Decode these photos, to be kept nowhere."""
    parts = list(decoded(filesystem, cut(slices, SLICE_ROWS), size, threads))
    pixels = np.concatenate([np.empty((0, 3, size, size), np.uint8), *(part.pixels for part in parts)])
    ids = joined(part.ids[part.decodes] for part in parts)
    return Photos(ids, pixels, [error for part in parts for error in part.errors])


@dataclass(frozen=True)
class PixelCache:
    """The entries of one folder; any number of processes may use it at once.

    folder  where they lie; ~ is the home of whoever reads it
    budget  bytes that all entries may take together
    """

    folder: str
    budget: int

    def photos(
        self, filesystem: pafs.FileSystem, slices: Sequence[RowSlice], size: int, threads: int
    ) -> Photos | None:
        """These photos: kept from before, or decoded and kept; None where there is no room for them.

        A process that is decoding the same photos is waited for. Raises InputError where the folder cannot be used.
        """
        wanted = size_of(slices, size)
        if not 0 < wanted <= self.budget:
            return None
        ids = joined(one.ids for one in slices)
        entry = self._folder / name_of(ids, size)
        while True:
            with self._turn():
                if entry.exists():
                    return _read(entry, ids, size)
                other = self._unfinished(entry)
                handle = self._begun(entry, wanted) if other is None else None
            if other is not None:
                fcntl.flock(other, fcntl.LOCK_SH)  # until it is finished, or its writer is gone
                os.close(other)
            elif handle is None:
                return None
            else:
                return self._written(entry, handle, filesystem, slices, size, threads)

    def clear(self) -> int:
        """Remove every entry that no process has in use; returns how many are left."""
        with self._turn():
            found = [path for path in self._folder.iterdir() if path.is_dir()]
            return sum(not _removed(path) for path in found)

    @property
    def _folder(self) -> Path:
        return Path(self.folder).expanduser()

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Look at the entries, or change them, while no other process does."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with open(self._folder / "LOCK", "ab") as turn:
                fcntl.flock(turn, fcntl.LOCK_EX)
                yield
        except OSError as error:
            why = f"cannot be used ({error.strerror}); set VITRINE_PIXEL_CACHE to another folder"
            raise InputError(f"pixel cache in {self._folder}", why) from error

    def _unfinished(self, entry: Path) -> int | None:
        """A handle of the entry that another process is writing; what a killed one left is removed."""
        folder = entry.with_suffix(UNFINISHED)
        if not folder.exists():
            return None
        handle = os.open(folder / PIXELS, os.O_RDWR | os.O_CREAT, 0o666)
        if not _free(handle):
            return handle
        os.close(handle)
        shutil.rmtree(folder)
        return None

    def _begun(self, entry: Path, wanted: int) -> int | None:
        """A handle of the new entry's pixels, whose room is taken; None where there is none."""
        if not self._has_room(wanted):
            return None
        folder = entry.with_suffix(UNFINISHED)
        folder.mkdir()
        handle = os.open(folder / PIXELS, os.O_RDWR | os.O_CREAT, 0o666)
        fcntl.flock(handle, fcntl.LOCK_EX)
        try:
            os.posix_fallocate(handle, 0, wanted)  # a full disk is known now
        except OSError:
            os.close(handle)
            shutil.rmtree(folder)
            return None
        return handle

    def _has_room(self, wanted: int) -> bool:
        """Whether so many bytes fit into the budget, once entries that nobody reads are removed, oldest use first."""
        found = [path for path in self._folder.iterdir() if path.is_dir()]
        taken = {path: _bytes_in(path) for path in found}
        # What a killed process left is older than any entry.
        for path in sorted(found, key=lambda path: (path.suffix != UNFINISHED, path.stat().st_mtime_ns)):
            if path.suffix != UNFINISHED and sum(taken.values()) + wanted <= self.budget:
                break
            if _removed(path):
                del taken[path]
        return sum(taken.values()) + wanted <= self.budget

    def _written(
        self,
        entry: Path,
        handle: int,
        filesystem: pafs.FileSystem,
        slices: Sequence[RowSlice],
        size: int,
        threads: int,
    ) -> Photos:
        """Decode into an entry that has begun, and finish it."""
        folder = entry.with_suffix(UNFINISHED)
        errors: list[ImageError] = []
        ids: list[Ids] = []
        try:
            with open(os.dup(handle), "wb") as file:
                for some in decoded(filesystem, cut(slices, SLICE_ROWS), size, threads):
                    file.write(some.pixels.data)
                    ids.append(some.ids[some.decodes])
                    errors += some.errors
                file.flush()
                os.fsync(handle)
            told = {"errors": [[error.image, error.reason, error.detail] for error in errors]}
            _write(folder / PHOTOS, json.dumps(told | {"photos": sum(map(len, ids))}))
            with self._turn():
                fcntl.flock(handle, fcntl.LOCK_SH)
                folder.rename(entry)
        except BaseException:
            with self._turn():
                shutil.rmtree(folder)
                os.close(handle)
            raise
        return Photos(joined(ids), _mapped(handle, sum(map(len, ids)), size), errors)


def name_of(ids: Ids, size: int) -> str:
    """The name of these photos, in this order, as this version decodes them at `size` px."""
    return sha256(f"{preprocessing(size)}\n".encode() + np.ascontiguousarray(ids).tobytes()).hexdigest()


def _read(entry: Path, ids: Ids, size: int) -> Photos:
    """An entry as it was written, from now on in use; `ids` (N,) are all its photos."""
    handle = os.open(entry / PIXELS, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_SH)
    os.utime(entry)
    told = json.loads((entry / PHOTOS).read_text())
    errors = [ImageError(*error) for error in told["errors"]]
    failed = {error.image for error in errors}
    decodes = np.array([name not in failed for name in hex_of_ids(ids)]) if failed else slice(None)
    return Photos(ids[decodes], _mapped(handle, told["photos"], size), errors, reused=True)


def _mapped(handle: int, photos: int, size: int) -> NDArray[np.uint8]:
    """The pixels of a file, which is in use until nobody has them any more: the mapping has a handle of its own."""
    mapped = mmap.mmap(handle, 0, access=mmap.ACCESS_READ)
    os.close(handle)
    flat = np.frombuffer(mapped, np.uint8, photos * 3 * size * size)
    return flat.reshape(photos, 3, size, size)


def _removed(folder: Path) -> bool:
    """Remove an entry unless some process reads or writes it; says whether it did."""
    handle = os.open(folder / PIXELS, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        if not _free(handle):
            return False
        shutil.rmtree(folder.rename(folder.with_suffix(UNFINISHED)))  # half of one is never taken for whole
        return True
    finally:
        os.close(handle)


def _bytes_in(folder: Path) -> int:
    with suppress(FileNotFoundError):
        return (folder / PIXELS).stat().st_size
    return 0


def _free(handle: int) -> bool:
    """Take a file that no other process has."""
    with suppress(BlockingIOError):
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False


def _write(path: Path, text: str) -> None:
    with path.open("w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
