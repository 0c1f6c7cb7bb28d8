"""What every kind of table gives: rows by column, and what cannot be read of them."""

import gzip
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedReader, RawIOBase
from pathlib import Path
from typing import Any, cast

from schemas.errors import InputError

# What reading a file that is cut off or damaged raises, packed or plain.
BROKEN = (OSError, EOFError, zlib.error)


@dataclass(frozen=True)
class Unreadable:
    """A row or a cell that cannot be read, and why."""

    why: str


Row = dict[str, Any] | Unreadable
Numbered = tuple[int, Row]  # with the line or the row of the file where it begins, from 1


def gzipped(head: bytes) -> bool:
    """Whether a file begins as gzip does."""
    return head.startswith(b"\x1f\x8b")


@contextmanager
def opened(path: Path) -> Iterator[BufferedReader]:
    """Open a file for reading its bytes, unpacked where it is gzipped."""
    with path.open("rb") as plain:
        packed = gzipped(plain.peek(2))
        if not packed:
            yield plain
            return
        with gzip.GzipFile(fileobj=plain) as unpacked:
            yield BufferedReader(cast(RawIOBase, unpacked))


def told_apart(names: Iterable[str]) -> tuple[str, ...]:
    """Strip names of columns and number those that came before: `title`, `title.2`."""
    seen: dict[str, int] = {}
    apart = []
    for name in (each.strip() for each in names):
        seen[name] = seen.get(name, 0) + 1
        apart.append(name if seen[name] == 1 else f"{name}.{seen[name]}")
    return tuple(apart)


def breaks_off(shown: str, row: int, error: BaseException) -> InputError:
    """Word the end of a file that ends before its rows do."""
    why = (str(error).splitlines() or [type(error).__name__])[0][:200]
    return InputError(shown, f"breaks off after row {row} ({why})")
