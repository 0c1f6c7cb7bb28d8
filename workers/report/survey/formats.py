"""A table as a terminal, a page, a paper or a spreadsheet wants it."""

import csv
import io
from collections.abc import Callable, Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from workers.report.survey.table import Row, Table

HERE = Path(__file__).resolve().parent.parent
_LATEX = str.maketrans({sign: rf"\{sign}" for sign in "&%_#${}"} | {"\\": r"\textbackslash{}"})


def lines_of(table: Table) -> tuple[list[str], list[list[str]]]:
    """Names of columns in one line each, and rows, for a table without a second head."""
    head = [
        "Method",
        *(f"{column.group} {column.name}".strip() for column in table.columns),
        "n",
        "measured on",
    ]
    rows = [
        [
            _marked(row.method, row.mark),
            *(_marked(table.shown(cell), cell.mark if cell else "") for cell in row.cells),
            f"{row.n:,}" if row.measured else "",
            row.data,
        ]
        for row in table.rows
    ]
    return head, rows


def csv_of(tables: Sequence[Table]) -> str:
    """A line a number: table, method, column, value, half interval, unit, n, data, note."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(
        ["table", "method", "group", "column", "value", "half_interval", "unit", "n", "data", "note"]
    )
    for table in tables:
        notes, unit = dict(table.notes), "percent" if table.scale == 100 else "share"
        for row in table.rows:
            for column, cell in zip(table.columns, row.cells, strict=True):
                if cell is None:
                    continue
                half = "" if cell.half is None else f"{cell.half:.4f}"
                said = "; ".join(notes[mark] for mark in (row.mark, cell.mark) if mark)
                value = f"{cell.value:.4f}"
                data = row.data or "published"
                writer.writerow(
                    [
                        table.title,
                        row.method,
                        column.group,
                        column.name,
                        value,
                        half,
                        unit,
                        row.n or "",
                        data,
                        said,
                    ]
                )
    return out.getvalue()


def latex_of(tables: Sequence[Table]) -> str:
    """A `table` environment each, for the package booktabs; what is best of its kind is bold."""
    return "\n".join(map(_latex, tables))


def html_of(tables: Sequence[Table]) -> str:
    """One page that asks for nothing."""
    environment = Environment(
        loader=FileSystemLoader(HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = Markup((HERE / "page.css").read_text(encoding="utf-8"))
    return environment.get_template("survey.html.j2").render(tables=tables, style=style)


FORMATS: dict[str, Callable[[Sequence[Table]], str]] = {"html": html_of, "latex": latex_of, "csv": csv_of}


def _marked(text: str, mark: str) -> str:
    return f"{text} ({mark})" if mark else text


def _latex(table: Table) -> str:
    spans, first = [], 2
    for group, width in table.groups:
        spans.append((group, first, first + width - 1))
        first += width
    upper = " & ".join(rf"\multicolumn{{{last - at + 1}}}{{c}}{{{_tex(group)}}}" for group, at, last in spans)
    rules = "".join(rf"\cmidrule(lr){{{at}-{last}}}" for group, at, last in spans if group)
    names = " & ".join(_tex(column.name) for column in table.columns)
    lines = [
        r"\begin{table}",
        rf"\caption{{{_tex(table.title)}}}",
        rf"\begin{{tabular}}{{l{'r' * len(table.columns)}l}}",
        r"\toprule",
        rf"Method & {upper} & \\{rules}",
        rf" & {names} & measured on \\",
        r"\midrule",
        *(_latex_row(table, row) for row in table.published),
        r"\midrule",
        *(_latex_row(table, row) for row in table.measured),
        r"\bottomrule",
        r"\end{tabular}",
        *(rf"\par\footnotesize {_tex(f'({mark}) {said}' if mark else said)}" for mark, said in table.notes),
        r"\end{table}",
    ]
    return "\n".join(lines) + "\n"


def _latex_row(table: Table, row: Row) -> str:
    cells = []
    for place, cell in enumerate(row.cells):
        text = _tex(table.shown(cell)).replace("±", r"$\pm$")
        text = rf"\textbf{{{text}}}" if table.is_best(row, place) else text
        cells.append(text + (rf"\textsuperscript{{{cell.mark}}}" if cell and cell.mark else ""))
    mark = rf"\textsuperscript{{{row.mark}}}" if row.mark else ""
    data = f"{row.data}, n = {row.n:,}" if row.measured else ""
    return rf"{_tex(row.method)}{mark} & {' & '.join(cells)} & {_tex(data)} \\"


def _tex(text: str) -> str:
    return text.translate(_LATEX)
