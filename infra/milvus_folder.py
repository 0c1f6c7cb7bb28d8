"""Milvus Lite's directory: where it is, whether it can be opened, and who holds it.

Lite locks `<directory>/LOCK` with flock while a process serves it, and refuses a second one only in its log;
so we look first.
"""

import fcntl
import os
import shutil
from pathlib import Path
from urllib.parse import unquote, urlparse

from schemas.errors import VectorStoreError

SERVER_SCHEMES = ("http", "https", "tcp", "unix")


def lite_folder(uri: str) -> str:
    """Absolute path of the Lite directory that `uri` names; empty where it names a server.

    Raises VectorStoreError for an address that is neither.
    """
    scheme = urlparse(uri).scheme.lower()
    if scheme in SERVER_SCHEMES:
        return ""
    path = unquote(urlparse(uri).path) if scheme == "file" else uri
    if scheme not in ("", "file") or not path.endswith(".db"):
        why = "neither a Milvus Lite directory (a path ending in .db) nor a server (http://...)"
        raise VectorStoreError(uri, why)
    return str(Path(path).expanduser().resolve())


def remove_half_made(folder: str, collection: str) -> None:
    """Remove the folder of a collection whose creation was killed before Lite had written its schema.

    Lite does not list such a collection, and then cannot create it. Call it only while the directory is ours.
    """
    half = Path(folder, "collections", collection)
    if folder and half.is_dir() and not (half / "schema.json").exists():
        shutil.rmtree(half)


def check_lite(uri: str, folder: Path) -> None:
    """Raise VectorStoreError where the directory is a file of the old format or held by another process."""
    if folder.is_file():
        why = "is a file of Milvus Lite 2, which this version cannot read; remove it and run index again"
        raise VectorStoreError(uri, why)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        held_by = _holder(folder / "LOCK")
    except OSError as error:
        raise VectorStoreError(uri, f"cannot be opened ({error})") from error
    if held_by is not None and held_by != os.getpid():
        who = f" {held_by}" if held_by else ""
        why = f"is held by another process{who}; end it, or use a Milvus server for several"
        raise VectorStoreError(uri, why, transient=True)


def _holder(lock: Path) -> int | None:
    """Pid that holds the lock, 0 where it is held by a process we cannot see, None where nobody does."""
    try:
        handle = os.open(lock, os.O_RDWR)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)  # freed again by close
    except BlockingIOError:
        return _pid_of_lock(os.fstat(handle).st_ino)
    finally:
        os.close(handle)
    return None


def _pid_of_lock(inode: int) -> int:
    """From /proc/locks, whose lines read `1: FLOCK ADVISORY WRITE <pid> <major>:<minor>:<inode> 0 EOF`."""
    try:
        lines = Path("/proc/locks").read_text().splitlines()
    except OSError:
        return 0
    for fields in map(str.split, lines):
        if len(fields) > 5 and fields[1] == "FLOCK" and fields[5].endswith(f":{inode}"):
            return max(0, int(fields[4]))
    return 0
