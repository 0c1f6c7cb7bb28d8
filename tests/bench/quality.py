"""How well photos are found after learning from titles alone, beside floors and a ceiling.

    python tests/bench/quality.py [--quick] [--keep FOLDER] [--shop NAME]

Real products (../shared/data, not part of the repository): `vitrine import`, `label --fields title` and `train` as a
user runs them, on the products that the label run does not hold out. Scored, in percent with 95 % bootstrap
intervals over products or photos, and as paired differences between house and every other row:

zero-shot   article type top-1/3/5 and base colour top-1/3 of held-out products: label names among the learnt words
probe       the same types by logistic regression on vectors of the train products (learns from clean labels)
P@10        share of the ten nearest held-out products with the query's type, and type and colour; the number
            grows with the gallery, so it is also given among all products of the shop
Luma        another shop, never learnt from: a back or second view must find a first view of its sku and colour
street      people's own photos: share of the ten nearest held-out shop photos of the query's category

untrained   corbiere's network as initialised   histogram  colour on a 4 x 4 grid
corbiere    uniform words, one drawn, the others masked, full softmax (the paper's sampling, a small network)
house       workers/methods/house.py            begun      house as it begins: its colour part is there already
scratch     house from random weights, with the settings that were best there
supervised  learns the clean article type: the ceiling of type
reference   the best that any method of the data's own README reached that learned from titles, column by
            column, on another 2,657 products of the same shop; no one method reached them all
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from flows.learn.train import checkpoint_of
from flows.queries.search import word_layer
from infra.lake import Lake
from tests.bench.scored.columns import DATA, Method, Photos, Shop, scored
from tests.bench.scored.table import show
from workers.contract import registry
from workers.methods.house import SCRATCH, UNFITTED
from workers.text.words import tokens
from workers.training.weights.checkpoint import untrained

TEST_SHARE = 0.384  # 2,682 products, about as many as the references in the data's README have
SMALL = {
    "backbone": "resnet18", "weights": "random", "image_size": 96, "optimiser": "muon", "learning_rate": 0.003,
    "weight_decay": 0.05, "schedule": "cosine", "batch": 64, "frozen_epochs": 0, "epochs": 8,
}  # fmt: skip
CEILING = {"sampling": "photos"}
BEGUN = {"weights": "imagenet"} | UNFITTED


def main() -> None:
    """Train, score, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--quick", action="store_true", help="one epoch each: whether it runs, not how good it is"
    )
    parser.add_argument(
        "--keep", help="folder of the lake; what is trained there already is not trained again"
    )
    parser.add_argument(
        "--shop",
        default="shop",
        help="the shop's name; another name holds other products out (default: shop)",
    )
    asked = parser.parse_args()
    if not (DATA / "shop.parquet").exists():
        print("quality: the shared data (../shared/data) is not here; nothing measured")
        return
    with tempfile.TemporaryDirectory() as scratch:
        measure(Path(asked.keep or scratch), asked.shop, {"epochs": 1} if asked.quick else {})


def measure(folder: Path, name: str, changes: dict[str, Any]) -> None:
    """Everything on one lake of titles and one of clean types."""
    begun = time.monotonic()
    titles, labels = prepared(folder / f"{name}-titles", DATA / "shop.parquet", name)
    shop = Shop(titles, labels)
    house = trained(titles, "house", changes)
    scratch = trained(titles, "house", SCRATCH | changes)
    words = trained(titles, "corbiere", SMALL | {"epochs": 10} | changes)
    clean, _ = prepared(folder / f"{name}-types", typed(folder), name)
    ceiling = trained(clean, "corbiere", SMALL | CEILING | changes)
    print(f"trained in {time.monotonic() - begun:.0f} s; {len(shop.train)} products learnt from")
    methods = {
        "untrained": Method(untrained("corbiere", SMALL, words.checkpoint.labels)),
        "histogram": Method(untrained("histogram")),
        "corbiere": words,
        "begun": Method(untrained("house", BEGUN, house.checkpoint.labels)),
        "scratch": scratch,
        "house": house,
        "supervised": ceiling,
    }
    photos = Photos()
    scores = {key: scored(key, method, shop, photos) for key, method in methods.items()}
    show(scores)
    print(f"all of it: {time.monotonic() - begun:.0f} s")


def prepared(folder: Path, catalogue: Path, shop: str) -> tuple[Lake, str]:
    """A lake with the catalogue imported and labelled by its titles, and the label run."""
    lake = Lake(str(folder))
    if folder.exists() and any(run.flow == "label" for run in lake.runs("run")):
        return lake, lake.newest("label").run_id
    vitrine("import", str(catalogue), "--shop", shop, lake=folder)
    share = ("--test-share", str(TEST_SHARE))
    run: str = vitrine("label", "--fields", "title", *share, lake=folder)["run_id"]
    return lake, run


def typed(folder: Path) -> Path:
    """The catalogue with the clean article type as its title, one word a type."""
    table = pq.read_table(DATA / "shop.parquet")
    names = pa.array(["".join(tokens(name)) for name in table["article_type"].to_pylist()])
    place = folder / "types.parquet"
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(table.set_column(table.schema.get_field_index("title"), "title", names), place)
    return place


def trained(lake: Lake, method: str, settings: dict[str, Any]) -> Method:
    """`vitrine train` with these settings, or the run that has them already."""
    for run in lake.runs("run", newest_first=True):
        same = run.flow == "train" and run.parameters["method"] == method
        if same and run.parameters["config"] == registry.settings_of(method, settings).flat():
            return Method(checkpoint_of(lake, run), word_layer(lake, run))
    options = [part for name, value in settings.items() for part in ("--set", f"{name}={value}")]
    result = vitrine("train", method, *options, "--gpus", "0", lake=lake.root)
    print(f"{method}: {result['seconds']:.0f} s, {result['images_per_second']} img/s", flush=True)
    run = lake.run(result["run_id"])
    return Method(checkpoint_of(lake, run), word_layer(lake, run))


def vitrine(*arguments: str, lake: Any) -> dict[str, Any]:
    """One command as a user gives it; its progress goes to stderr, its result is returned."""
    command = [
        sys.executable,
        "-c",
        "from flows.cli import main; main()",
        *arguments,
        "--lake",
        str(lake),
        "--json",
    ]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    result: dict[str, Any] = json.loads(done.stdout)
    return result


if __name__ == "__main__":
    main()
