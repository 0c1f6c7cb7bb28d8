"""Our rows of the tables, from the scores of benchmark runs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from workers.report.survey.published import every_table
from workers.report.survey.table import Cell, Column, Row, Table

MALL = "mall-"
BASELINES = ("untrained", "histogram")


@dataclass(frozen=True)
class BenchmarkScores:
    """What one benchmark run measured.

    data    what it was measured on, in words
    scores  rows of schemas/score.py; the first method is the trained one
    """

    run_id: str
    data: str
    scores: Sequence[Mapping[str, Any]]

    @property
    def main(self) -> str:
        """The trained method."""
        return str(self.scores[0]["method"]) if self.scores else ""


def filled(runs: Iterable[BenchmarkScores], average: str = "micro") -> list[Table]:
    """Every table with our rows, those of a method on the same data from its newest run; runs come oldest first."""
    newest: dict[tuple[str, str, str], list[Mapping[str, Any]]] = {}
    for run in runs:
        by_row: dict[tuple[str, str, str], list[Mapping[str, Any]]] = {}
        for row in run.scores:
            by_row.setdefault((run.data, str(row["benchmark"]), _name(row, run.main)), []).append(row)
        newest |= by_row
    tables = []
    for table in every_table(average):
        rows = (
            _row(table, name, data, rows)
            for (data, benchmark, name), rows in newest.items()
            if benchmark.removeprefix(MALL).partition("/")[0] == table.name
        )
        told = [row for row in rows if any(cell is not None for cell in row.cells)]
        tables.append(replace(table, measured=tuple(sorted(told, key=lambda row: (row.data, row.method)))))
    return tables


def _name(row: Mapping[str, Any], main: str) -> str:
    """The method, and how it answered where not by itself: `corbiere, zero-shot`; of a baseline, whose."""
    method, reading = str(row["method"]), str(row["benchmark"]).partition("/")[2]
    named = f"{main} {method}" if method == "untrained" else method
    return f"{named}, {reading}" if reading else named


def _row(table: Table, name: str, data: str, rows: Sequence[Mapping[str, Any]]) -> Row:
    by_place = {(row["slice"], row["metric"], row["k"]): row for row in rows}
    cells = tuple(_cell(table, by_place.get((c.slice, c.metric, c.k))) for c in table.columns)
    return Row(
        name, cells, data=data, n=max((row["n"] for row in rows if _is_shown(table.columns, row)), default=0)
    )


def _cell(table: Table, row: Mapping[str, Any] | None) -> Cell | None:
    if row is None or row["value"] is None:
        return None
    half = (row["ci_high"] - row["ci_low"]) / 2
    return Cell(table.scale * row["value"], table.scale * half)


def _is_shown(columns: Sequence[Column], row: Mapping[str, Any]) -> bool:
    return any((c.slice, c.metric, c.k) == (row["slice"], row["metric"], row["k"]) for c in columns)
