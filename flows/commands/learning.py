"""From the shops' words to vectors: label, train, embed."""

from typing import Annotated, Any

import typer

from flows import terminal
from flows.commands.options import LAKE, Fields, Gpus, Json, Lake, Settings, names, orchestrated, pairs

_CARD_ROWS = 10  # of a section of the report card; all of them are in the run's table


def label(
    crawl: Annotated[
        list[str] | None, typer.Option(help="Crawl ids; the newest of every shop by default.")
    ] = None,
    fields: Fields = "title,categories,description,tags",
    vocabulary: Annotated[int, typer.Option(help="Most words kept.")] = 30_000,
    rarest: Annotated[int, typer.Option(help="Fewest products a kept word stands in.")] = 2,
    test_share: Annotated[float, typer.Option(min=0.0, max=0.9, help="Share of groups held out.")] = 0.25,
    lake: Lake = LAKE,
    json: Json = False,
) -> None:
    """Words per photo, a vocabulary, a split in which nothing leaks, and a card of how good the words are."""

    def work() -> dict[str, Any]:
        api = orchestrated()
        from flows.learn.label import label as flow

        api.wait()
        return flow(lake, crawl, names(fields), vocabulary, rarest, test_share)

    terminal.command(json, work, _show_label)


def train(
    method: Annotated[str, typer.Argument(help="A file name under workers/methods.")] = "house",
    labels: Annotated[str | None, typer.Option(help="Label run; the newest by default.")] = None,
    set: Settings = None,
    parent: Annotated[str | None, typer.Option("--from", help="Train run to start from.")] = None,
    search: Annotated[int, typer.Option(min=0, help="Settings to try first, on a few thousand photos.")] = 0,
    workers: Annotated[int, typer.Option(min=1, help="Ray Train workers.")] = 1,
    gpus: Gpus = "auto",
    checkpoint_minutes: Annotated[float, typer.Option(min=0.0, help="What a kill can cost at most.")] = 10.0,
    cache_gib: Annotated[float, typer.Option(min=0.0, help="Memory for decoded photos, per worker.")] = 4.0,
    lake: Lake = LAKE,
    json: Json = False,
) -> None:
    """Learn a photo embedding from the words of the newest label run."""

    def work() -> dict[str, Any]:
        settings = pairs(set or [], "--set")
        api = orchestrated()
        from flows.learn.train import train as flow

        api.wait()
        return flow(
            lake=lake,
            method=method,
            labels=labels,
            settings=settings,
            workers=workers,
            gpus=gpus,
            parent=parent,
            checkpoint_minutes=checkpoint_minutes,
            cache_gib=cache_gib,
            search=search,
        )

    terminal.command(json, work, _show_train)


def embed(
    train: Annotated[str | None, typer.Option(help="Train run; the newest by default.")] = None,
    labels: Annotated[str | None, typer.Option(help="Label run; the newest by default.")] = None,
    method: Annotated[str | None, typer.Option(help="A method without weights, such as histogram.")] = None,
    gpus: Gpus = "auto",
    part_rows: Annotated[int, typer.Option(min=1, help="Vectors per part: what a kill can cost.")] = 5_000,
    lake: Lake = LAKE,
    json: Json = False,
) -> None:
    """Give every photo its vector; what is embedded already is reused."""

    def work() -> dict[str, Any]:
        api = orchestrated()
        from flows.retrieval.embed import embed as flow

        api.wait()
        return flow(lake, train, labels, method, None, gpus, part_rows)

    terminal.command(json, work, _show_embed)


def _show_label(result: dict[str, Any]) -> None:
    terminal.fields_table("labelled", result)
    sections: dict[str, list[list[Any]]] = {}
    for row in result["report_card"]:
        value = round(row["value"], 3)
        figure = int(value) if value.is_integer() else value
        sections.setdefault(row["section"], []).append([row["name"], figure, row["unit"], row["detail"]])
    for section, rows in sections.items():
        more = f", {_CARD_ROWS} of {len(rows)}" if len(rows) > _CARD_ROWS else ""
        terminal.rows_table(section + more, ["", "value", "unit", "detail"], rows[:_CARD_ROWS])


def _show_embed(result: dict[str, Any]) -> None:
    terminal.fields_table("embedded", result)
    if not result["embedded"]:
        terminal.people.print(
            f"Nothing to embed: all {result['reused']:,} photos have a vector of this model already."
        )


def _show_train(result: dict[str, Any]) -> None:
    if trials := result.pop("trials", []):
        columns = list(trials[0])
        terminal.rows_table("tried, best first", columns, [[row[name] for name in columns] for row in trials])
    terminal.fields_table("trained", result)
