"""Every column of one method: names, neighbours, another shop's items, people's own photos."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch
from numpy.typing import NDArray

from flows.queries.search import WordLayer
from infra.lake import Lake
from workers.data.decode import decode
from workers.device import bfloat16_pays
from workers.retrieval.nearest import pessimistic_ranks
from workers.retrieval.probe import fit_probe
from workers.retrieval.score import found_at, label_found_at, precision_at
from workers.retrieval.zero_shot import label_scores, read_labels, read_synonyms
from workers.text.words import tokens
from workers.training.photo_vectors import photo_vectors
from workers.training.weights.checkpoint import Checkpoint

CPU = torch.device("cpu")
DATA = Path(__file__).resolve().parents[4] / "shared" / "data"
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

    def embedded(self, checkpoint: Checkpoint, name: str) -> Vectors:
        """(N, D)"""
        method = checkpoint.module
        return photo_vectors(method, self.pixels(name, method.image_size), CPU, bfloat16_pays(CPU))


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
