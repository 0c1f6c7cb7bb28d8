"""A table of methods beside each other, as plain values; layout and file format are others' work."""

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Column:
    """One score.

    group, name  the two lines of the head: Texture, top-3
    slice, metric, k  where it stands in schemas/score.py
    higher       whether more is better
    """

    group: str
    name: str
    slice: str
    metric: str
    k: int
    higher: bool = True


@dataclass(frozen=True)
class Cell:
    """One number as it is shown, in the table's unit.

    half  half the width of its 95 % interval, None where nobody says
    mark  of a note below the table, for a number that is not what it should be
    """

    value: float
    half: float | None = None
    mark: str = ""


@dataclass(frozen=True)
class Row:
    """One method.

    method  its name, with `mark` of a note; cells by column, None where nothing was told
    data    of ours: what it was measured on, and on how many photos `n`
    """

    method: str
    cells: tuple[Cell | None, ...]
    mark: str = ""
    data: str = ""
    n: int = 0

    @property
    def measured(self) -> bool:
        """Whether it is ours."""
        return bool(self.data)


@dataclass(frozen=True)
class Table:
    """Rows under a head of two lines.

    name       deepfashion-c, consumer2shop ...: of the benchmark
    digits     behind the point;  scale  what a score is multiplied with: 100 for percent
    published  rows as others printed them;  measured  ours
    notes      mark -> what there is to say; told under the table, the mark "" for all of it
    """

    name: str
    title: str
    columns: tuple[Column, ...]
    published: tuple[Row, ...]
    notes: tuple[tuple[str, str], ...]
    scale: float = 100.0
    digits: int = 2
    measured: tuple[Row, ...] = field(default=())

    @property
    def rows(self) -> tuple[Row, ...]:
        """All of them, the published first."""
        return (*self.published, *self.measured)

    @property
    def groups(self) -> list[tuple[str, int]]:
        """The upper line of the head: each group, and over how many columns it stands."""
        spans: list[tuple[str, int]] = []
        for column in self.columns:
            if spans and spans[-1][0] == column.group:
                spans[-1] = (column.group, spans[-1][1] + 1)
            else:
                spans.append((column.group, 1))
        return spans

    def shown(self, cell: Cell | None) -> str:
        """A number as text, its interval behind it where it has one: `82.58`, `71.3 ± 2.0`."""
        if cell is None:
            return "-"
        if cell.half is None:
            return f"{cell.value:.{self.digits}f}"
        digits = max(1, self.digits - 1)
        return f"{cell.value:.{digits}f} ± {cell.half:.{digits}f}"

    def is_best(self, row: Row, column: int) -> bool:
        """Whether no row of its kind, published or ours on the same data, is better: those are bold in the survey."""
        cell = row.cells[column]
        if cell is None or cell.mark:
            return False
        rivals = (
            self.published if not row.measured else [own for own in self.measured if own.data == row.data]
        )
        values = _values(rivals, column)
        return len(values) > 1 and cell.value == (max if self.columns[column].higher else min)(values)


def _values(rows: Sequence[Row], column: int) -> list[float]:
    cells = (row.cells[column] for row in rows)
    return [cell.value for cell in cells if cell is not None and not cell.mark]
