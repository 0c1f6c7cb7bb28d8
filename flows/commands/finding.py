"""What the vectors find: index, evaluate, search, report."""

from typing import Annotated, Any

import typer

from flows import terminal
from flows.commands.options import LAKE, Gpus, Json, Lake, Milvus, Token, names, orchestrated


def index(
    embed: Annotated[str | None, typer.Option(help="Embed run; the newest by default.")] = None,
    milvus: Milvus = "",
    token: Token = "",
    lake: Lake = LAKE,
    json: Json = False,
) -> None:
    """Load vectors and product facts into Milvus, and verify what is there."""

    def work() -> dict[str, Any]:
        api = orchestrated()
        from flows.retrieval.index import index as flow

        api.wait()
        return flow(lake, embed, milvus, token)

    terminal.command(json, work, lambda result: terminal.fields_table("indexed", result))


def evaluate(
    train: Annotated[str | None, typer.Option(help="Train run; the newest by default.")] = None,
    labels: Annotated[str | None, typer.Option(help="Label run; the one trained on by default.")] = None,
    baselines: Annotated[bool, typer.Option(help="Also an untrained network and a colour histogram.")] = True,
    truth: Annotated[str | None, typer.Option(help="File with clean columns to score against.")] = None,
    columns: Annotated[
        str, typer.Option(help="Columns of the truth to score, by comma; a+b for both together.")
    ] = "",
    truth_key: Annotated[str, typer.Option(help="Its column with the shop's product id.")] = "product_id",
    synonyms: Annotated[str | None, typer.Option(help="YAML file with other names of labels.")] = None,
    probe: Annotated[bool, typer.Option(help="Also a linear probe on each column.")] = True,
    gpus: Gpus = "auto",
    lake: Lake = LAKE,
    json: Json = False,
) -> None:
    """Score the search on held-out products, beside what chance and colour find."""

    def work() -> dict[str, Any]:
        api = orchestrated()
        from flows.retrieval.evaluate import evaluate as flow

        api.wait()
        wanted = names(columns) or None
        return flow(lake, train, labels, baselines, truth, wanted, truth_key, gpus, synonyms, probe)

    terminal.command(json, work, show_scores)


def search(
    image: Annotated[str | None, typer.Argument(help="A photo file.")] = None,
    words: Annotated[str | None, typer.Option(help='Words instead of a photo: "red summer dress".')] = None,
    where: Annotated[str, typer.Option(help="Milvus filter: price >= 0 and price < 50.")] = "",
    k: Annotated[int, typer.Option("-k", help="Products wanted.")] = 20,
    milvus: Milvus = "",
    token: Token = "",
    lake: Lake = LAKE,
    json: Json = False,
) -> None:
    """Find products by a photo or by words."""

    def work() -> dict[str, Any]:
        from flows.queries.search import search as find

        return find(lake, image, words, where, k, milvus, token)

    terminal.command(json, work, _show_hits)


def report(
    run: Annotated[str | None, typer.Argument(help="Evaluation run; the newest by default.")] = None,
    out: Annotated[str | None, typer.Option(help="File to write.")] = None,
    lake: Lake = LAKE,
    json: Json = False,
) -> None:
    """Write one self-contained HTML page about a run."""

    def work() -> dict[str, Any]:
        from flows.queries.report import write_report

        return write_report(lake, run, out)

    terminal.command(json, work, lambda result: terminal.fields_table("report", result))


def show_scores(result: dict[str, Any]) -> None:
    """The overall scores of an evaluation: one row per benchmark and k, one column per method."""
    overall = [row for row in result["scores"] if row["slice"] == "all"]
    methods = list(dict.fromkeys(row["method"] for row in overall))
    cells: dict[tuple[str, str, int, int], dict[str, str]] = {}
    for row in overall:
        key = (row["benchmark"], row["metric"], row["k"], row["n"])
        half = 50 * (row["ci_high"] - row["ci_low"])
        cells.setdefault(key, {})[row["method"]] = f"{100 * row['value']:.1f} ± {half:.1f}"
    rows = [[*key, *(found.get(method, "") for method in methods)] for key, found in cells.items()]
    columns = ["benchmark", "metric", "k", "n", *methods]
    terminal.rows_table("scores, in percent with half the 95 % interval", columns, rows)
    for column, by_method in result.get("zero_shot", {}).items():
        for method, said in by_method.items():
            if said["unknown"]:
                line = (
                    f"{column}: {len(said['unknown'])} of {said['labels']} labels have no word that {method} learnt, "
                    f"{said['unknown_photos']:,} photos missed for it: {', '.join(said['unknown'])}"
                )
                terminal.people.print(terminal.harmless(line), markup=False, style="dim", soft_wrap=True)


def _show_hits(result: dict[str, Any]) -> None:
    if result["unknown_words"]:
        terminal.people.print(f"[dim]never learnt: {terminal.plain(', '.join(result['unknown_words']))}")
    rows = [
        [n, hit["product_id"], hit["title"], hit["score"], hit["url"]]
        for n, hit in enumerate(result["hits"], 1)
    ]
    terminal.rows_table(
        f"{len(rows)} hits for {result['query']}", ["", "product", "title", "score", "url"], rows
    )
