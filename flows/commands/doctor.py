"""What a shop offers and what a crawl of it would miss and cost, in under 30 requests."""

from typing import Annotated, Any

import typer

from flows import terminal
from flows.options import LAKE_BY_DEFAULT, Contact, Json, Lake

POSITION = 30


def command(
    url: Annotated[str, typer.Argument(help="Shop to look at; without one, this machine.")] = "",
    contact: Contact = "",
    write: Annotated[str, typer.Option(help="File to write a first shop profile to.")] = "",
    profile: Annotated[str, typer.Option(help="YAML profile of the shop, to see what it reads.")] = "",
    lake: Lake = LAKE_BY_DEFAULT,
    json: Json = False,
) -> None:
    """Examine a shop, or this machine where no shop is named."""

    def work() -> dict[str, Any]:
        from flows.crawl import doctor

        return doctor.doctor(url, contact, write, profile) if url else doctor.machine(lake)

    def show(result: dict[str, Any]) -> None:
        from flows.crawl import doctor

        doctor.show(result)

    terminal.command(json, work, show)
