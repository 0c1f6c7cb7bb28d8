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
        for line in _unfinished(result["left"]):
            terminal.people.print(terminal.harmless(line), markup=False, style="dim", soft_wrap=True)

    terminal.command(json, work, show)


def _unfinished(left: list[dict[str, Any]]) -> list[str]:
    """What was begun and left behind, a line each, and how each goes on."""
    if not left:
        return []
    lines = []
    for run in left:
        of = f" of {run['shop']}" if run["shop"] else ""
        how = f"goes on with: {run['command']} ..." if run["command"] else "goes on when it is given again"
        if run["flow"] == "import":
            how = "does not go on; an import reads its file anew"
        lines.append(f"  {run['id']}  {run['flow']}{of}  {how}")
    number = "1 run is" if len(left) == 1 else f"{len(left)} runs are"
    return [f"{number} unfinished; vitrine runs --sweep removes what will not go on:", *lines]
