"""What the lake holds, what each run cost, and where what is live came from."""

from typing import Annotated, Any

import typer

from flows import printable, terminal
from flows.options import LAKE_BY_DEFAULT, Json, Lake, lake_of

POSITION = 150


def command(
    newest: Annotated[int, typer.Option("--newest", "-n", min=0, help="How many to list; 0: all.")] = 50,
    sweep: Annotated[bool, typer.Option(help="First remove runs that were begun and left behind.")] = False,
    graph: Annotated[
        bool, typer.Option(help="What is live, and all that it was made of, as a tree.")
    ] = False,
    of: Annotated[
        str, typer.Option(help="Of a run instead, or of a hit: shop:key, or a photo's SHA-256.")
    ] = "",
    out: Annotated[str, typer.Option(help="SVG file to draw the tree to.")] = "",
    lake: Lake = LAKE_BY_DEFAULT,
    json: Json = False,
) -> None:
    """List the committed runs, the newest first, with what each cost; or draw where a hit came from."""
    drawn = graph or bool(of or out)

    def work() -> dict[str, Any]:
        if not drawn:
            from flows.queries.runs import list_runs

            return list_runs(lake_of(lake), sweep, newest)
        from flows.queries.lineage import lineage
        from flows.queries.lineage_drawing import write_svg

        told = lineage(lake_of(lake), of)
        return told | {"out": write_svg(told, out)}

    terminal.command(json, work, _show_lineage if drawn else _show)


def _show(result: dict[str, Any]) -> None:
    shown, count = len(result["runs"]), result["count"]
    title = f"{count:,} runs in {result['lake']}" + (f", the newest {shown}" if shown < count else "")
    rows = [
        [run["id"], run["flow"], run["summary"], *_receipt(run["cost"]), " ".join(run["parents"])]
        for run in result["runs"]
    ]
    columns = ["id", "flow", "what", "seconds", "CPU s", "GPU s", "MiB", "photos", "parents"]
    terminal.rows_table(title, columns, rows)
    for line in _unfinished(result["left"]):
        terminal.people.print(printable.harmless(line), markup=False, style="dim", soft_wrap=True)


def _receipt(cost: dict[str, Any]) -> list[str]:
    """What a run cost, in the columns' units; nothing of what was not measured."""
    measured = [f"{cost[name]:,.1f}" if name in cost else "" for name in ("cpu_seconds", "gpu_seconds")]
    return [f"{cost['seconds']:,.1f}", *measured, f"{cost['bytes'] / 2**20:,.1f}", f"{cost['photos']:,}"]


def _show_lineage(result: dict[str, Any]) -> None:
    from flows.queries.lineage_drawing import tree

    if hit := result["hit"]:
        terminal.fields_table(
            "the hit", {name: hit[name] for name in ("product_id", "title", "page", "checkpoint")}
        )
        rows = [[photo["image_id"], photo["crawl"], photo["embed"], photo["url"]] for photo in hit["photos"]]
        terminal.rows_table("its photos", ["photo", "bytes of crawl", "vector of embed", "address"], rows)
    terminal.results.print(tree(result), soft_wrap=True)
    if result["out"]:
        terminal.people.print(printable.harmless(f"drawn to {result['out']}"), markup=False, soft_wrap=True)


def _unfinished(left: list[dict[str, Any]]) -> list[str]:
    """What was begun and left behind, a line each, and how each goes on."""
    if not left:
        return []
    lines = []
    for run in left:
        of = f" of {run['shop']}" if run["shop"] else ""
        how = f"goes on with: {run['command']} ..." if run["command"] else "goes on when it is given again"
        if run["flow"] == "import":
            how = "does not go on; an import reads its file anew"
        lines.append(f"  {run['id']}  {run['flow']}{of}  {how}")
    number = "1 run is" if len(left) == 1 else f"{len(left)} runs are"
    return [f"{number} unfinished; vitrine runs --sweep removes what will not go on:", *lines]
