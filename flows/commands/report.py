"""Write one self-contained HTML page about a run."""

from typing import Annotated, Any

import typer

from flows import terminal
from flows.options import LAKE_BY_DEFAULT, Json, Lake, lake_of

POSITION = 140


def command(
    run: Annotated[
        str | None,
        typer.Argument(help="Evaluation run, the newest by default; of a benchmark run, photo by photo."),
    ] = None,
    out: Annotated[str | None, typer.Option(help="File to write.")] = None,
    lake: Lake = LAKE_BY_DEFAULT,
    json: Json = False,
) -> None:
    """Write the report of the newest evaluation, or of the one named; of a benchmark's, a page per photo."""

    def work() -> dict[str, Any]:
        from flows.queries.report import write_report
        from infra.lake import Lake as Place

        if run and Place(lake_of(lake)).run(run).flow == "benchmark":
            from flows.retrieval.protocols.photo_report import write_photo_report

            return write_photo_report(lake_of(lake), run, out)
        return write_report(lake_of(lake), run, out)

    terminal.command(json, work, lambda result: terminal.fields_table("report", result))
