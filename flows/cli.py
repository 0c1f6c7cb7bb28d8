"""The command line: each command is a flow with a face.

Imports stand inside the commands, so that `vitrine --help` and `vitrine runs` answer at once and
`vitrine search` starts neither Prefect nor Ray.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from flows import terminal

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    help="Crawl clothing shops, learn from their own words, publish a photo index that says how good it is.",
)

Lake = Annotated[str, typer.Option("--lake", envvar="VITRINE_LAKE", help="Folder, s3:// or gs:// address.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON object on stdout; everything else on stderr.")]
Milvus = Annotated[
    str, typer.Option(envvar="VITRINE_MILVUS_URI", help="Milvus Lite directory or server URI.")
]
Token = Annotated[str, typer.Option(envvar="VITRINE_MILVUS_TOKEN", help="Milvus token, as user:password.")]
Contact = Annotated[str, typer.Option(envvar="VITRINE_CONTACT", help="How a shop reaches you: mail or URL.")]
Gpus = Annotated[str, typer.Option(help="auto, 0 for CPU, or a number; refuses when there are fewer.")]
Settings = Annotated[
    list[str] | None, typer.Option("--set", help="A value of the method's Config: epochs=8.")
]
Fields = Annotated[str, typer.Option(help="Text columns to learn from, by comma.")]
LAKE = "./lake"


@app.command()
def demo(lake: Lake = LAKE, products: int = 300, seed: int = 1, json: Json = False) -> None:
    """The whole chain on the built-in mall: crawl, learn, embed, index, evaluate, report."""

    def work() -> dict[str, Any]:
        api = _orchestrated()
        from flows.demo import run_demo

        return run_demo(lake, products, seed, api)

    terminal.command(json, work, _show_demo)


@app.command()
def mall(
    products: int = 300,
    seed: int = 1,
    shops: Annotated[
        str, typer.Option(help="Dialects to serve, by comma; one shop and port each.")
    ] = "shopify,structured",
    catalog: Annotated[
        str, typer.Option(help="Serve this Parquet or CSV file instead of drawn garments.")
    ] = "",
    map: Annotated[str, typer.Option(help="Our names for its columns: title=name,image=photo.")] = "",
    port: Annotated[int, typer.Option(help="First port; 0 picks free ones.")] = 0,
) -> None:
    """Play online shops on loopback, until interrupted; prints their addresses as one JSON line."""
    from infra.mall.__main__ import main as serve

    arguments = ["--products", str(products), "--seed", str(seed), "--shops", shops, "--port", str(port)]
    arguments += ["--catalog", catalog] if catalog else []
    arguments += [word for pair in map.split(",") if pair for word in ("--map", pair)]
    raise typer.Exit(_one_line(lambda: serve(arguments)))


@app.command()
def crawl(
    urls: Annotated[list[str], typer.Argument(help="URL, or name=URL to name the shop.")],
    lake: Lake = LAKE,
    contact: Contact = "",
    limit: Annotated[int | None, typer.Option(help="Products per shop at most.")] = None,
    json: Json = False,
) -> None:
    """Read a shop's whole catalogue: products, original photos, and every refusal with its reason."""

    def work() -> dict[str, Any]:
        api = _orchestrated()
        from flows.crawl import crawl as flow

        api.wait()
        return flow(urls, lake, contact, limit)

    terminal.command(json, work, lambda result: terminal.fields_table("crawled", result))


@app.command("import")
def import_(
    path: Annotated[str, typer.Argument(help="Parquet or CSV file, one row per photo.")],
    shop: Annotated[str, typer.Option(help="Name of the shop the products belong to.")],
    map: Annotated[
        str, typer.Option(help="Our names for its columns: title=name,product_id=sku+colour.")
    ] = "",
    lake: Lake = LAKE,
    contact: Contact = "",
    json: Json = False,
) -> None:
    """Turn a catalogue file into a committed crawl."""

    def work() -> dict[str, Any]:
        mapping = _pairs(map.split(",") if map else [], "--map")
        api = _orchestrated()
        from flows.import_catalogue import import_catalogue as flow

        api.wait()
        return flow(path, lake, shop, mapping, contact)

    terminal.command(json, work, lambda result: terminal.fields_table("imported", result))


@app.command()
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
    """Words per photo, a vocabulary, and a split in which nothing leaks."""

    def work() -> dict[str, Any]:
        api = _orchestrated()
        from flows.label import label as flow

        api.wait()
        return flow(lake, crawl, _names(fields), vocabulary, rarest, test_share)

    terminal.command(json, work, lambda result: terminal.fields_table("labelled", result))


@app.command()
def train(
    method: Annotated[str, typer.Argument(help="A file name under workers/methods.")] = "corbiere",
    labels: Annotated[str | None, typer.Option(help="Label run; the newest by default.")] = None,
    set: Settings = None,
    workers: Annotated[int, typer.Option(min=1, help="Ray Train workers.")] = 1,
    gpus: Gpus = "auto",
    lake: Lake = LAKE,
    json: Json = False,
) -> None:
    """Learn a photo embedding from the words of the newest label run."""

    def work() -> dict[str, Any]:
        settings = _pairs(set or [], "--set")
        api = _orchestrated()
        from flows.train import train as flow

        api.wait()
        return flow(lake, method, labels, settings, workers, gpus)

    terminal.command(json, work, lambda result: terminal.fields_table("trained", result))


@app.command()
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
        api = _orchestrated()
        from flows.embed import embed as flow

        api.wait()
        return flow(lake, train, labels, method, None, gpus, part_rows)

    terminal.command(json, work, _show_embed)


@app.command()
def index(
    embed: Annotated[str | None, typer.Option(help="Embed run; the newest by default.")] = None,
    milvus: Milvus = "",
    token: Token = "",
    lake: Lake = LAKE,
    json: Json = False,
) -> None:
    """Load vectors and product facts into Milvus, and verify what is there."""

    def work() -> dict[str, Any]:
        api = _orchestrated()
        from flows.index import index as flow

        api.wait()
        return flow(lake, embed, milvus, token)

    terminal.command(json, work, lambda result: terminal.fields_table("indexed", result))


@app.command()
def evaluate(
    train: Annotated[str | None, typer.Option(help="Train run; the newest by default.")] = None,
    labels: Annotated[str | None, typer.Option(help="Label run; the one trained on by default.")] = None,
    baselines: Annotated[bool, typer.Option(help="Also an untrained network and a colour histogram.")] = True,
    truth: Annotated[str | None, typer.Option(help="File with clean columns to score against.")] = None,
    columns: Annotated[str, typer.Option(help="Columns of the truth to score, by comma.")] = "",
    truth_key: Annotated[str, typer.Option(help="Its column with the shop's product id.")] = "product_id",
    gpus: Gpus = "auto",
    lake: Lake = LAKE,
    json: Json = False,
) -> None:
    """Score the search on held-out products, beside what chance and colour find."""

    def work() -> dict[str, Any]:
        api = _orchestrated()
        from flows.evaluate import evaluate as flow

        api.wait()
        return flow(lake, train, labels, baselines, truth, _names(columns) or None, truth_key, gpus)

    terminal.command(json, work, show_scores)


@app.command("crawl-and-index")
def crawl_and_index(
    urls: Annotated[list[str], typer.Argument(help="URL, or name=URL to name the shop.")],
    lake: Lake = LAKE,
    contact: Contact = "",
    method: str = "corbiere",
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
        settings = _pairs(set or [], "--set")
        api = _orchestrated()
        from flows.crawl_and_index import crawl_and_index as flow

        api.wait()
        return flow(
            urls,
            lake,
            contact,
            method,
            settings,
            retrain,
            _names(fields),
            workers=workers,
            gpus=gpus,
            milvus=milvus,
            token=token,
            truth=truth,
            columns=_names(columns) or None,
        )

    terminal.command(json, work, lambda result: show_scores(result["evaluate"]))


@app.command()
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
        from flows.search import search as find

        return find(lake, image, words, where, k, milvus, token)

    terminal.command(json, work, _show_hits)


@app.command()
def report(
    run: Annotated[str | None, typer.Argument(help="Evaluation run; the newest by default.")] = None,
    out: Annotated[str | None, typer.Option(help="File to write.")] = None,
    lake: Lake = LAKE,
    json: Json = False,
) -> None:
    """Write one self-contained HTML page about a run."""

    def work() -> dict[str, Any]:
        from flows.report import write_report

        return write_report(lake, run, out)

    terminal.command(json, work, lambda result: terminal.fields_table("report", result))


@app.command()
def runs(
    sweep: Annotated[bool, typer.Option(help="First remove runs that were begun and left behind.")] = False,
    lake: Lake = LAKE,
    json: Json = False,
) -> None:
    """What the lake holds, with parents."""

    def work() -> dict[str, Any]:
        from flows.listing import list_runs

        return list_runs(lake, sweep)

    def show(result: dict[str, Any]) -> None:
        rows = [[run["id"], run["flow"], run["summary"], " ".join(run["parents"])] for run in result["runs"]]
        terminal.rows_table(f"{len(rows)} runs in {lake}", ["id", "flow", "what", "parents"], rows)

    terminal.command(json, work, show)


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


def _show_demo(result: dict[str, Any]) -> None:
    show_scores(result["evaluate"])
    people = terminal.people
    people.print(
        f"\n{result['seconds']:.0f} s in all, {result['orchestration_seconds']:.1f} s of them orchestration."
    )
    people.print(f"[bold]Report:[/bold] {result['report']}")
    people.print(f'Try:    vitrine search --words "red dress" --lake {result["lake"]}')


def _show_embed(result: dict[str, Any]) -> None:
    terminal.fields_table("embedded", result)
    if not result["embedded"]:
        terminal.people.print(
            f"Nothing to embed: all {result['reused']:,} photos have a vector of this model already."
        )


def _show_hits(result: dict[str, Any]) -> None:
    if result["unknown_words"]:
        terminal.people.print(f"[dim]never learnt: {', '.join(result['unknown_words'])}")
    rows = [
        [n, hit["product_id"], hit["title"], hit["score"], hit["url"]]
        for n, hit in enumerate(result["hits"], 1)
    ]
    terminal.rows_table(
        f"{len(rows)} hits for {result['query']}", ["", "product", "title", "score", "url"], rows
    )


def _orchestrated() -> Any:
    """The private Prefect API, started before the heavy imports so that both start side by side."""
    from flows.orchestration import PrivateApi

    return PrivateApi()


def _pairs(words: list[str], option: str) -> dict[str, str]:
    from schemas.errors import InputError

    if bad := [word for word in words if "=" not in word.strip("=")]:
        raise InputError(f"{option} {bad[0]}", "must look like name=value")
    return {name.strip(): value.strip() for name, _, value in (word.partition("=") for word in words)}


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _one_line(work: Callable[[], int | None]) -> int:
    """Run what writes to stdout itself; an error of the user's is one line all the same."""
    from schemas.errors import PipelineError

    try:
        return work() or 0
    except PipelineError as error:
        typer.echo(f"vitrine: {error}", err=True)
        return 1


def main() -> None:
    """Entry point of the console script."""
    _root_first()
    app()


def _root_first() -> None:
    """Put the repository before site-packages, so that no installed package can shadow ours."""
    import sys

    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
