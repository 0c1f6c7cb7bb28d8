"""Remove what is old and needed by nothing: runs, their collections in Milvus, and of old crawls what no one reads."""

from typing import Annotated, Any

import typer

from flows import terminal
from flows.options import LAKE_BY_DEFAULT, Json, Lake, lake_of

POSITION = 156


def command(
    keep: Annotated[str, typer.Option(help="How long a run stays that nothing needs: 30d, 12h, 4w.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would go; remove nothing.")] = False,
    milvus: Annotated[str, typer.Option(help="Milvus, if not where the settings say.")] = "",
    lake: Lake = LAKE_BY_DEFAULT,
    json: Json = False,
) -> None:
    """Remove what is older than --keep, and neither live, nor judged last, nor read by what is."""

    def work() -> dict[str, Any]:
        from flows.upkeep.sweep import sweep

        return sweep(lake_of(lake), keep, dry_run=dry_run, milvus=milvus)

    terminal.command(json, work, _show)


def _show(result: dict[str, Any]) -> None:
    rows = [[run["id"], run["flow"], "", run["bytes"]] for run in result["runs"]]
    rows += [
        [run["id"], "crawl", f"{run['parts']} parts; its photos are still shown", run["bytes"]]
        for run in result["thinned"]
    ]
    rows += [[name, "", "left behind unfinished", ""] for name in result["unfinished"]]
    if rows:
        title = "what would go" if result["dry_run"] else "what went"
        terminal.rows_table(title, ["run", "flow", "only", "bytes"], rows)
    told = {
        "bytes would be freed" if result["dry_run"] else "bytes freed": result["bytes"],
        "collections": ", ".join(result["collections"]) or "none",
        "runs that stay": result["kept"],
    }
    terminal.fields_table("", told)
