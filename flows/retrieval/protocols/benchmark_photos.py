"""The photos of a label run that imported a published benchmark, and what is true of each."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flows.learn.annotations import annotation_batches
from flows.learn.dataset import photo_sizes
from flows.queries.newest_crawls import labelled_crawls, products
from infra.lake import Lake
from schemas.annotation import LANDMARKS
from schemas.errors import InputError
from schemas.image_ids import ids_of_hex
from schemas.manifest import Manifest
from workers.data.dataset import Dataset
from workers.retrieval.protocols.instance_retrieval import Shown


@dataclass(frozen=True)
class BenchmarkRun:
    """A label run of one benchmark.

    name  deepfashion-c, in-shop, consumer2shop, or one of these behind `mall-`: drawn garments
    data  what was imported, in words
    """

    lake: Lake
    labels: Manifest
    name: str
    data: str

    @classmethod
    def of(cls, lake: Lake, labels: Manifest, wanted: str) -> "BenchmarkRun":
        """Find it behind a label run. Raises InputError where its crawls are not of that benchmark alone."""
        crawls = labelled_crawls(lake, labels)
        held = sorted({str(crawl.result.get("benchmark", "")) for crawl in crawls})
        if held != [wanted]:
            names = ", ".join(name or "shops and catalogues" for name in held)
            raise InputError(labels.run_id, f"was labelled from {names}, not from {wanted} alone")
        return cls(lake, labels, wanted, "; ".join(str(crawl.result["read_as"]) for crawl in crawls))

    @property
    def kind(self) -> str:
        """The protocol, whoever's photos they are."""
        return self.name.removeprefix("mall-")

    def annotations(self, splits: Collection[str]) -> Iterator[dict[str, Any]]:
        """Read the rows of the splits named, as published."""
        for batch in annotation_batches(self.lake, self.labels):
            yield from (row for row in batch.to_pylist() if row["split"] in splits)

    def names(self) -> tuple[list[str], list[str]]:
        """Every category and every attribute that stands with a photo of any split, sorted."""
        categories, attributes = set[str](), set[str]()
        for batch in annotation_batches(self.lake, self.labels):
            categories.update(batch["category"].unique().to_pylist())
            attributes.update(batch["attributes"].flatten().unique().to_pylist())
        return sorted(categories - {""}), sorted(attributes)

    def shown(self, splits: Collection[str]) -> list[Shown]:
        """The photos of a retrieval benchmark; queries are told apart by the outermost folder of their item."""
        kinds = {
            row["product_id"]: (row["categories"] or [""])[0]
            for row in products(self.lake, labelled_crawls(self.lake, self.labels), ["categories"])
        }
        return [
            Shown(
                row["image_id"],
                row["product_id"],
                row["split"],
                row["domain"],
                kinds.get(row["product_id"], ""),
            )
            for row in self.annotations(splits)
        ]


@dataclass(frozen=True)
class Truth:
    """What is true of N photos, a row each; photos that two products show are two rows.

    images      (N) image ids
    groups      (N) what each belongs to when photos are resampled: its folder, which shows one garment or few
    category    (N,) place in `categories`; -1: not known
    attributes  (N, A) bool, of `names`
    landmarks   (N, 8, 3) x, y in shares of the photo, and 1 visible, 0 covered, -1 not there
    boxes       (N, 4) in shares of the photo; nan: none
    sizes       (N, 2) width and height in px, upright
    """

    images: list[str]
    groups: list[str]
    categories: list[str]
    names: list[str]
    category: NDArray[np.int64]
    attributes: NDArray[np.bool_]
    landmarks: NDArray[np.float64]
    boxes: NDArray[np.float64]
    sizes: NDArray[np.int32]

    @classmethod
    def of(cls, run: BenchmarkRun, splits: Collection[str], most: int = 0) -> "Truth":
        """Read the photos of some splits.

        most  this many at most, those of the smallest ids, which is a sample that is the same every time; 0: all
        Raises InputError where there is none.
        """
        rows = list(run.annotations(splits))
        if not rows:
            raise InputError(run.labels.run_id, f"has no photo of the split {' or '.join(splits)}")
        if most and len(rows) > most:
            rows = sorted(rows, key=lambda row: row["image_id"])[:most]
        categories, names = run.names()
        place = {name: n for n, name in enumerate(names)}
        category = {name: n for n, name in enumerate(categories)} | {"": -1}
        hot = np.zeros((len(rows), len(names)), bool)
        for n, row in enumerate(rows):
            hot[n, [place[name] for name in row["attributes"]]] = True
        images = [row["image_id"] for row in rows]
        ids = ids_of_hex(images)
        distinct, number = np.unique(ids, return_inverse=True)
        sizes = photo_sizes(run.lake, Dataset(distinct, {}))[number]
        return cls(
            images,
            [_garment(row["product_id"]) for row in rows],
            categories,
            names,
            np.array([category[row["category"]] for row in rows], np.int64),
            hot,
            np.stack([_landmarks(row["landmarks"]) for row in rows]),
            np.array([_box(row["box"]) for row in rows]),
            sizes,
        )

    def __len__(self) -> int:
        return len(self.images)


def _garment(product: str) -> str:
    """The folder of a photo that is a product of its own; any other product itself."""
    return product.rpartition("/")[0] or product


def _landmarks(points: list[dict[str, Any]]) -> NDArray[np.float64]:
    places = np.zeros((len(LANDMARKS), 3))
    places[:, 2] = -1
    for point in points:
        if point["name"] in LANDMARKS:
            places[LANDMARKS.index(point["name"])] = point["x"], point["y"], float(point["visible"])
    return places


def _box(box: dict[str, float] | None) -> list[float]:
    return [float("nan")] * 4 if box is None else [box[side] for side in ("left", "top", "right", "bottom")]
