"""Which products of some crawls are near-duplicates of each other, and which of these groups are held out."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from flows.queries.newest_crawls import products
from infra.lake import Lake
from schemas.image import THUMBNAIL_BYTES
from schemas.manifest import Manifest
from workers.data.near_duplicates import PhotoFeatures, aspects_as_seen, product_groups
from workers.data.split import sides
from workers.text.report_card import leaked_without_groups

_LOOKS = ("image_id", "phash", "thumbnail", "width", "height", "orientation", "quality")


@dataclass(frozen=True)
class HeldOut:
    """Near-duplicate group, and whether it is held out, of every product with a stored photo.

    number        place of every photo, for `SplitCheck`
    leaked_alone  what `leaked_without_groups` found
    """

    group_of: dict[str, int]
    held_out: dict[str, bool]
    number: dict[str, int]
    leaked_alone: tuple[int, int]

    @classmethod
    def of(cls, lake: Lake, sources: Sequence[Manifest], test_share: float) -> "HeldOut":
        """Group the products of `sources` by their photos and hold out `test_share` of the groups."""
        owners: list[str] = []
        stored: list[list[str]] = []
        for row in products(lake, sources, ["image_ids"]):
            if ids := [image_id for image_id in row["image_ids"] if image_id]:
                owners.append(row["product_id"])
                stored.append(ids)
        number = {image_id: n for n, image_id in enumerate({i: None for ids in stored for i in ids})}
        photos = [[number[i] for i in ids] for ids in stored]
        features = _features(lake, number)
        groups = product_groups(photos, features)
        held_out = sides(groups, owners, test_share)
        alone = leaked_without_groups(photos, owners, groups, features, test_share)
        return cls(
            dict(zip(owners, groups, strict=True)), dict(zip(owners, held_out, strict=True)), number, alone
        )


def _features(lake: Lake, number: dict[str, int]) -> PhotoFeatures:
    """Read what near-duplicates are recognised by, of every photo in `number`, at its place."""
    hashes = np.zeros(len(number), np.uint64)
    thumbnails = np.zeros((len(number), THUMBNAIL_BYTES), np.uint8)
    aspects, quality = np.ones(len(number)), np.full(len(number), 100, np.int8)
    for crawl in lake.runs("crawl"):
        if not crawl.rows("images"):
            continue
        stored = set(lake.dataset(crawl, "images").schema.names)  # a crawl of version 1 lacks the last two
        columns = [name for name in _LOOKS if name in stored]
        for batch in lake.batches(crawl, "images", columns, rows=5000):
            ids = batch["image_id"].to_pylist()
            here = [n for n, image_id in enumerate(ids) if image_id in number]
            there = [number[ids[n]] for n in here]
            hashes[there] = batch["phash"].to_numpy()[here]
            turned = (
                batch["orientation"].to_numpy() if "orientation" in columns else np.ones(len(ids), np.int8)
            )
            shapes = aspects_as_seen(batch["width"].to_numpy(), batch["height"].to_numpy(), turned)
            aspects[there] = shapes[here]
            if "quality" in columns:
                quality[there] = batch["quality"].to_numpy()[here]
            for n, target in zip(here, there, strict=True):
                thumbnails[target] = np.frombuffer(batch["thumbnail"][n].as_buffer(), np.uint8)
    return PhotoFeatures(hashes, thumbnails, aspects, quality)
