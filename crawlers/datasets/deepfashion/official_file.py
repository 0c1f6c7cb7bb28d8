"""One text file as DeepFashion gives it: a count, the names of the columns, then a row a line.

Source: the READMEs of Category and Attribute Prediction, In-shop v1.2 and Consumer-to-Shop v1.1 (CVPR 2016).
Fields stand apart by runs of blanks, so that only one of them, told by whoever reads a line, may hold blanks itself.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from schemas.errors import InputError

FOLDERS = (
    "Anno",
    "Eval",
    "",
    "Anno_coarse",
)  # where releases keep their files; Anno_fine is another benchmark
_BLOCK = 1 << 20
_LINE_ENDS = "\r\n"


class LineError(Exception):
    """What is wrong with one line."""


@dataclass(frozen=True)
class OfficialFile:
    """A file whose first line is the number of its rows.

    name   for people: its path below the benchmark's folder
    head   lines before the first row: 2, or 1 where no column is named
    """

    path: Path
    name: str
    head: int = 2

    @classmethod
    def find(cls, root: Path, name: str, *others: str, head: int = 2) -> "OfficialFile":
        """Find a file by the names that releases give it. Raises InputError where there is none of them."""
        for each in (name, *others):
            for folder in FOLDERS:
                if (path := root / folder / each).is_file():
                    return cls(path, path.relative_to(root).as_posix(), head)
        where = ", ".join(folder or "the folder itself" for folder in FOLDERS)
        raise InputError(str(root), f"has no {name}, looked for in {where}")

    @classmethod
    def optional(cls, root: Path, name: str, *others: str, head: int = 2) -> "OfficialFile | None":
        """Find a file that not every release has; None where it is not there."""
        try:
            return cls.find(root, name, *others, head=head)
        except InputError:
            return None

    @property
    def rows(self) -> int:
        """How many rows its first line says. Raises InputError where that is no number, or not so many follow."""
        try:
            with self.path.open("rb") as file:
                first = file.readline(100)
                lines, last = 1, b"\n"
                while block := file.read(_BLOCK):
                    lines += block.count(b"\n")
                    last = block[-1:]
        except OSError as error:
            raise InputError(self.name, f"cannot be read ({error.strerror})") from error
        said = first.strip()
        if not said.isdigit():
            shown = first[:40].decode(errors="replace").strip()
            raise InputError(f"{self.name} line 1", f"is no number of rows: {shown!r}")
        follow = lines + (last != b"\n") - self.head
        if follow != int(said):
            raise InputError(
                self.name, f"says {int(said):,} rows on line 1 and has {follow:,}: cut off, or put together"
            )
        return int(said)

    def lines(self) -> Iterator[tuple[int, str]]:
        """Read every row with the number of its line, from 1."""
        with self.path.open(encoding="utf-8", errors="replace", newline="\n") as file:
            for number, line in enumerate(file, 1):
                if number > self.head:
                    yield number, line.rstrip(_LINE_ENDS)

    def place(self, number: int) -> str:
        """What people find a line by."""
        return f"{self.name} line {number}"


def whole(text: str, what: str) -> int:
    """Read a number of the file. Raises LineError for anything else."""
    try:
        return int(text)
    except ValueError:
        raise LineError(f"{what} is {text[:20]!r}, no whole number") from None


def chosen(text: str, what: str, names: tuple[str, ...]) -> str:
    """Read a number from 1 that stands for one of `names`. Raises LineError for any other."""
    number = whole(text, what)
    if not 1 <= number <= len(names):
        raise LineError(f"{what} is {number}; there are 1 to {len(names)}")
    return names[number - 1]


def named_rows(file: OfficialFile, fields: int) -> list[tuple[str, ...]]:
    """Read a short file of names: `fields` fields a row, of which the first may hold blanks.

    Raises InputError with the line of the first row that has fewer.
    """
    rows = []
    for number, line in file.lines():
        row = tuple(line.rsplit(None, fields - 1))
        if len(row) != fields:
            raise InputError(file.place(number), f"has {len(row)} fields, not {fields}")
        rows.append(tuple(field.strip() for field in row))
    return rows
