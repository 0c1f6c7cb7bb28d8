"""Photos of garments that the mall drew, what it knows of them, and methods that learn from both as trainings do."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import torch
from numpy.typing import NDArray
from torch import Tensor

from infra.mall.catalogue import draw_catalogue
from schemas.ids import image_id
from schemas.image_ids import ids_of_hex
from schemas.label import ANNOTATIONS
from workers.contract import Batch, KnowsFrequencies, LabelSpace, Method, Predicts, registry
from workers.data.annotations import PHOTO_SIZE, annotated, annotation_names, placed_in_square
from workers.data.dataloader import BatchLoader
from workers.data.dataset import Dataset
from workers.data.decode import decode
from workers.training.loaders import frequencies_of
from workers.training.steps.train_step import TrainStep
from workers.training.train_loop import Progress, TrainLoop

READS = ("category", "attributes", "landmarks", "product")
SIZE = (60, 80)  # px, as they are drawn


def drawn_garments(products: int, seed: int, side: int) -> tuple[NDArray[np.uint8], Dataset, LabelSpace]:
    """The shop's photos of garments as squares (N, 3, side, side), what is known of each, and the names there are."""
    catalogue = draw_catalogue(products, seed, size=SIZE)
    rows, pixels = [], {}
    for number, item in enumerate(catalogue.items):
        for photo in item.photos:
            known = catalogue.annotation(item, photo)
            if photo.view not in ("front", "back", "flat") or not known.landmarks:
                continue
            data = catalogue.photo(item, photo)
            name = image_id(data)
            pixels[name] = decode(name, data, side)
            rows.append({"image_id": name, "product_id": str(number)} | known.facts())
    ids = np.unique(ids_of_hex(sorted(pixels)))
    product = {row["image_id"]: int(row["product_id"]) for row in rows}
    table = pa.Table.from_pylist(rows, ANNOTATIONS).to_batches()
    dataset = Dataset(ids, {"product": np.array([product[name] for name in sorted(pixels)])})
    labels = annotation_names(table, dataset, (), READS)
    sizes = np.tile(np.array(SIZE, np.int32), (len(ids), 1))
    dataset = annotated(dataset, table, labels, READS).with_columns({PHOTO_SIZE: sizes})
    return np.stack([pixels[name] for name in sorted(pixels)]), placed_in_square(dataset, side), labels


@dataclass(frozen=True)
class Learnt:
    """A method that learnt from drawn garments, and how far off its landmarks are on others.

    history         rows of it, without a clock
    first_error     of the method before its first step
    landmark_error  afterwards
    error_of_mean   of the mean place of each landmark in the photos that it learnt from
    """

    history: list[dict[str, Any]]
    first_error: float
    landmark_error: float
    error_of_mean: float


def learn(name: str, changes: dict[str, Any], products: int = 100, side: int = 64) -> Learnt:
    """Train a method through the training loop, and judge it on products of another catalogue."""
    photos, known, labels = drawn_garments(products, 1, side * 9 // 8)
    others, true_of_others, _ = drawn_garments(30, 2, side)
    size = {"weights": "random", "image_size": side, "photo_size": side * 9 // 8}
    settings = registry.settings_of(name, size | changes)
    assert settings.training is not None
    method = registry.build(settings, labels)
    if isinstance(method, KnowsFrequencies):
        counts = frequencies_of(known, method)
        method.count({kind: torch.from_numpy(count) for kind, count in counts.items()}, len(known))
    batch, true = settings.training.batch, torch.from_numpy(true_of_others.dense("landmarks"))
    step = TrainStep(method, settings.training, torch.device("cpu"))
    train = BatchLoader(photos, known.select(method.reads), batch, method=method)  # type: ignore[arg-type]
    held_out = BatchLoader(others, true_of_others.select(method.reads), batch)
    first = landmark_error(_told(method, others), true)
    progress = TrainLoop(
        step, train, held_out, bytes, lambda now: None, lambda event: None, 1e9, Progress()
    ).run()
    places = torch.from_numpy(known.dense("landmarks"))
    seen = places[:, :, 2:] == 1
    mean = (places * seen).sum(0) / seen.sum(0)
    return Learnt(
        progress.history,
        first,
        landmark_error(_told(method, others), true),
        landmark_error(mean.expand_as(true), true),
    )


def landmark_error(told: Tensor, true: Tensor) -> float:
    """Distance in shares of the picture's side, mean over the photos that show a landmark, then over landmarks."""
    apart = (told[:, :, :2] - true[:, :, :2]).norm(dim=2) / 2
    seen = true[:, :, 2] == 1
    return float(((apart * seen).sum(0) / seen.sum(0)).mean())


def _told(method: Method, photos: NDArray[np.uint8]) -> Tensor:
    assert isinstance(method, Predicts)
    method.eval()
    with torch.no_grad():
        return method.predict(Batch(torch.from_numpy(photos)))["landmarks"]
