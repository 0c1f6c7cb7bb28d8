"""The same network as others run it: Ray Data's example of batch inference, and a torch DataLoader.

Both as their documentation has them: Pillow, torchvision's transforms, float32, the network as it was trained. Photos
before the first batch, and what it took to start, do not count.
"""

import io
import time
from typing import Any

import numpy as np
import pyarrow.fs as pafs
import torch
from PIL import Image
from torch.utils.data import DataLoader, Dataset
from torchvision.transforms import v2

from workers.contract import Batch
from workers.training.weights.checkpoint import load

BATCH = 64


def transforms(size: int) -> Any:
    """Resize and normalise are what the network does itself; here it is float in 0..1."""
    return v2.Compose([v2.PILToTensor(), v2.Resize((size, size)), v2.ToDtype(torch.float32, scale=True)])


def opened(data: bytes) -> Image.Image:
    """As every example has it."""
    return Image.open(io.BytesIO(data)).convert("RGB")


class Predictor:
    """The class of Ray Data's example."""

    def __init__(self, checkpoint: str) -> None:
        self.module = load(pafs.LocalFileSystem(), checkpoint).module.eval()

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        """Vectors of a batch."""
        with torch.inference_mode():
            images = torch.as_tensor(np.stack(batch["image"]))
            return {"vector": self.module.embed(Batch(images)).numpy()}


def ray_data_rate(paths: list[str], checkpoint: str, size: int, cores: int) -> float:
    """Photos per second of ray.data: read_parquet, map, map_batches with a class."""
    import ray.data

    transform = transforms(size)

    def preprocess(row: dict[str, Any]) -> dict[str, Any]:
        return {"image": transform(opened(row["bytes"])).numpy()}

    made = (
        ray.data.read_parquet(paths, columns=["bytes"], override_num_blocks=4 * cores)
        .map(preprocess)
        .map_batches(
            Predictor,
            fn_constructor_kwargs={"checkpoint": checkpoint},
            batch_size=BATCH,
            num_cpus=1,
            compute=ray.data.ActorPoolStrategy(size=cores),
        )
    )
    return _after_the_first(len(batch["vector"]) for batch in made.iter_batches(batch_size=None))


class Photos(Dataset[Any]):
    """Bytes in memory, opened and transformed by the loader's workers."""

    def __init__(self, photos: list[bytes], size: int) -> None:
        self.photos, self.transform = photos, transforms(size)

    def __len__(self) -> int:
        return len(self.photos)

    def __getitem__(self, number: int) -> Any:
        return self.transform(opened(self.photos[number]))


def data_loader_rate(photos: list[bytes], checkpoint: str, size: int, cores: int) -> float:
    """Photos per second of a DataLoader with a worker a core, and the network in this process with all threads."""
    module = load(pafs.LocalFileSystem(), checkpoint).module.eval()
    before = torch.get_num_threads()
    torch.set_num_threads(cores)
    loader = DataLoader(Photos(photos, size), BATCH, num_workers=cores, multiprocessing_context="spawn")
    try:
        with torch.inference_mode():
            return _after_the_first(len(module.embed(Batch(images))) for images in loader)
    finally:
        torch.set_num_threads(before)


def _after_the_first(counts: Any) -> float:
    counts = iter(counts)
    next(counts)
    begun = time.perf_counter()
    photos = sum(counts)
    return float(photos / (time.perf_counter() - begun))
