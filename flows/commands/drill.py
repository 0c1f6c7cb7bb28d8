"""Kill stages of the chain on the mall, give the same commands again, and compare with an undisturbed run."""

from typing import Annotated, Any

import typer

from flows import terminal
from flows.options import Json
from schemas.errors import UsageError

POSITION = 25


def command(
    kill: Annotated[
        list[str] | None,
        typer.Option(
            help="Stage and share of its work, such as embed:37% or embed/actor:37%, or a point of it, such as"
            " publish@pointed; may stand again."
        ),
    ] = None,
    kills: Annotated[
        int, typer.Option(min=1, max=1_000, help="How many to draw from the seed where none is named.")
    ] = 10,
    of: Annotated[
        list[str] | None,
        typer.Option("--stage", help="Draw kills of this stage alone; may stand again. All by default."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the mall and of the moments.")] = 1,
    products: Annotated[int, typer.Option(min=20, max=10_000, help="Of the mall.")] = 60,
    keep: Annotated[str, typer.Option(help="New folder for the lakes; else they go when all is done.")] = "",
    json: Json = False,
) -> None:
    """Strike at each moment; ends with 1 where a table is another one afterwards."""

    def work() -> dict[str, Any]:
        from flows.orchestration import PrivateApi

        api = PrivateApi()  # one for all commands: beside its start theirs would be nothing
        from flows.drill.drill import run_drill
        from flows.drill.moments import drawn, moment, stages

        if kill and of:
            raise UsageError("--stage", "is for kills that are drawn; --kill names its own")
        moments = [moment(written) for written in kill] if kill else drawn(kills, seed, stages(of or ()))
        api.wait()
        return run_drill(moments, products, seed, keep)

    terminal.command(json, work, _show)


def _show(result: dict[str, Any]) -> None:
    rows = [[each["kill"], _when(each), "same tables"] for each in result["each"]]
    terminal.rows_table(f"{result['kills']} kills, seed {result['seed']}", ["kill", "command", "then"], rows)


def _when(kill: dict[str, Any]) -> str:
    if not kill["in_time"]:
        return "had ended already"
    return "killed after its commit" if kill["committed"] else "killed"
