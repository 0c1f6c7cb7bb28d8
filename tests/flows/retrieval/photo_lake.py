"""A lake of photos that are labelled: what an embedding needs, without a crawl."""

import io
from collections.abc import Sequence
from datetime import UTC, datetime

from PIL import Image

from infra.lake import Lake
from schemas.ids import image_id
from schemas.image import IMAGES
from schemas.label import LABELS

SPLITS = ("train", "query", "gallery")


def photo(red: int, green: int, blue: int) -> bytes:
    """A photo of one colour, as PNG: its pixels are what was put in."""
    file = io.BytesIO()
    Image.new("RGB", (20, 20), (red, green, blue)).save(file, "PNG")
    return file.getvalue()


def stored(lake: Lake, photos: Sequence[bytes], group_rows: int = 500) -> list[str]:
    """Commit a crawl of these photos and a label run of them; returns their ids, in order."""
    ids = [image_id(data) for data in photos]
    crawl = lake.begin("crawl", "crawl", "photos")
    writer = crawl.writer(IMAGES, part_rows=group_rows)
    for n, (name, data) in enumerate(zip(ids, photos, strict=True)):
        writer.write(
            {
                "image_id": name, "bytes": data, "media_type": "image/png", "declared_type": "", "width": 20,
                "height": 20, "orientation": 1, "quality": 100, "phash": n, "thumbnail": bytes(192), "url": "",
                "product_id": f"s:{n}", "fetched_at": datetime.now(UTC),
                "robots": {"allowed": True, "noai": False, "noimageai": False},
            }
        )  # fmt: skip
        if n % group_rows == group_rows - 1:
            writer.flush()
    crawl.add(IMAGES, writer.close())
    crawl_id = lake.commit(crawl, {"shop": "s"}).run_id
    labels = lake.begin("run", "label", "photos", parents=[crawl_id])
    writer = labels.writer(LABELS)
    for n, name in enumerate(ids):
        writer.write(
            {"product_id": f"s:{n}", "image_id": name, "words": [], "split": SPLITS[n % 3], "group": n}
        )
    labels.add(LABELS, writer.close())
    lake.commit(labels, {})
    return ids
