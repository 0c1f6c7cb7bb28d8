"""Remove a shop, or what is at an address, from lake, index, caches and later trainings; prove it; keep it away."""

from typing import Annotated, Any

import typer

from flows import printable, terminal
from flows.options import LAKE_BY_DEFAULT, Json, Lake, lake_of

POSITION = 158


def command(
    shop: Annotated[str, typer.Option(help="A shop, by its name.")] = "",
    url: Annotated[str, typer.Option(help="The page of a product, or a photo, by its address.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would go; remove nothing.")] = False,
    lift: Annotated[
        bool, typer.Option("--lift", help="Let what was forgotten be crawled again; what went stays away.")
    ] = False,
    milvus: Annotated[str, typer.Option(help="Milvus, if not where the settings say.")] = "",
    lake: Lake = LAKE_BY_DEFAULT,
    json: Json = False,
) -> None:
    """Remove a shop, or what is at an address, everywhere; a later crawl or import does not bring it back."""

    def work() -> dict[str, Any]:
        from flows.upkeep import forget

        if lift:
            return forget.lift(lake_of(lake), shop=shop, url=url)
        return forget.forget(lake_of(lake), shop=shop, url=url, milvus=milvus, dry_run=dry_run)

    terminal.command(json, work, _show)


def _show(result: dict[str, Any]) -> None:
    if result.get("lifted"):
        terminal.fields_table("may be crawled again", {"asked": result["asked"]})
        return
    terminal.fields_table(
        "would be forgotten" if result.get("dry_run") else "forgotten",
        {"asked": result["asked"], "receipt": result.get("run_id", ""), "photos": result["photos"]},
    )
    rows = [[table, number] for table, number in result["rows"].items()]
    terminal.rows_table(f"rows that went, of {result['runs']} runs", ["table", "rows"], rows)
    proofs = [[proof["collection"], proof["entities"], proof["searches"]] for proof in result["index"]]
    if proofs:
        terminal.rows_table(
            "entities that went", ["collection", "entities", "searches that prove it"], proofs
        )
    if result["models"]:
        learnt = f"learnt from it and are as they were; train again: {', '.join(result['models'])}"
        terminal.people.print(printable.harmless(learnt), markup=False)
