"""What a user calls a catalogue -> the files it is kept in: one file, a folder of part files, or a glob of them."""

import glob
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

from schemas.errors import InputError

SUFFIXES = (".parquet", ".csv", ".tsv", ".txt", ".jsonl", ".ndjson", ".json")
_PACKED = ".gz"
_HIVE = re.compile(r"([^=/]+)=([^/]*)")
_NULL = "__HIVE_DEFAULT_PARTITION__"
_MOST_FILES = 100_000


@dataclass(frozen=True)
class CataloguePart:
    """One file of a catalogue.

    name        what rows of it are called by: its path below the catalogue's folder
    partitions  columns that stand in its path, as Hive writes them: `country=de/part-0.parquet`
    """

    path: Path
    name: str
    partitions: Mapping[str, str] = field(default_factory=dict)


def parts_of(path: str) -> tuple[Path, list[CataloguePart]]:
    """Find the files of a catalogue, by name; also the folder that paths of photos are read from.

    A folder is read to any depth; files that no table is kept in, hidden and empty ones and
    those with a leading underscore are passed over. Raises InputError where there is no file.
    """
    place = Path(path).expanduser()
    try:
        if place.is_file():
            return place.resolve().parent, [CataloguePart(place.resolve(), place.name)]
        if place.is_dir():
            root = place.resolve()
            return root, _parts(path, root, (each for each in root.rglob("*") if _holds_rows(root, each)))
        if glob.has_magic(path):
            root = _root(place)
            found = (Path(each).resolve() for each in glob.iglob(str(place), recursive=True))
            return root, _parts(path, root, (each for each in found if each.is_file()))
    except (OSError, ValueError, RuntimeError) as error:
        raise InputError(path, getattr(error, "strerror", "") or "is no path") from error
    raise InputError(path, "no such file")


def _parts(path: str, root: Path, found: Iterable[Path]) -> list[CataloguePart]:
    files = sorted(found)
    if not files:
        raise InputError(path, f"holds no file that ends in {', '.join(SUFFIXES)}")
    if len(files) > _MOST_FILES:
        raise InputError(path, f"holds more than {_MOST_FILES:,} files")
    return [CataloguePart(file, _name(root, file), _partitions(root, file)) for file in files]


def _holds_rows(root: Path, file: Path) -> bool:
    below = file.relative_to(root)
    if any(part.startswith((".", "_")) for part in below.parts):
        return False
    name = file.name.lower().removesuffix(_PACKED)
    return name.endswith(SUFFIXES) and file.is_file() and file.stat().st_size > 0


def _root(place: Path) -> Path:
    """Return the deepest folder above every file that a glob can find."""
    parts = place.parts
    plain = next(number for number, part in enumerate(parts) if glob.has_magic(part))
    return Path(*parts[:plain]).resolve()


def _name(root: Path, file: Path) -> str:
    return file.relative_to(root).as_posix() if file.is_relative_to(root) else file.name


def _partitions(root: Path, file: Path) -> dict[str, str]:
    folders = Path(_name(root, file)).parts[:-1]
    pairs = (match for folder in folders if (match := _HIVE.fullmatch(folder)))
    return {unquote(match[1]): "" if match[2] == _NULL else unquote(match[2]) for match in pairs}
