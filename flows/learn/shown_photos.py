"""Which product of some crawls shows which stored photo, as arrays, and what photos are recognised by."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from infra.lake import Lake
from schemas.image import THUMBNAIL_BYTES
from schemas.image_ids import ID, Ids, ids_of_hex
from schemas.manifest import Manifest
from workers.data.near_duplicates import PhotoFeatures, aspects_as_seen

ROWS = 5_000  # at a time in memory
NO_PHOTO, SEEN, LEFT_OUT = -1, -2, -3
_FEATURES = ("image_id", "phash", "thumbnail", "width", "height", "orientation", "quality")


@dataclass(frozen=True)
class ShownPhotos:
    """R rows of products as they lie in the crawls, P products with a stored photo, N photos, M showings.

    place        (R,) the product of each row; NO_PHOTO, SEEN for a product that an earlier crawl holds, or LEFT_OUT
    product_ids  (P,) strings, in the order of their rows
    photo_ids    (N,) S32, ascending
    owners       (M,) product owners[m] shows photo photos[m]
    photos       (M,)
    """

    place: NDArray[np.int64]
    product_ids: pa.Array
    photo_ids: Ids
    owners: NDArray[np.int64]
    photos: NDArray[np.int64]

    @classmethod
    def of(cls, lake: Lake, crawls: Sequence[Manifest], left_out: Collection[str] = ()) -> "ShownPhotos":
        """Read two columns of the products, but for those `left_out`; the first of two with one id counts."""
        names = [pa.array([], pa.string())]
        shown, ids = [np.empty(0, np.int64)], [np.empty(0, ID)]
        for crawl in crawls:
            for batch in lake.batches(crawl, "products", ["product_id", "image_ids"], rows=ROWS):
                names.append(batch["product_id"])
                flat = batch["image_ids"].flatten()
                stored = pc.not_equal(flat, "").to_numpy(zero_copy_only=False)
                counts = np.diff(batch["image_ids"].offsets.to_numpy())
                owners = np.repeat(np.arange(len(batch)), counts)[stored]
                shown.append(owners + sum(map(len, names)) - len(batch))
                ids.append(ids_of_hex(flat.filter(pa.array(stored)).to_pylist()))
        every = pa.chunked_array(names)
        rows, of_row = np.concatenate(shown), np.concatenate(ids)
        number = every.dictionary_encode().combine_chunks().indices.to_numpy()
        place = np.full(len(every), NO_PHOTO, np.int64)
        first = np.zeros(len(every), bool)
        first[np.unique(number, return_index=True)[1]] = True
        place[~first] = SEEN
        unwanted = first & pc.is_in(every, pa.array(left_out, pa.string())).to_numpy()
        place[unwanted] = LEFT_OUT
        counted = (first & ~unwanted)[rows]
        labelled = np.unique(rows[counted])
        place[labelled] = np.arange(len(labelled))
        photo_ids, photos = np.unique(of_row[counted], return_inverse=True)
        return cls(
            place, every.take(pa.array(labelled)).combine_chunks(), photo_ids, place[rows[counted]], photos
        )

    @property
    def distinct(self) -> int:
        """Products, each once, whether or not a photo of theirs is stored."""
        return int((self.place != SEEN).sum())

    def features(self, lake: Lake) -> PhotoFeatures:
        """Read what near-duplicates are recognised by; a photo that no crawl holds has an aspect of NaN."""
        count = len(self.photo_ids)
        hashes = np.zeros(count, np.uint64)
        thumbnails = np.zeros((count, THUMBNAIL_BYTES), np.uint8)
        aspects, quality = np.full(count, np.nan), np.full(count, 100, np.int8)
        for crawl in lake.runs("crawl"):
            if not crawl.rows("images"):
                continue
            there = set(lake.dataset(crawl, "images").schema.names)  # a crawl of version 1 lacks the last two
            columns = [name for name in _FEATURES if name in there]
            for batch in lake.batches(crawl, "images", columns, rows=ROWS):
                rows, here = self._numbers(batch["image_id"])
                batch = batch.take(pa.array(here))
                hashes[rows] = batch["phash"].to_numpy()
                turned = (
                    batch["orientation"].to_numpy()
                    if "orientation" in columns
                    else np.ones(len(rows), np.int8)
                )
                aspects[rows] = aspects_as_seen(batch["width"].to_numpy(), batch["height"].to_numpy(), turned)
                if "quality" in columns:
                    quality[rows] = batch["quality"].to_numpy()
                pixels = b"".join(batch["thumbnail"].to_pylist())
                thumbnails[rows] = np.frombuffer(pixels, np.uint8).reshape(len(rows), THUMBNAIL_BYTES)
        return PhotoFeatures(hashes, thumbnails, aspects, quality)

    def _numbers(self, image_ids: pa.Array) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The photos among some ids in hex, and where they stand there."""
        ids = ids_of_hex(image_ids.to_pylist())
        rows = np.searchsorted(self.photo_ids, ids)
        here = np.flatnonzero(rows < len(self.photo_ids))
        here = here[self.photo_ids[rows[here]] == ids[here]]
        return rows[here], here
