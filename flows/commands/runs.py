"""What the lake holds, with parents."""

from typing import Annotated, Any

import typer

from flows import terminal
from flows.options import LAKE_BY_DEFAULT, Json, Lake, lake_of

POSITION = 150


def command(
    sweep: Annotated[bool, typer.Option(help="First remove runs that were begun and left behind.")] = False,
    lake: Lake = LAKE_BY_DEFAULT,
    json: Json = False,
) -> None:
    """List every committed run, the newest first."""

    def work() -> dict[str, Any]:
        from flows.queries.runs import list_runs

        return list_runs(lake_of(lake), sweep)

    def show(result: dict[str, Any]) -> None:
        rows = [[run["id"], run["flow"], run["summary"], " ".join(run["parents"])] for run in result["runs"]]
        terminal.rows_table(f"{len(rows)} runs in {lake_of(lake)}", ["id", "flow", "what", "parents"], rows)
        if waiting := result["unfinished"]:
            terminal.people.print(
                f"{waiting} unfinished: the command that began it goes on with it.", style="dim"
            )

    terminal.command(json, work, show)
