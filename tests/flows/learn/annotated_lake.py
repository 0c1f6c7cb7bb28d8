"""A lake whose photos show a rectangle each, and whose label run knows its corners, colour, pattern and domain."""

import io
from datetime import UTC, datetime
from typing import Any

import numpy as np
from PIL import Image

from infra.lake import Lake
from schemas.ids import image_id
from schemas.image import IMAGES
from schemas.label import ANNOTATIONS, LABELS, VOCABULARY

CATEGORIES = ("blue", "red")
WIDTH, HEIGHT = 40, 60
PHOTOS = 160


def annotated_lake(folder: str, annotations: bool = True) -> tuple[Lake, str]:
    """The lake and its label run: two photos of every product, one by the shop and one from the street."""
    lake, random = Lake(folder), np.random.default_rng(0)
    crawl, labels = lake.begin("crawl", "crawl", "photos"), lake.begin("run", "label", "known")
    images, rows, known = crawl.writer(IMAGES), labels.writer(LABELS), labels.writer(ANNOTATIONS)
    for number in range(PHOTOS):
        data, annotation = _photo(random, number)
        product = f"s:{number // 2}"
        images.write(
            {
                "image_id": image_id(data), "bytes": data, "media_type": "image/png", "declared_type": "",
                "width": WIDTH, "height": HEIGHT, "orientation": 1, "quality": 100, "phash": number,
                "thumbnail": bytes(192), "url": "", "product_id": product, "fetched_at": datetime.now(UTC),
                "robots": {"allowed": True, "noai": False, "noimageai": False},
            }
        )  # fmt: skip
        both = {"product_id": product, "image_id": image_id(data)}
        rows.write(both | {"words": [], "split": "train", "group": number // 2})
        known.write(both | annotation)
    crawl.add(IMAGES, images.close())
    parent = lake.commit(crawl, {"shop": "s"})
    labels.add(LABELS, rows.close())
    if annotations:
        labels.add(ANNOTATIONS, known.close())
    words = labels.writer(VOCABULARY)
    words.write({"word_id": 0, "word": "worn", "document_frequency": 9, "kept": True, "why": "kept"})
    labels.add(VOCABULARY, words.close())
    labels.parents.append(parent.run_id)
    return lake, lake.commit(labels, {}).run_id


def _photo(random: np.random.Generator, number: int) -> tuple[bytes, dict[str, Any]]:
    """A PNG, and the columns of ANNOTATIONS without its ids."""
    left, top = (int(random.integers(2, side // 2)) for side in (WIDTH, HEIGHT))
    right, bottom = (
        int(random.integers(first + 8, side - 1)) for first, side in ((left, WIDTH), (top, HEIGHT))
    )
    red = number // 2 % 2
    pixels = random.integers(200, 256, (HEIGHT, WIDTH, 3), np.uint8)
    pixels[top:bottom, left:right] = (200, 20, 20) if red else (20, 20, 200)
    if striped := number // 4 % 2:
        pixels[top:bottom:4, left:right] = 0
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    x = {"left": left / WIDTH, "right": right / WIDTH}
    y = {"top": top / HEIGHT, "bottom": bottom / HEIGHT}
    corners = [
        {"name": f"{side} {end}", "x": x[side], "y": y[end], "visible": True} for side in x for end in y
    ]
    return file.getvalue(), {
        "category": CATEGORIES[red],
        "attributes": ["pattern: striped" if striped else "pattern: plain"],
        "landmarks": corners,
        "box": x | y,
        "domain": ("shop", "street")[number % 2],
    }
