"""How well photos are found after learning from titles alone, beside floors and a ceiling.

    python tests/bench/quality.py [--quick] [--keep FOLDER]

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
house       workers/methods/house.py            begun      house as initialised: its colour part is there already
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
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from flows.search import WordLayer, word_layer
from flows.train import checkpoint_of
from infra.lake import Lake
from workers.checkpoint import Checkpoint, untrained
from workers.decode import decode
from workers.method import config_of
from workers.nearest import pessimistic_ranks
from workers.probe import fit_probe
from workers.score import difference, found_at, interval, label_found_at, precision_at
from workers.words import tokens
from workers.zero_shot import label_scores, read_labels, read_synonyms

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
TEST_SHARE = (
    0.384  # the 2,682 held-out products are about as many as the references in the data's README have
)
SMALL = {
    "backbone": "resnet18", "weights": "random", "image_size": 96, "optimiser": "muon", "learning_rate": 0.003,
    "weight_decay": 0.05, "schedule": "cosine", "batch": 64, "frozen_epochs": 0, "epochs": 8,
}  # fmt: skip
CEILING = {"sampling": "photos"}
STREET = {  # categories of the street photos -> article types of the shop
    "dress": ["Dresses"],
    "hat": ["Caps", "Hat"],
    "longsleeve": ["Sweatshirts", "Sweaters", "Tshirts", "Tops"],
    "outwear": ["Jackets", "Waistcoat"],
    "pants": ["Jeans", "Trousers", "Track Pants", "Lounge Pants", "Leggings", "Churidar"],
    "shirt": ["Shirts"],
    "shoes": ["Casual Shoes", "Sports Shoes", "Formal Shoes", "Heels", "Flats", "Sandals", "Flip Flops"],
    "shorts": ["Shorts", "Lounge Shorts"],
    "skirt": ["Skirts"],
    "t-shirt": ["Tshirts"],
}

REFERENCE = {  # percent
    "zero-shot type top-1": 68.6, "zero-shot type top-3": 90.1, "zero-shot type top-5": 94.1,
    "zero-shot colour top-1": 59.5, "zero-shot colour top-3": 84.5,
    "P@10 same type": 68.0, "P@10 same type+colour": 29.5,
    "Luma R@1": 35.7, "Luma R@10": 66.8, "Luma R@20": 77.3,
}  # fmt: skip

Vectors = NDArray[np.float32]
Column = tuple[NDArray[np.float64], list[str]]  # a value per query, and what the queries belong to


class Method(NamedTuple):
    """What is scored: a checkpoint, and its words where it learnt some."""

    checkpoint: Checkpoint
    words: WordLayer | None = None


class Shop:
    """The shop's products in the order of its file, with the side each was put on."""

    def __init__(self, lake: Lake, labels: str) -> None:
        table = pq.read_table(DATA / "shop.parquet", columns=["product_id", "article_type", "base_colour"])
        rows = lake.table(lake.run(labels), "labels", ["product_id", "split", "group"]).to_pylist()
        side = {row["product_id"].partition(":")[2]: row for row in rows}
        self.keys = table["product_id"].to_pylist()
        self.types = np.array(table["article_type"].to_pylist())
        self.colours = np.array(table["base_colour"].to_pylist())
        self.groups = np.array([side[key]["group"] for key in self.keys])
        train = np.array([side[key]["split"] == "train" for key in self.keys])
        self.train, self.test = np.flatnonzero(train), np.flatnonzero(~train)


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
    asked = parser.parse_args()
    if not (DATA / "shop.parquet").exists():
        print("quality: the shared data (../shared/data) is not here; nothing measured")
        return
    with tempfile.TemporaryDirectory() as scratch:
        measure(Path(asked.keep or scratch), {"epochs": 1} if asked.quick else {})


def measure(folder: Path, changes: dict[str, Any]) -> None:
    """Everything on one lake of titles and one of clean types."""
    begun = time.monotonic()
    titles, labels = prepared(folder / "titles", DATA / "shop.parquet")
    shop = Shop(titles, labels)
    house = trained(titles, "house", {"weights": "random"} | changes)
    words = trained(titles, "corbiere", SMALL | {"epochs": 10} | changes)
    clean, _ = prepared(folder / "types", typed(folder))
    ceiling = trained(clean, "corbiere", SMALL | CEILING | changes)
    print(f"trained in {time.monotonic() - begun:.0f} s; {len(shop.train)} products learnt from")
    methods = {
        "untrained": Method(untrained("corbiere", SMALL, words.checkpoint.words)),
        "histogram": Method(untrained("histogram")),
        "corbiere": words,
        "begun": Method(untrained("house", {"weights": "random"}, house.checkpoint.words)),
        "house": house,
        "supervised": ceiling,
    }
    photos = Photos()
    scores = {name: scored(name, method, shop, photos) for name, method in methods.items()}
    show(scores)
    print(f"all of it: {time.monotonic() - begun:.0f} s")


def prepared(folder: Path, catalogue: Path) -> tuple[Lake, str]:
    """A lake with the catalogue imported and labelled by its titles, and the label run."""
    lake = Lake(str(folder))
    if folder.exists() and any(run.flow == "label" for run in lake.runs("run")):
        return lake, lake.newest("label").run_id
    vitrine("import", str(catalogue), "--shop", "shop", lake=folder)
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
        if same and run.parameters["config"] == asdict(config_of(method, settings)):
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


class Photos:
    """The photos of the data's files, decoded once for each size that a method asks for."""

    def __init__(self) -> None:
        self.decoded: dict[tuple[str, int], NDArray[np.uint8]] = {}

    def pixels(self, name: str, size: int) -> NDArray[np.uint8]:
        """(N, 3, size, size)"""
        if (name, size) not in self.decoded:
            photos = pq.read_table(DATA / f"{name}.parquet", columns=["image"])["image"].to_pylist()
            with ThreadPoolExecutor(2) as threads:
                pixels = threads.map(lambda data: decode("", data, size), photos)
                self.decoded[name, size] = np.stack(list(pixels))
        return self.decoded[name, size]

    @torch.inference_mode()
    def embedded(self, checkpoint: Checkpoint, name: str) -> Vectors:
        """(N, D)"""
        pixels, parts = torch.from_numpy(self.pixels(name, int(checkpoint.config.image_size))), []
        for first in range(0, len(pixels), 128):
            with torch.autocast("cpu", torch.bfloat16, enabled=torch.cpu._is_avx512_bf16_supported()):
                parts.append(checkpoint.module.embed(pixels[first : first + 128]).float().numpy())  # type: ignore[operator]
        return np.concatenate(parts)


def scored(name: str, method: Method, shop: Shop, photos: Photos) -> dict[str, Column]:
    """Every column of one method."""
    luma = pq.read_table(DATA / "luma.parquet", columns=["sku", "colour", "view"])
    street = pq.read_table(DATA / "street.parquet", columns=["category", "image_id"])
    vectors = photos.embedded(method.checkpoint, "shop")
    found = dict(named(name, method.words, vectors, shop))
    found |= dict(neighbours(vectors, shop))
    found |= dict(items(photos.embedded(method.checkpoint, "luma"), luma))
    categories = street["category"].to_pylist()
    near = nearest(photos.embedded(method.checkpoint, "street"), vectors[shop.test])
    right = [
        np.isin(shop.types[shop.test][row], STREET[kind]).mean()
        for row, kind in zip(near, categories, strict=True)
    ]
    found["street category P@10"] = (np.array(right), street["image_id"].to_pylist())
    return found


def named(name: str, words: WordLayer | None, vectors: Vectors, shop: Shop) -> Iterator[tuple[str, Column]]:
    """Zero-shot names, and the probe."""
    asked, keys = vectors[shop.test], [shop.keys[n] for n in shop.test]
    for title, values, ks in (("type", shop.types, (1, 3, 5)), ("colour", shop.colours, (1, 3))):
        labels = sorted({value for value in values if value})
        truth = np.array([labels.index(value) for value in values[shop.test]])
        if words is not None and not (name == "supervised" and title == "colour"):
            plain = labels if name != "supervised" else ["".join(tokens(label)) for label in labels]
            read = read_labels(plain, words.ids, words.vectors, read_synonyms(), words.offsets)
            scores = label_scores(asked, read)
            for k in ks:
                yield f"zero-shot {title} top-{k}", (label_found_at(k, scores, truth), keys)
        probe = fit_probe(vectors[shop.train], list(values[shop.train]), list(shop.groups[shop.train]))
        yield f"probe {title} top-1", (label_found_at(1, probe.scores(asked, labels), truth), keys)


def neighbours(vectors: Vectors, shop: Shop) -> Iterator[tuple[str, Column]]:
    """P@10 of the held-out products among themselves, and among all."""
    keys = [shop.keys[n] for n in shop.test]
    pairs = np.array([f"{a}|{b}" for a, b in zip(shop.types, shop.colours, strict=True)])
    for where, gallery in (("", shop.test), (" (all products)", np.arange(len(vectors)))):
        near = gallery[nearest(vectors[shop.test], vectors[gallery], shop.test[:, None] == gallery[None])]
        for title, values in (("type", shop.types), ("type+colour", pairs)):
            hits = [list(values[row]) for row in near]
            yield f"P@10 same {title}{where}", (precision_at(10, hits, list(values[shop.test])), keys)


def items(vectors: Vectors, luma: pa.Table) -> Iterator[tuple[str, Column]]:
    """Back and second views against first views of the same sku and colour."""
    own = np.array(
        [f"{a}|{b}" for a, b in zip(luma["sku"].to_pylist(), luma["colour"].to_pylist(), strict=True)]
    )
    view = np.array(luma["view"].to_pylist())
    asked, gallery = np.isin(view, ["back", "alt1"]), np.isin(view, ["main", "0"])
    right = [np.flatnonzero(own[gallery] == item) for item in own[asked]]
    ranks = pessimistic_ranks(vectors[asked] @ vectors[gallery].T, right)
    for k in (1, 10, 20):
        yield f"Luma R@{k}", (found_at(k, ranks), list(own[asked]))


def nearest(queries: Vectors, gallery: Vectors, itself: NDArray[np.bool_] | None = None) -> NDArray[np.int64]:
    """(Q, 10) rows of the gallery, best first, without the query itself."""
    similar = queries @ gallery.T
    if itself is not None:
        similar[itself] = -np.inf
    return np.argsort(-similar, axis=1, kind="stable")[:, :10]


def show(scores: dict[str, dict[str, Column]]) -> None:
    """One line a column, one column a method; then how much house is better, paired."""
    names = list(scores)
    columns = list(dict.fromkeys(column for found in scores.values() for column in found))
    heads = "".join(f"{name:>16}" for name in names)
    print(f"\n{'percent, half the 95 % interval':36}{heads}{'reference':>11}{'n':>7}")
    for column in columns:
        cells, n = [], 0
        for name in names:
            if column not in scores[name]:
                cells.append(f"{'-':>16}")
                continue
            values, clusters = scores[name][column]
            low, high = interval(values, clusters)
            cells.append(f"{100 * values.mean():10.1f} +-{50 * (high - low):4.1f}")
            n = len(values)
        print(f"{column:36}{''.join(cells)}{REFERENCE.get(column, '-'):>11}{n:7}")
    others = [name for name in names if name != "house"]
    heads = "".join(f"{name:>22}" for name in others)
    print(f"\n{'house better by, 95 % interval':36}{heads}{'reference':>22}")
    for column in columns:
        if column in scores["house"]:
            values, clusters = scores["house"][column]
            cells = [_better(values, clusters, scores[name].get(column)) for name in others]
            if column in REFERENCE:  # no query of theirs is known, so the interval is house's own
                low, high = interval(values, clusters)
                floor = REFERENCE[column]
                cells.append(_signed(100 * values.mean() - floor, 100 * low - floor, 100 * high - floor))
            print(f"{column:36}{''.join(cells)}")


def _better(values: NDArray[np.float64], clusters: list[str], other: Column | None) -> str:
    if other is None:
        return f"{'-':>22}"
    better, low, high = difference(values, other[0], clusters)
    return _signed(100 * better, 100 * low, 100 * high)


def _signed(better: float, low: float, high: float) -> str:
    return f"{better:+8.1f} ({low:+.1f}..{high:+.1f})".rjust(22)


if __name__ == "__main__":
    main()
