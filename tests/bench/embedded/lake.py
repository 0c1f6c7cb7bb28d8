"""Lakes to embed: photos of a Parquet file, or drawn ones, under as many ids as are asked for, and an untrained model.

Bytes behind a JPEG's end change its id and neither its size nor its decoding.
"""

import io
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from infra.atomic_write import write_atomically
from infra.lake import Lake
from schemas.ids import image_id
from schemas.image import IMAGES
from schemas.label import LABELS
from schemas.manifest import Part
from workers.contract import LabelSpace
from workers.training.weights.checkpoint import pack, untrained

SHARED = Path(__file__).resolve().parents[4] / "shared/data"
STEP = 2_000  # photos stored at a time


def pictures(name: str, most: int) -> list[bytes]:
    """Different JPEGs of shared/data/<name>.parquet; where that is not to be had, drawn ones of its sizes."""
    for folder in (SHARED, Path.cwd().parent / "shared/data"):
        if (file := folder / f"{name}.parquet").exists():
            column = next(pq.ParquetFile(file).iter_batches(most, columns=["image"]))["image"].to_pylist()
            return list(
                dict.fromkeys(value["bytes"] if isinstance(value, dict) else value for value in column)
            )
    print(f"{name}.parquet is not here: drawn photos of its size")
    return drawn(min(most, 200), {"shop": (224, 224), "hires": (1080, 1440)}[name])


def drawn(count: int, size: tuple[int, int]) -> list[bytes]:
    """Smooth JPEGs."""
    random = np.random.default_rng(0)
    found = []
    for _ in range(count):
        coarse = Image.fromarray(random.integers(0, 256, (14, 14, 3), np.uint8))
        file = io.BytesIO()
        coarse.resize(size, Image.Resampling.BICUBIC).save(file, "JPEG", quality=88)
        found.append(file.getvalue())
    return found


def photos(pictures: list[bytes], count: int) -> Iterator[bytes]:
    """So many photos, each with an id of its own."""
    for n in range(count):
        again, which = divmod(n, len(pictures))
        yield pictures[which] + (again.to_bytes(4, "big") if again else b"")


def stocked(folder: str, pictures: list[bytes], count: int) -> Lake:
    """A lake with a crawl of so many photos, and a label run that wants them all."""
    lake = Lake(folder)
    crawl, labels = lake.begin("crawl", "crawl", "bench"), lake.begin("run", "label", "bench")
    images, wanted = crawl.writer(IMAGES), labels.writer(LABELS)
    some: list[bytes] = []
    for data in photos(pictures, count):
        some.append(data)
        if len(some) == STEP:
            _store(images, wanted, some)
            some = []
    if some:
        _store(images, wanted, some)
    crawl.add(IMAGES, images.close())
    labels.add(LABELS, wanted.close())
    lake.commit(crawl, {"shop": "bench"})
    lake.commit(labels, {})
    return lake


def _store(images: object, wanted: object, some: list[bytes]) -> None:
    ids = [image_id(data) for data in some]
    usual = {
        "media_type": "image/jpeg", "declared_type": "", "width": 1, "height": 1, "orientation": 1, "quality": 88,
        "phash": 0, "thumbnail": bytes(192), "url": "", "product_id": "", "fetched_at": datetime.now(UTC),
        "robots": {"allowed": True, "noai": False, "noimageai": False},
    }  # fmt: skip
    many = pa.Table.from_pylist([usual], pa.schema([IMAGES.field(name) for name in usual]))
    many = many.take(pa.array(np.zeros(len(some), np.int64)))
    images.write_table(many.append_column("image_id", pa.array(ids)).append_column("bytes", pa.array(some)))  # type: ignore[attr-defined]
    wanted.write_table(  # type: ignore[attr-defined]
        pa.table(
            {
                "product_id": ids, "image_id": ids, "words": pa.array([[]] * len(ids), LABELS.field("words").type),
                "split": ["gallery"] * len(ids), "group": np.arange(len(ids)),
            }
        )
    )  # fmt: skip


def untrained_model(lake: Lake, method: str, settings: Mapping[str, object]) -> str:
    """Commit a train run of a method as its seed makes it; returns the path of its checkpoint."""
    first = untrained(method, settings, LabelSpace(("word",)))
    run = lake.begin("run", "train", method)
    name = f"checkpoints/{first.sha256}.safetensors"
    packed = pack(first.module, first.settings, first.labels, first.origin)
    write_atomically(lake.filesystem, f"{run.folder}/{name}", packed)
    run.files["checkpoints"] = [Part(name, 0, len(packed), first.sha256)]
    lake.commit(run, {"method": method, "images": 1})
    return f"{run.folder}/{name}"
