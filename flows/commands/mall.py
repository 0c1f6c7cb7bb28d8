"""Play online shops on loopback, until interrupted; prints their addresses as one JSON line."""

from typing import Annotated

import typer

from flows.options import one_line

POSITION = 20


def command(
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
        typer.Option(
            help="Write the drawn photos and what they show to this Parquet file, and serve none; or name a benchmark,"
            " deepfashion-c, in-shop or consumer2shop, and then a folder for its files."
        ),
    ] = "",
    folder: Annotated[str, typer.Argument(help="Of --export deepfashion-c and the like.")] = "",
    size: Annotated[str, typer.Option(help="Of drawn photos, pixels.")] = "320x400",
    assortment: Annotated[
        str, typer.Option(help="even: as many of each category; usual: as a shop sells, most of all dresses.")
    ] = "even",
) -> None:
    """Serve the shops until interrupted."""
    from infra.mall.__main__ import main as serve

    arguments = ["--products", str(products), "--seed", str(seed), "--shops", shops, "--port", str(port)]
    arguments += ["--catalog", catalog] if catalog else []
    arguments += ["--faults"] if faults else []
    arguments += ["--size", size, "--assortment", assortment]
    arguments += ["--export", export, *([folder] if folder else [])] if export else []
    arguments += [word for pair in map.split(",") if pair for word in ("--map", pair)]
    raise typer.Exit(one_line(lambda: serve(arguments)))
