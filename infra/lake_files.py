"""The place of a lake: its address, its filesystem, and the small text files below its root."""

import json
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import pyarrow as pa
import pyarrow.fs as pafs

from infra.atomic_write import remove_if_there, write_atomically
from infra.storage_errors import is_transient
from schemas.errors import LakeError
from schemas.ids import RUN_ID

READERS = (
    32  # requests under way at once: an object store answers each in 20 to 100 ms, and many side by side
)
KINDS = ("crawl", "run")


class LakeFiles:
    """What lies at `uri`: a folder, `file://`, `s3://` or `gs://`. Raises LakeError where that is no such address."""

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
        self.is_local = isinstance(self.filesystem, pafs.LocalFileSystem)

    def text(self, name: str) -> str | None:
        """Read a text file below the root; None where there is none."""
        try:
            with self.filesystem.open_input_stream(f"{self.root}/{name}") as stream:
                return str(stream.read().decode())
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._unread(name, error) from error

    def texts(self, names: Sequence[str]) -> list[str | None]:
        """Read many text files at once, in their order; None for each that is not there."""
        if len(names) < 2:
            return [self.text(name) for name in names]
        with ThreadPoolExecutor(min(READERS, len(names)), "lake") as readers:
            return list(readers.map(self.text, names))

    def remove(self, names: Sequence[str]) -> None:
        """Remove many files at once; those that are not there are no matter."""
        paths = [f"{self.root}/{name}" for name in names]
        if paths:
            with ThreadPoolExecutor(min(READERS, len(paths)), "lake") as removers:
                list(removers.map(partial(remove_if_there, self.filesystem), paths))

    def write(self, name: str, value: Mapping[str, Any]) -> None:
        """Write a JSON file below the root, whole or not at all."""
        write_atomically(self.filesystem, f"{self.root}/{name}", json.dumps(value).encode())

    def names(self, folder: str = "") -> list[str]:
        """Names of all that lies in a folder below the root; none where there is no such folder."""
        place = f"{self.root}/{folder}".rstrip("/")
        try:
            infos = self.filesystem.get_file_info(pafs.FileSelector(place, allow_not_found=True))
        except OSError as error:
            raise self._unread(folder, error) from error
        return [info.base_name for info in infos]

    def run_folders(self) -> list[str]:
        """Names of the folders of all runs, committed or not, by listing the root; in no order."""
        return list(run_names(self.names()))

    def _unread(self, name: str, error: OSError) -> LakeError:
        return LakeError(self.uri, f"{name} cannot be read ({error})".lstrip(), transient=is_transient(error))


def run_names(names: Sequence[str]) -> Iterator[str]:
    """Yield those names that are a run's folder, `<kind>=<run_id>`."""
    for name in names:
        kind, _, run_id = name.partition("=")
        if kind in KINDS and RUN_ID.fullmatch(run_id):
            yield name


def manifest_of(name: str) -> str:
    """Name of the manifest of a run's folder."""
    return f"{name}/manifest.json"


def run_id_of(name: str) -> str:
    """Id of the run in a folder."""
    return name.partition("=")[2]
