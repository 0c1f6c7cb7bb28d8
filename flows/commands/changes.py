"""What shops changed between two moments: prices, stock, texts, photos, products come and gone."""

from typing import Annotated, Any

import typer

from flows import printable, terminal
from flows.options import LAKE_BY_DEFAULT, Json, Lake, lake_of, names

POSITION = 60
_SHOWN = 20


def command(
    since: Annotated[
        str, typer.Option(help="Date, time, crawl id, or how long ago: 2026-11-01, yesterday, 3d, 12h.")
    ],
    until: Annotated[str, typer.Option(help="The same; the newest crawl by default.")] = "",
    shop: Annotated[str, typer.Option(help="One shop; all of the lake by default.")] = "",
    kind: Annotated[
        str, typer.Option(help="Only these, by comma: price, stock, text, photos, added, removed.")
    ] = "",
    out: Annotated[str, typer.Option(help="File to write every change to: .parquet, .csv or .jsonl.")] = "",
    lake: Lake = LAKE_BY_DEFAULT,
    json: Json = False,
) -> None:
    """Compare the crawls of each shop, by default of all of them."""

    def work() -> dict[str, Any]:
        from flows.queries.changes import changes as compare

        return compare(lake_of(lake), since, until=until, shop=shop, kinds=names(kind), out=out)

    terminal.command(json, work, _show)


def _show(result: dict[str, Any]) -> None:
    kinds = list(result["counts"])
    rows = [
        [shop["shop"], _minute(shop["from_at"]), _minute(shop["to_at"]), shop["crawls"]]
        + [shop["counts"].get(kind, 0) for kind in kinds]
        for shop in result["shops"]
    ]
    title = f"changes from {_minute(result['since'])} to {_minute(result['until'])}"
    terminal.rows_table(title, ["shop", "from crawl of", "to crawl of", "crawls", *kinds], rows)
    for note in dict.fromkeys(shop["note"] for shop in result["shops"] if shop["note"]):
        about = ", ".join(shop["shop"] for shop in result["shops"] if shop["note"] == note)
        terminal.people.print(printable.harmless(f"{about}: {note}"), markup=False, style="dim")
    shown, total = result["changes"][:_SHOWN], sum(result["counts"].values())
    if shown:
        cells = [
            [
                printable.cell(row["title"] or row["product_id"], 32),
                row["field"],
                printable.cell(_seen(row, "before"), 20),
                printable.cell(_seen(row, "after"), 20),
                f"{row['change']:+.0%}" if row["change"] is not None else row["kind"],
                _minute(row["seen_at"]),
            ]
            for row in shown
        ]
        columns = ["product", "field", "before", "after", "", "seen"]
        terminal.rows_table(f"{len(shown)} of {total:,} changes, largest price drops first", columns, cells)
    if result["out"]:
        terminal.results.print(f"All {total:,} rows: {result['out']}", markup=False)
    elif total > len(shown):
        terminal.people.print("All rows as a table: --out FILE.parquet", style="dim")


def _minute(moment: str | None) -> str:
    """A time to the minute, as people read it; a crawl id or nothing as it is."""
    return (moment or "")[:16].replace("T", " ") if "-" in (moment or "")[:8] else moment or ""


def _seen(row: dict[str, Any], side: str) -> str:
    """A value for people, to whom the hash of a photo says nothing."""
    if row["kind"] == "photos":
        return "a photo" if row[side] else ""
    return str(row[side])
