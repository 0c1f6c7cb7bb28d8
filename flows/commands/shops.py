"""Where products come from: mall, doctor, crawl, import."""

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from flows import terminal
from flows.commands.options import LAKE, Contact, Json, Lake, names, one_line, orchestrated, pairs


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
    faults: Annotated[
        bool, typer.Option(help="Shops that fail, lie and set traps, to try a crawler on.")
    ] = False,
    export: Annotated[
        str,
        typer.Option(help="Write the drawn photos and what they show to this Parquet file, and serve none."),
    ] = "",
) -> None:
    """Play online shops on loopback, until interrupted; prints their addresses as one JSON line."""
    from infra.mall.__main__ import main as serve

    arguments = ["--products", str(products), "--seed", str(seed), "--shops", shops, "--port", str(port)]
    arguments += ["--catalog", catalog] if catalog else []
    arguments += ["--faults"] if faults else []
    arguments += ["--export", export] if export else []
    arguments += [word for pair in map.split(",") if pair for word in ("--map", pair)]
    raise typer.Exit(one_line(lambda: serve(arguments)))


def doctor(
    url: Annotated[str, typer.Argument(help="Shop to look at; without one, this machine.")] = "",
    contact: Contact = "",
    write: Annotated[str, typer.Option(help="File to write a first shop profile to.")] = "",
    profile: Annotated[str, typer.Option(help="YAML profile of the shop, to see what it reads.")] = "",
    json: Json = False,
) -> None:
    """What a shop offers and what a crawl of it would miss and cost, in under 30 requests."""

    def work() -> dict[str, Any]:
        from flows.crawl import doctor as asked

        return asked.doctor(url, contact, write, profile) if url else asked.machine()

    def show(result: dict[str, Any]) -> None:
        from flows.crawl.doctor import show as tell

        tell(result)

    terminal.command(json, work, show)


def crawl(
    urls: Annotated[list[str], typer.Argument(help="URL, or name=URL to name the shop.")],
    lake: Lake = LAKE,
    contact: Contact = "",
    limit: Annotated[int | None, typer.Option(help="Products per shop at most.")] = None,
    revisit: Annotated[
        Literal["full", "changed", "list"],
        typer.Option(help="Of a shop crawled before: everything, what changed, or the pages of --only."),
    ] = "changed",
    only: Annotated[str, typer.Option(help="File of page addresses, one a line, for --revisit list.")] = "",
    retry: Annotated[
        str, typer.Option(help="Try again what was refused for these reasons: timeout,http_5xx.")
    ] = "",
    profile: Annotated[str, typer.Option(help="YAML profile for a shop without structured data.")] = "",
    floor: Annotated[
        float | None,
        typer.Option(
            min=0.0, max=1.0, help="Least share of pages that must succeed; 0.8 if no profile says."
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Read a shop's whole catalogue: products, original photos, and every refusal with its reason."""

    def work() -> dict[str, Any]:
        from crawlers.fetch.shop_names import shops_of

        pages, reasons = _pages(only, revisit), _reasons(retry)
        shops_of(urls, contact)  # refused before anything is started
        api = orchestrated()
        from flows.crawl.crawl_shops import crawl as flow

        api.wait()
        return flow(
            urls,
            lake,
            contact,
            limit,
            revisit=revisit,
            only=pages,
            retry=reasons,
            profile=profile or None,
            floor=floor,
        )

    terminal.command(json, work, _show_crawl)


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
        mapping = pairs(map.split(",") if map else [], "--map")
        api = orchestrated()
        from flows.crawl.import_products import import_catalogue as flow

        api.wait()
        return flow(path, lake, shop, mapping, contact)

    terminal.command(json, work, lambda result: terminal.fields_table("imported", result))


def _show_crawl(result: dict[str, Any]) -> None:
    """One shop as its fields; several as a row each."""
    if "crawls" not in result:
        terminal.fields_table("crawled", result)
        if withheld := result["removal_withheld"]:
            terminal.people.print(
                f"{withheld:,} products are in no listing any more. That is over half of the shop at once, so they are"
                " kept; if they are really gone, crawl once with --revisit full."
            )
        return
    columns = ["products", "added", "changed", "removed", "kept", "images_new", "requests", "seconds"]
    rows = [
        [crawl["shop"], *(crawl[name] for name in columns), sum(crawl["rejected"].values())]
        for crawl in result["crawls"]
    ]
    terminal.rows_table(f"{len(rows)} shops crawled", ["shop", *columns, "refused"], rows)


def _pages(path: str, revisit: str) -> list[str]:
    """The addresses of a file, one a line; blank lines and those that begin with # are none."""
    from schemas.errors import InputError

    if bool(path) != (revisit == "list"):
        raise InputError("--only", "goes together with --revisit list: the file says which pages")
    if not path:
        return []
    try:
        lines = [line.strip() for line in Path(path).expanduser().read_text("utf-8").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(path, getattr(error, "strerror", "") or "cannot be read as text") from error
    found = list(dict.fromkeys(line for line in lines if line and not line.startswith("#")))
    if not found:
        raise InputError(path, "holds no address")
    return found


def _reasons(text: str) -> list[str]:
    from schemas.errors import InputError
    from schemas.reject import REASONS

    found = names(text)
    if unknown := [reason for reason in found if reason not in REASONS]:
        raise InputError(f"--retry {unknown[0]}", f"no such reason; there are {', '.join(REASONS)}")
    return found
