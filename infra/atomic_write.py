"""Files that appear whole or not at all, under their final name, and survive a power cut on a local disk."""

import os
import threading
from contextlib import suppress

import pyarrow as pa
import pyarrow.fs as pafs

from infra.storage_errors import is_transient
from schemas.errors import LakeError


def write_atomically(
    filesystem: pafs.FileSystem, path: str, data: pa.Buffer | bytes, *, if_absent: bool = False
) -> None:
    """Write a whole file: it exists complete or not at all, and on a local disk survives a power cut.

    if_absent  the file must not be there yet: of two that write at once, one gets LakeError. An object store is
               only asked beforehand, because pyarrow has no conditional put.

    Raises LakeError, and leaves nothing behind, where it cannot be written: a full disk, no permission.
    """
    try:
        if isinstance(filesystem, pafs.LocalFileSystem):
            _write_local(path, data, if_absent)
            return
        if if_absent and filesystem.get_file_info(path).type != pafs.FileType.NotFound:
            raise FileExistsError(path)
        with filesystem.open_output_stream(path) as stream:
            stream.write(data)
    except FileExistsError as error:
        raise LakeError(path, "is there already") from error
    except OSError as error:
        raise LakeError(path, f"cannot be written ({error})", transient=is_transient(error)) from error


def _write_local(path: str, data: pa.Buffer | bytes, if_absent: bool) -> None:
    folder = os.path.dirname(path)
    os.makedirs(folder, exist_ok=True)
    temporary = temporary_name(path)
    try:
        with open(temporary, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if if_absent:
            os.link(temporary, path)  # unlike a rename it refuses where a file is
        else:
            os.replace(temporary, path)
    finally:
        with suppress(FileNotFoundError):  # renamed away
            os.unlink(temporary)
    sync_folder(path)


def remove_if_there(filesystem: pafs.FileSystem, path: str) -> None:
    """Remove a file that another process may remove at the same moment."""
    with suppress(FileNotFoundError):
        filesystem.delete_file(path)


def temporary_name(path: str) -> str:
    """Make up a name beside `path` that no other process or thread takes; ends in .tmp, which lakes sweep."""
    return f"{path}.{os.getpid()}-{threading.get_ident()}.tmp"


def sync_folder(path: str) -> None:
    """Flush the folder of `path` to the disk: the name of a file must survive a power cut too."""
    handle = os.open(os.path.dirname(path), os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
