"""The survey's tables of methods: its rows as printed, then what was measured here."""

import sys
from dataclasses import asdict
from typing import Annotated, Any

import typer

from flows import terminal
from flows.options import LAKE_BY_DEFAULT, Json, Lake, lake_of
from schemas.errors import UsageError

POSITION = 142
FORMS = ("text", "html", "latex", "csv")
AVERAGES = ("micro", "image", "macro", "mmfashion")


def command(
    form: Annotated[str, typer.Option("--format", help="text, html, latex or csv.")] = "text",
    out: Annotated[str, typer.Option(help="File to write; printed by default.")] = "",
    average: Annotated[
        str, typer.Option(help="How our attribute recall is averaged: micro, image, macro or mmfashion.")
    ] = "micro",
    lake: Lake = LAKE_BY_DEFAULT,
    json: Json = False,
) -> None:
    """Print the published tables with the rows of this lake's benchmark evaluations."""

    def work() -> dict[str, Any]:
        for option, value, known in (("--format", form, FORMS), ("--average", average, AVERAGES)):
            if value not in known:
                raise UsageError(f"{option} {value}", f"there are {', '.join(known)}")
        if out and form == "text":
            raise UsageError(f"--out {out}", "needs --format html, latex or csv")
        from flows.queries.survey_tables import write_tables

        result = write_tables(lake_of(lake), average, "" if form == "text" else form, out)
        return result | {"tables": [asdict(table) for table in result["tables"]]} if json else result

    terminal.command(json, work, _show)


def _show(result: dict[str, Any]) -> None:
    if "text" in result:
        print(result["text"], end="", file=terminal.results.file or sys.stdout)
        return
    if "out" in result:
        terminal.results.print(result["out"], markup=False)
        return
    from workers.report.survey.formats import lines_of

    for table in result["tables"]:
        columns, rows = lines_of(table)
        terminal.rows_table(table.title, columns, [list(row) for row in rows])
        for mark, said in table.notes:
            terminal.results.print(f"({mark}) {said}" if mark else said, markup=False, soft_wrap=True)
        terminal.results.print()
