"""`python -m infra.mall`: open the shops, print their addresses as one JSON line, serve till stopped.

With `--export FILE` nothing is served: the drawn photos and the truth about them become a file; with the name of a
benchmark, `--export in-shop FOLDER`, a folder in the formats that it was published in.
"""

import argparse
import json
import sys
from dataclasses import asdict

from infra.mall.catalogue import DrawnCatalogue
from infra.mall.export import catalogue_file, consumer2shop, deepfashion_c, in_shop
from infra.mall.garments.design import ASSORTMENTS
from infra.mall.lifeline import Ending, die_with_parent
from infra.mall.server import Mall, catalogues
from infra.mall.trade import MallSpec
from schemas.errors import InputError, UsageError

FORMATS = {
    "deepfashion-c": deepfashion_c.export,
    "in-shop": in_shop.export,
    "consumer2shop": consumer2shop.export,
}


def main(words: list[str] | None = None) -> int:
    """0 after SIGTERM or SIGINT; with a one-line reason 1 for bad input, 2 for bad options."""
    options = parser().parse_args(words)
    ending = Ending()
    if options.die_with_parent:
        die_with_parent()
    try:
        if options.export:
            print(json.dumps(_export(spec(options), options.export)))
            return 0
        mall = Mall(spec(options))
        with mall:
            said: dict[str, object] = {"shops": [asdict(shop) for shop in mall.shops]}
            if mall.canary is not None:
                said["canary"] = mall.canary.url
            print(json.dumps(said), flush=True)
            ending.wait()
    except InputError as error:
        print(error, file=sys.stderr)
        return 2 if isinstance(error, UsageError) else 1
    return 0


def parser() -> argparse.ArgumentParser:
    """The options."""
    usual = MallSpec()
    options = argparse.ArgumentParser(
        prog="python -m infra.mall", description="Clothing shops on 127.0.0.1 to crawl."
    )
    options.add_argument(
        "--products", type=int, default=usual.products, help="items of all shops together (%(default)s)"
    )
    options.add_argument(
        "--seed", type=int, default=usual.seed, help="another seed is another mall (%(default)s)"
    )
    options.add_argument("--shops", default=",".join(usual.shops), help="one dialect per shop (%(default)s)")
    options.add_argument(
        "--catalog", default="", help="serve this Parquet or CSV file; --products 0 serves all of it"
    )
    options.add_argument(
        "--map",
        action="append",
        default=[],
        metavar="FIELD=COLUMN",
        help="a column of the file by another name",
    )
    options.add_argument("--port", type=int, default=usual.port, help="of the first shop; 0: any free ones")
    options.add_argument(
        "--size", default="320x400", metavar="WxH", help="of drawn photos, pixels (%(default)s)"
    )
    options.add_argument(
        "--draw-ahead", type=int, default=usual.draw_ahead, help="processes that draw before they are asked"
    )
    options.add_argument(
        "--faults", action="store_true", help="misbehave: errors, bad photos, traps, lies; for tests"
    )
    options.add_argument(
        "--assortment",
        default=usual.assortment,
        help="usual: as a shop sells, most of all dresses (%(default)s: as many of each)",
    )
    options.add_argument(
        "--export",
        nargs="+",
        default=[],
        metavar="FILE",
        help=f"write photos and their annotations as Parquet instead, or as {', '.join(FORMATS)} to a folder",
    )
    options.add_argument(
        "--die-with-parent", action="store_true", help="stop when the process that started this one ends"
    )
    return options


def spec(options: argparse.Namespace) -> MallSpec:
    """The options as a spec. Raises InputError where one makes no sense."""
    pairs = [pair.partition("=") for pair in options.map]
    for field, mark, column in pairs:
        if not (field and mark and column):
            raise UsageError(f"--map {field}{mark}{column}", "is not FIELD=COLUMN")
    width, _, height = options.size.partition("x")
    if not (
        width.isdigit()
        and height.isdigit()
        and min(int(width), int(height)) >= 48
        and max(int(width), int(height)) <= 4000
    ):
        raise UsageError(f"--size {options.size}", "is not WIDTHxHEIGHT between 48 and 4000 pixels")
    if options.assortment not in ASSORTMENTS:
        raise UsageError(f"--assortment {options.assortment}", f"is none of {', '.join(ASSORTMENTS)}")
    if options.products < 0 or (options.products == 0 and not options.catalog):
        raise UsageError(f"--products {options.products}", "is not a number of products")
    return MallSpec(
        products=options.products,
        seed=options.seed,
        shops=tuple(name.strip() for name in options.shops.split(",") if name.strip()),
        catalogue_file=options.catalog,
        mapping={field: column for field, _, column in pairs},
        port=options.port,
        size=(int(width), int(height)),
        draw_ahead=options.draw_ahead,
        faults=options.faults,
        assortment=options.assortment,
    )


def _export(mall: MallSpec, words: list[str]) -> dict[str, object]:
    """Write a Parquet file, or the folder of a benchmark where its name stands first."""
    drawn = [catalogue for catalogue in catalogues(mall) if isinstance(catalogue, DrawnCatalogue)]
    if not drawn:
        raise UsageError("--export", "is for drawn garments; a catalogue file is one already")
    *benchmark, path = words
    if path in FORMATS or len(benchmark) > 1:
        raise UsageError(f"--export {' '.join(words)}", "needs a file, or a benchmark and a folder")
    if benchmark and benchmark[0] not in FORMATS:
        raise UsageError(f"--export {benchmark[0]}", f"no such benchmark; there are {', '.join(FORMATS)}")
    write = FORMATS[benchmark[0]] if benchmark else catalogue_file.export
    return {"export": path, "photos": write(drawn, path)}


if __name__ == "__main__":
    sys.exit(main())
