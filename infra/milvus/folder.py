"""Milvus Lite's directory: where it is, whether it can be opened, and who holds it.

Lite locks `<directory>/LOCK` with flock while a process serves it, and refuses a second one only in its log;
so we look first.
"""

import fcntl
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote, urlparse

from schemas.errors import VectorStoreError

SCHEMA = "schema.json"  # what makes a folder one of Lite's collections
PATIENCE_S = 15.0  # a few searches, one after the other
_ASKED_EVERY_S = 0.05
_turns: dict[
    str, list[int]
] = {}  # by directory: the handle that makes others wait, and how often it is open here
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


def enter(uri: str, folder: str, create: bool = True) -> None:
    """Have a directory open in this process, any number of times; other processes wait. Raises as `take_turn`."""
    if folder not in _turns:
        _turns[folder] = [take_turn(uri, Path(folder), create), 0]
        _remove_remains(Path(folder))
    _turns[folder][1] += 1


def leave(folder: str, release: Callable[[str], object] = lambda folder: None) -> None:
    """Undo one `enter`; the last one calls `release` and lets other processes in. "" is a server: nothing happens."""
    if not folder:
        return
    _turns[folder][1] -= 1
    if not _turns[folder][1]:
        release(folder)
        os.close(_turns.pop(folder)[0])


def _remove_remains(folder: Path) -> None:
    """Remove what is left of collections whose creation or removal was killed: Lite neither lists nor opens them.

    It cannot create one of that name again, and what is to be forgotten may lie there. Nobody else has the directory
    open, and we have created nothing yet.
    """
    for place in folder.glob("collections/*"):
        if place.is_dir() and not (place / SCHEMA).exists():
            shutil.rmtree(place, ignore_errors=True)


def take_turn(uri: str, folder: Path, create: bool = True, patience_s: float = PATIENCE_S) -> int:
    """Wait until no other process has the directory open; a search has it for a second or two.

    create  whether one that is not there is to be made
    Returns a file handle: who has it open has the turn, and closes it after the directory. Without it two processes
    that find the directory free at once would both open it.
    Raises VectorStoreError where it is not there, is a file of the old format, or is held for longer than `patience_s`.
    """
    if not create and not folder.exists():
        raise VectorStoreError(uri, "no such index; run index first, or name another with --milvus")
    if folder.is_file():
        why = "is a file of Milvus Lite 2, which this version cannot read; remove it and run index again"
        raise VectorStoreError(uri, why)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        turn = os.open(folder / "TURN", os.O_RDWR | os.O_CREAT, 0o666)
        until = time.monotonic() + patience_s
        while (held_by := _other(folder, turn)) is not None and time.monotonic() < until:
            time.sleep(_ASKED_EVERY_S)
    except OSError as error:
        raise VectorStoreError(uri, f"cannot be opened ({error})") from error
    if held_by is not None:
        os.close(turn)
        who = f" {held_by}" if held_by else ""
        why = f"is held by another process{who} for {patience_s:.0f} s; end it, or use a Milvus server for several"
        raise VectorStoreError(uri, why, transient=True)
    return turn


def _other(folder: Path, turn: int) -> int | None:
    """Take the turn; else, or where a process that takes none has the directory open, its pid, 0 for one unseen."""
    try:
        fcntl.flock(turn, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return _pid_of_lock(os.fstat(turn).st_ino)
    held_by = _holder(folder / "LOCK")
    return None if held_by == os.getpid() else held_by


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
