"""Photos of which everything is known that a method may read, and the tests' methods beside the real ones."""

from pathlib import Path

import numpy as np

from schemas.image_ids import ID
from workers import methods
from workers.contract import LabelSpace, registry
from workers.data.columns import Csr
from workers.data.dataset import Dataset

METHODS = Path(__file__).with_name("vitrine_methods")
if str(METHODS) not in methods.__path__:
    methods.__path__.append(str(METHODS))

LABELS = LabelSpace(
    words=tuple(f"word {n}" for n in range(7)),
    categories=("dress", "shirt"),
    attributes=("pattern: dotted", "pattern: plain", "pattern: striped"),
    landmarks=("left hem", "neck", "right hem"),
)
_SMALL = {
    "backbone": "resnet18", "weights": "random", "image_size": 32, "photo_size": 40, "batch": 8, "epochs": 1,
    "frozen_epochs": 1, "schedule": "cosine", "learning_rate": 0.001, "width": 0.0625,
}  # fmt: skip


def small(name: str, **changes: object) -> registry.Settings:
    """The method's settings, those of the tests' own as they are, the others as small as they go."""
    settings = registry.settings_of(name)
    wanted = {} if name.startswith("tiny_") else _SMALL
    return registry.settings_of(
        name, {key: value for key, value in (wanted | changes).items() if key in settings.flat()}
    )


def photos(count: int, seed: int = 0) -> Dataset:
    """`count` photos, two of each product: one of the shop's and one of a street's."""
    random = np.random.default_rng(seed)
    ids = np.sort(np.frombuffer(random.bytes(32 * count), ID))
    landmarks = np.concatenate(
        [random.uniform(-1, 1, (count, 3, 2)), random.integers(-1, 2, (count, 3, 1))], 2
    )
    low, high = np.sort(random.uniform(-1, 1, (2, count, 2)), 0)
    columns = {
        "words": _some(random, count, len(LABELS.words)),
        "category": random.integers(-1, len(LABELS.categories), count),
        "attributes": _some(random, count, len(LABELS.attributes)),
        "landmarks": landmarks.astype(np.float32),
        "box": np.concatenate([low, high], 1).astype(np.float32),
        "domain": np.arange(count) % 2,
        "product": np.arange(count) // 2,
    }
    return Dataset(ids, columns)


def pixels(count: int, size: int, seed: int = 0) -> np.ndarray:
    """(N, 3, S, S) noise."""
    return np.random.default_rng(seed).integers(0, 256, (count, 3, size, size), np.uint8)


def _some(random: np.random.Generator, count: int, width: int) -> Csr:
    chosen = [np.sort(random.choice(width, random.integers(1, 3), replace=False)) for _ in range(count)]
    return Csr.of(chosen, width)
