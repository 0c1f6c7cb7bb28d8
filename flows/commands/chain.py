"""The whole chain in one command: demo, crawl-and-index."""

from typing import Annotated, Any

import typer

from flows import terminal
from flows.commands.finding import show_scores
from flows.commands.options import (
    LAKE,
    Contact,
    Fields,
    Gpus,
    Json,
    Lake,
    Milvus,
    Settings,
    Token,
    names,
    orchestrated,
    pairs,
)


def demo(lake: Lake = LAKE, products: int = 300, seed: int = 1, json: Json = False) -> None:
    """The whole chain on the built-in mall: crawl, learn, embed, index, evaluate, report."""

    def work() -> dict[str, Any]:
        api = orchestrated()
        from flows.demo import run_demo

        return run_demo(lake, products, seed, api)

    terminal.command(json, work, _show_demo)


def crawl_and_index(
    urls: Annotated[list[str], typer.Argument(help="URL, or name=URL to name the shop.")],
    lake: Lake = LAKE,
    contact: Contact = "",
    method: str = "house",
    set: Settings = None,
    retrain: Annotated[
        bool, typer.Option(help="Learn anew; else only a lake without a model trains.")
    ] = False,
    fields: Fields = "title,categories,description,tags",
    workers: Annotated[int, typer.Option(min=1, help="Ray Train workers.")] = 1,
    gpus: Gpus = "auto",
    milvus: Milvus = "",
    token: Token = "",
    truth: Annotated[str | None, typer.Option(help="File with clean columns to score against.")] = None,
    columns: Annotated[str, typer.Option(help="Columns of the truth to score, by comma.")] = "",
    json: Json = False,
) -> None:
    """The whole chain for some shops: crawl, label, train if needed, embed, index, evaluate."""

    def work() -> dict[str, Any]:
        settings = pairs(set or [], "--set")
        api = orchestrated()
        from flows.crawl_and_index import crawl_and_index as flow

        api.wait()
        return flow(
            urls,
            lake,
            contact,
            method,
            settings,
            retrain,
            names(fields),
            workers=workers,
            gpus=gpus,
            milvus=milvus,
            token=token,
            truth=truth,
            columns=names(columns) or None,
        )

    terminal.command(json, work, _show_chain)


def _show_chain(result: dict[str, Any]) -> None:
    for shop, why in result["crawl"].get("failed", {}).items():
        terminal.people.print(terminal.harmless(f"not crawled, kept as it was: {shop}: {why}"), markup=False)
    show_scores(result["evaluate"])


def _show_demo(result: dict[str, Any]) -> None:
    show_scores(result["evaluate"])
    people = terminal.people
    people.print(
        f"\n{result['seconds']:.0f} s in all, {result['orchestration_seconds']:.1f} s of them between the stages:"
        " imports, Prefect, Ray's start and end."
    )
    people.print(f"[bold]Report:[/bold] {result['report']}")
    people.print(f'Try:    vitrine search --words "red dress" --lake {result["lake"]}')
