"""What the column `image` holds -> photos: bytes in hand, files below the catalogue's folder, or http(s) addresses.

A cell is one photo or several: bytes, a path, an address, base64, a struct of bytes and path as Hugging Face tools
write it, and lists of these; a text may hold several, as JSON or with separators.
"""

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pyarrow as pa

from crawlers.datasets.cells import JSON, listed
from crawlers.datasets.table_rows import Unreadable
from crawlers.extract.text import printable
from schemas.errors import InputError

MOST_PHOTOS = 250  # of one row
_PHOTO_NAME = re.compile(r"\.(?:jpe?g|png|webp|gif|avif)$", re.I)
_ADDRESS = re.compile(r"https?://", re.I)
_NEXT_ADDRESS = re.compile(
    r"\s*[,;|\s]\s*(?=https?://)", re.I
)  # shops' exports put them one behind the other
_BASE64 = ("/9j/", "iVBORw0KGgo", "R0lGOD", "UklGR", "AAAA")  # JPEG, PNG, GIF, WebP, AVIF
_BASE64_TEXT = re.compile(r"[A-Za-z0-9+/\s]{64,}={0,2}\s*")
_DATA = re.compile(r"data:[^,]{0,200},", re.I)


@dataclass(frozen=True)
class Photo:
    """One photo of a row.

    content  bytes, a file, or an http(s) address
    address  what the catalogue calls it; empty for bytes without a name
    """

    content: bytes | Path | str
    address: str


class CellError(Exception):
    """A cell that names no photo. `reason` is one of schemas.reject.REASONS."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(reason, detail)
        self.reason, self.detail = reason, detail


def check_photo_type(shown: str, column: str, kind: pa.DataType | None) -> None:
    """Raise InputError, naming the type, where a column cannot hold photos."""
    if kind is None or _holds_photos(kind):
        return
    raise InputError(shown, f"column {column} holds {kind}, no photos: bytes, paths or addresses are wanted")


def photos_of(value: Any, root: Path, beside: Path, separator: str = "") -> Iterator[Photo | CellError]:
    """Read the photos of a cell, in its order; nothing for an empty one.

    root       folder that every file must lie below
    beside     the folder of the part file, where a path may count from, too
    separator  what the user says stands between them
    """
    count = 0
    for single in _singles(value, root, separator):
        if count == MOST_PHOTOS:
            yield CellError("out_of_bounds", f"more than {MOST_PHOTOS} photos in one row")
            return
        try:
            photo = _photo(single, root, beside)
        except CellError as error:
            yield error
        else:
            if photo is None:
                continue
            yield photo
        count += 1


def _holds_photos(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if _is_list(kind):
        return _holds_photos(kind.value_type)
    if pa.types.is_struct(kind):
        return bool({"bytes", "path"} & {field.name for field in kind})
    return is_text(kind) or is_bytes(kind) or pa.types.is_null(kind)


def is_bytes(kind: pa.DataType) -> bool:
    """Whether a type is bytes, of any length."""
    views = getattr(pa.types, "is_binary_view", lambda kind: False)(kind)
    plain = pa.types.is_binary(kind) or pa.types.is_large_binary(kind)
    return bool(plain or pa.types.is_fixed_size_binary(kind) or views)


def is_text(kind: pa.DataType) -> bool:
    """Whether a type is text, of any length."""
    views = getattr(pa.types, "is_string_view", lambda kind: False)(kind)
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or views)


def _is_list(kind: pa.DataType) -> bool:
    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind))


def _singles(value: Any, root: Path, separator: str) -> Iterator[Any]:
    if isinstance(value, list | tuple):
        for each in value:
            yield from _singles(each, root, separator)
    elif isinstance(value, dict):
        yield value.get("bytes") or value.get("path") or value.get("url") or value.get("src")
    elif isinstance(value, str):
        yield from _texts(value.strip(), root, separator)
    else:
        yield value


def _texts(text: str, root: Path, separator: str) -> Iterator[Any]:
    if _is_base64(text) or _DATA.match(text):
        yield text
    elif separator and separator != JSON:
        yield from (part.strip() for part in text.split(separator))
    elif (parts := listed(text)) is not None:
        yield from _singles(parts, root, "")
    elif _ADDRESS.match(text):
        yield from (part.strip() for part in _NEXT_ADDRESS.split(text))
    elif "|" in text or "\n" in text:
        yield from (part.strip() for part in re.split(r"[|\n]", text))
    else:
        parts = [part.strip() for part in re.split(r"[,;]", text)]
        several = len(parts) > 1 and all(_PHOTO_NAME.search(part) for part in parts)
        yield from parts if several and not _is_file(root / text) else [text]


def _photo(single: Any, root: Path, beside: Path) -> Photo | None:
    if single is None or single in ("", b""):
        return None
    if isinstance(single, bytes):
        return Photo(single, "")
    if isinstance(single, Unreadable):
        raise CellError("row_unreadable", single.why)
    if not isinstance(single, str):
        raise CellError("row_incomplete", f"no image: {type(single).__name__} {str(single)[:50]} is no photo")
    if printable(single) != single:
        raise CellError("address", f"{single[:100]!r} is no path and no address")
    if _ADDRESS.match(single):
        return Photo(single, single)
    if _is_base64(single) or _DATA.match(single):
        return Photo(_decoded(single), "")
    path = single
    if single.lower().startswith("file:"):
        path = unquote(urlsplit(single).path)
    return Photo(_file(path, root, beside), single)


def _file(path: str, root: Path, beside: Path) -> Path:
    """Find the file of a path, which may be written as Windows does. Raises CellError where it leads outside."""
    if len(path) > 4_096:
        raise CellError("address", f"{path[:100]}... is no path")
    try:
        spellings = dict.fromkeys((path, path.replace("\\", "/")))
        tried = [(folder / each).resolve() for each in spellings for folder in (root, beside)]
    except (OSError, ValueError, RuntimeError) as error:  # of links that lead to each other
        raise CellError("address", f"{path[:100]} is no path ({error})") from error
    file = next(filter(_is_file, tried), tried[0])
    if not file.is_relative_to(root):
        raise CellError("address", f"{path} is outside the catalogue's folder")
    return file


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a name too long
        return False


def _is_base64(text: str) -> bool:
    return text.startswith(_BASE64) and _BASE64_TEXT.fullmatch(text) is not None


def _decoded(text: str) -> bytes:
    written = _DATA.match(text)
    body = text[written.end() :] if written else text
    if written and ";base64" not in written[0].lower():
        raise CellError("not_an_image", f"{written[0][:60]} is no base64")
    body = "".join(unquote(body).split())
    try:
        return base64.b64decode(body + "=" * (-len(body) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise CellError("corrupt", f"base64 that cannot be read ({error})") from error
