"""The photos that a report carries, as small copies of what the crawls stored."""

from collections.abc import Collection

import pyarrow.compute as pc

from infra.lake import Lake
from infra.photo_locations import locate, photo_bytes
from schemas.errors import LakeError
from schemas.image_ids import ids_of_hex
from workers.report.thumbnails import thumbnail


def thumbnails_of(lake: Lake, image_ids: Collection[str]) -> dict[str, bytes]:
    """Read photos and make a small JPEG of each, by image id; one that is gone or unreadable has none."""
    try:
        slices = locate(lake, ids_of_hex(list(image_ids)))
    except LakeError:  # some were forgotten: show those that are left
        slices = locate(lake, ids_of_hex(list(_stored(lake, image_ids))))
    photos = ((image_id, thumbnail(data)) for image_id, data in photo_bytes(lake, slices))
    return {image_id: small for image_id, small in photos if small is not None}


def _stored(lake: Lake, image_ids: Collection[str]) -> set[str]:
    """Those of these photos that a committed crawl still holds."""
    rule = pc.field("image_id").isin(list(image_ids))
    crawls = [crawl for crawl in lake.runs("crawl") if crawl.rows("images")]
    tables = [lake.dataset(crawl, "images").to_table(["image_id"], filter=rule) for crawl in crawls]
    return {image_id for table in tables for image_id in table["image_id"].to_pylist()}
