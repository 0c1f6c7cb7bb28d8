"""What a shop offers and a crawl of it would miss and cost; or what is wrong with this deployment."""

from typing import Annotated, Any

import typer

from flows import terminal
from flows.options import LAKE_BY_DEFAULT, Contact, Json, Lake

POSITION = 30


def command(
    url: Annotated[
        str, typer.Argument(help="Shop to look at; without one, this machine and its deployment.")
    ] = "",
    contact: Contact = "",
    write: Annotated[str, typer.Option(help="File to write a first shop profile to.")] = "",
    profile: Annotated[str, typer.Option(help="YAML profile of the shop, to see what it reads.")] = "",
    lake: Lake = LAKE_BY_DEFAULT,
    json: Json = False,
) -> None:
    """Examine a shop, or where none is named, this machine and the deployment that its settings name."""

    def work() -> dict[str, Any]:
        if url:
            from flows.crawl import doctor

            return doctor.doctor(url, contact, write, profile)
        from flows.health.checkup import checkup

        return checkup(lake)

    def show(result: dict[str, Any]) -> None:
        from flows.crawl import doctor
        from flows.health import checkup

        (doctor.show if url else checkup.show)(result)

    terminal.command(json, work, show)
