"""What a crawl, an import or another run refused, and why."""

from typing import Annotated, Any

import typer

from flows import printable, terminal
from flows.options import LAKE_BY_DEFAULT, Json, Lake, lake_of, names

POSITION = 155


def command(
    run: Annotated[
        str, typer.Argument(help="Shop, or id of a run or its beginning; the newest run by default.")
    ] = "",
    reason: Annotated[str, typer.Option(help="Only these, by comma: file_missing,timeout.")] = "",
    out: Annotated[str, typer.Option(help="File to write every row to: .parquet, .csv or .jsonl.")] = "",
    lake: Lake = LAKE_BY_DEFAULT,
    json: Json = False,
) -> None:
    """Count what a run refused by stage and reason, with an example each."""

    def work() -> dict[str, Any]:
        from flows.queries.rejects import rejects

        return rejects(lake_of(lake), run, reasons=names(reason), out=out)

    terminal.command(json, work, _show)


def _show(result: dict[str, Any]) -> None:
    if not result["run"]:
        terminal.results.print("No run of this lake refused anything.")
        return
    shop = f" of {result['shop']}" if result["shop"] else ""
    title = f"{result['total']:,} refused by {result['flow']} {result['run']}{shop}"
    rows = [
        [each["stage"], each["reason"], each["rows"], printable.cell(_example(each["example"]), 90)]
        for each in result["counts"]
    ]
    terminal.rows_table(title, ["stage", "reason", "rows", "for example"], rows)
    if result["out"]:
        terminal.results.print(f"All {result['total']:,} rows: {result['out']}", markup=False)
    elif rows:
        terminal.people.print("All rows as a table: --out FILE.csv", style="dim")


def _example(example: dict[str, str]) -> str:
    """Where it was, whose it was, and what was wrong."""
    return ": ".join(filter(None, (example["url"], example["product_id"], example["detail"])))
