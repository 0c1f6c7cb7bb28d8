"""Products drawn as coloured squares, each photographed by its shop and by a customer, who stands elsewhere."""

from typing import Any

import numpy as np
import torch

from schemas.image_ids import ID
from workers.contract import LabelSpace, Method, Training
from workers.data.columns import Csr
from workers.data.dataloader import BatchLoader
from workers.data.dataset import Dataset
from workers.training.steps.train_step import TrainStep
from workers.training.train_loop import Progress, TrainLoop

COLOURS = ("black", "blue", "green", "red", "white", "yellow")
LABELS = LabelSpace(
    attributes=tuple(f"{place}: {colour}" for place in ("skirt", "top") for colour in COLOURS)
)
_RGB = np.array(
    [[20, 20, 20], [40, 60, 230], [30, 200, 40], [220, 30, 30], [240, 240, 240], [230, 220, 50]], np.uint8
)
CPU = torch.device("cpu")


def drawn(products: int, size: int, seed: int, unknown: float = 0.0) -> tuple[np.ndarray, Dataset]:
    """Two photos of each product, the shop's first: pixels (2 P, 3, S, S), and attributes, domain and product.

    A product is the colour of its upper and of its lower half. Customers' photos are darker, bluish, and moved.
    unknown  share of attributes that are not told
    """
    random = np.random.default_rng(seed)
    kinds = random.permutation(len(COLOURS) ** 2)[np.arange(products) % len(COLOURS) ** 2]
    top, skirt = kinds // len(COLOURS), kinds % len(COLOURS)
    pixels = np.empty((2 * products, 3, size, size), np.uint8)
    known = []
    for n in range(2 * products):
        photo = random.integers(100, 150, (3, size, size)).astype(np.float64)
        down, right = random.integers(0, size // 4, 2) if n % 2 else (size // 8, size // 8)
        half, width = 3 * size // 8, 3 * size // 4
        photo[:, down : down + half, right : right + width] = _RGB[top[n // 2]][:, None, None]
        photo[:, down + half : down + 2 * half, right : right + width] = _RGB[skirt[n // 2]][:, None, None]
        if n % 2:
            photo = 0.6 * photo + np.array([0, 10, 50])[:, None, None]
        pixels[n] = np.clip(photo + random.normal(0, 6, photo.shape), 0, 255).astype(np.uint8)
        ids = np.array([skirt[n // 2], len(COLOURS) + top[n // 2]])
        known.append(ids[random.random(2) >= unknown])
    columns = {
        "attributes": Csr.of(known, 2 * len(COLOURS)),
        "domain": np.arange(2 * products) % 2,
        "product": np.arange(2 * products) // 2 + 2**60,
    }
    return pixels, Dataset(np.sort(np.frombuffer(random.bytes(64 * products), ID)), columns)


def trained(method: Method, training: Training, pixels: np.ndarray, dataset: Dataset) -> Progress:
    """Train as a worker does, on these photos, judged on none."""
    learnt = dataset.select(method.reads)
    nothing = learnt.take(np.empty(0, np.int64))
    return TrainLoop(
        TrainStep(method, training, CPU),
        BatchLoader(pixels, learnt, training.batch, training.seed, method=method),
        BatchLoader(pixels[:0], nothing, training.batch, training.seed),
        pack=bytes,
        save_checkpoint=lambda progress: None,
        on_progress=lambda event: None,
    ).run()


def found_first(scores: torch.Tensor) -> float:
    """Share of queries (Q, G) whose own gallery photo, at the query's place, scores above all others."""
    own = scores.diagonal()[:, None]
    return float(((scores >= own).sum(1) == 1).float().mean())


def losses_by_term(progress: Progress) -> list[dict[str, Any]]:
    """Of each epoch the loss of each term."""
    return [{term["name"]: term["loss"] for term in row["terms"]} for row in progress.history]
