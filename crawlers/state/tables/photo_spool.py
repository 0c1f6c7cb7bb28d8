"""Photos that came but do not lie in a complete part yet: kept in a file too, so that a kill asks for none again.

A part holds tens of megabytes, which for a slow shop is an hour's photos. Rows leave as soon as the store says that
they are safe. The file stands beside the tables and not in them: a database would write each photo three times, into
its log, into itself, and as free pages. One record after the other: three lengths, the facts as JSON, the thumbnail,
the photo as served.
"""

import json
import os
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from schemas.errors import LakeError

SUFFIX = "-photos"  # behind the name of the state's file
_LENGTHS = struct.Struct("<III")
_BUFFER = 1 << 20  # bytes


class PhotoSpool:
    """Part of a CrawlState, in the file at `path`. What a kill left half written at its end is cut off.

    promised  bytes that were there at the last commit: the answers that brought them are committed
    Every method but `close` raises LakeError where the file cannot be read or written, as on a full disk.
    """

    def __init__(self, path: Path, promised: int = 0) -> None:
        self._path = path
        with self._told():
            self._file = path.open("a+b", buffering=_BUFFER)
            whole = _whole(self._file)
            if whole < promised:
                raise LakeError(str(path), f"has lost photos: {whole:,} of {promised:,} bytes can be read")
            self._file.truncate(whole)

    def add(self, row: Mapping[str, Any]) -> None:
        """Keep one row of schemas.image.IMAGES; it survives a kill from the next `keep` on."""
        others = {name: value for name, value in row.items() if name not in ("bytes", "thumbnail")}
        facts = json.dumps(others, default=str).encode()
        lengths = _LENGTHS.pack(len(facts), len(row["thumbnail"]), len(row["bytes"]))
        with self._told():
            self._file.write(b"".join((lengths, facts, row["thumbnail"], row["bytes"])))

    def keep(self) -> int:
        """Make every row so far survive a kill, before its answers are committed; returns the length in bytes."""
        with self._told():
            self._file.flush()
            return self._file.seek(0, os.SEEK_END)

    def rows(self) -> Iterator[dict[str, Any]]:
        """Read every row as it was, in order, one at a time: together they may be larger than memory."""
        self.keep()
        with self._told(), self._path.open("rb") as file:
            while head := file.read(_LENGTHS.size):
                facts, thumbnail, photo = map(file.read, _LENGTHS.unpack(head))
                row = json.loads(facts)
                row["fetched_at"] = datetime.fromisoformat(row["fetched_at"])
                yield row | {"bytes": photo, "thumbnail": thumbnail}

    def clear(self) -> None:
        """Delete every row: the store has made all of them safe."""
        with self._told():
            self._file.truncate(0)

    def close(self) -> None:
        """Close the file; on a full disk without the rows that no commit has promised."""
        with suppress(OSError):
            self._file.close()

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except (OSError, ValueError) as error:
            raise LakeError(str(self._path), f"cannot be read or written ({error})") from error


def _whole(file: BinaryIO) -> int:
    """Find where the last whole record ends; only lengths are read."""
    size, at = file.seek(0, os.SEEK_END), 0
    while at + _LENGTHS.size <= size:
        file.seek(at)
        end = at + _LENGTHS.size + sum(_LENGTHS.unpack(file.read(_LENGTHS.size)))
        if end > size:
            break
        at = end
    return at
