"""Put the deployments, limits and automations of our files on a Prefect server, and remove surplus ones of ours."""

from typing import Annotated, Any

import typer

from flows import terminal
from flows.options import Json

POSITION = 160


def command(
    file: Annotated[str, typer.Option(help="Deployments; infra/prefect.yaml by default.")] = "",
    automations: Annotated[str, typer.Option(help="Automations; infra/automations.yaml by default.")] = "",
    shops: Annotated[
        str | None, typer.Option(help="File of shops; by default the one that the deployments name.")
    ] = None,
    notify: Annotated[
        str | None, typer.Option(help="Block that automations send a message through: slack-webhook/ops.")
    ] = None,
    json: Json = False,
) -> None:
    """Apply infra/prefect.yaml to the server that PREFECT_API_URL names. Twice gives the same server."""

    def work() -> dict[str, Any]:
        from flows.server.deploy import deploy

        return deploy(file, automations, shops, notify)

    terminal.command(json, work, _show)


def _show(result: dict[str, Any]) -> None:
    """What was done to each kind of thing."""
    kinds = [name for name in result if name != "server"]
    rows = [[kind, *(" ".join(names) for names in result[kind].values())] for kind in kinds]
    terminal.rows_table(f"deployed to {result['server']}", ["", "made", "changed", "kept", "removed"], rows)
