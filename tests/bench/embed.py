"""Images per second of the embedding worker beside a bare torch loop over tensors decoded beforehand.

Both in one run, in one process, on one thread: the worker reads Parquet, decodes JPEG and embeds; the
bare loop only embeds. Goal (DESIGN 8): ratio >= 0.90.
"""

import io
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import torch
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from infra.atomic_write import write_atomically
from infra.lake import Lake
from infra.photo_locations import locate
from schemas.ids import image_id
from schemas.image import IMAGES
from schemas.image_ids import ids_of_hex
from schemas.row_slice import table_of_slices
from workers.contract import Batch, LabelSpace
from workers.retrieval.embed import BATCH, Embed
from workers.training.checkpoint import pack, untrained

PHOTOS, ROUNDS = 512, 3
SETTINGS = {"backbone": "resnet18", "weights": "random", "image_size": 112}


def photos() -> list[bytes]:
    """Smooth 224 x 224 JPEGs of about 8 KB, as small shop photos are."""
    random = np.random.default_rng(0)
    found = []
    for _ in range(PHOTOS):
        coarse = Image.fromarray(random.integers(0, 256, (14, 14, 3), np.uint8))
        file = io.BytesIO()
        coarse.resize((224, 224), Image.Resampling.BICUBIC).save(file, "JPEG", quality=88)
        found.append(file.getvalue())
    return found


def main() -> None:
    """Print both rates and their ratio."""
    with tempfile.TemporaryDirectory() as folder:
        lake = Lake(folder)
        run = lake.begin("crawl", "crawl", "bench")
        writer = run.writer(IMAGES)
        for data in photos():
            writer.write(
                {
                    "image_id": image_id(data), "bytes": data, "media_type": "image/jpeg", "declared_type": "",
                    "width": 224, "height": 224, "orientation": 1, "quality": 90,
                    "phash": 0, "thumbnail": bytes(192), "url": "", "product_id": "", "fetched_at": datetime.now(UTC),
                    "robots": {"allowed": True, "noai": False, "noimageai": False},
                }
            )  # fmt: skip
        run.add(IMAGES, writer.close())
        crawl = lake.commit(run, {"shop": "bench"})
        ids = lake.table(crawl, "images", ["image_id"])["image_id"].to_pylist()
        first = untrained("corbiere", SETTINGS, LabelSpace(("word",)))
        path = f"{folder}/{first.sha256}.safetensors"
        packed = pack(first.module, first.settings, first.labels, first.origin)
        write_atomically(lake.filesystem, path, packed)
        worker = Embed(lake.filesystem, path, "corbiere", threads=1)
        slices = table_of_slices(locate(lake, ids_of_hex(ids)))
        pixels = np.random.default_rng(1).integers(0, 256, (PHOTOS, 3, 112, 112), np.uint8)
        ours, bare = [], []
        for _ in range(ROUNDS):
            begun = time.perf_counter()
            assert worker(slices).num_rows == PHOTOS
            ours.append(PHOTOS / (time.perf_counter() - begun))
            begun = time.perf_counter()
            with torch.inference_mode():
                for n in range(0, PHOTOS, BATCH):
                    worker.module.embed(Batch(torch.from_numpy(pixels[n : n + BATCH])))
            bare.append(PHOTOS / (time.perf_counter() - begun))
    print(
        f"embed: {np.median(ours):.1f} images/s, bare loop {np.median(bare):.1f} images/s, n = {ROUNDS} rounds"
    )
    print(f"ratio {np.median(ours) / np.median(bare):.2f} (goal 0.90)")


if __name__ == "__main__":
    main()
