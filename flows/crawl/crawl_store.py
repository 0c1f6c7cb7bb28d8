"""A crawl's side of the lake: photos go into parts as they come, every other table at the end."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import chain
from typing import Any

import pyarrow as pa

from infra.lake import Lake
from infra.parts import PHOTO_ROWS, PartWriter, existing_parts, next_number, paths
from infra.sha256_set import Sha256Set
from schemas.image import IMAGES
from schemas.label import ANNOTATIONS
from schemas.ledger import LEDGER
from schemas.manifest import Manifest, Part
from schemas.product import PRODUCTS
from schemas.reject import REJECTS

IMAGE_PART_ROWS = 20_000


class CrawlStore:
    """crawlers.state.photo_store.PhotoStore over the folder of an open run, and the tables at its end.

    Parts that an interrupted crawl left in the folder count.
    """

    def __init__(self, lake: Lake, folder: str) -> None:
        self._lake, self._folder = lake, folder
        self._parts_left = existing_parts(lake.filesystem, folder, "images")
        first = next_number(self._parts_left)
        self._images = PartWriter(lake.filesystem, folder, IMAGES, part_rows=IMAGE_PART_ROWS, first=first)
        self._stored = stored_photos(lake)
        self._own = Sha256Set(_image_ids(lake, paths(folder, self._parts_left)))

    @property
    def photo_rows(self) -> int:
        """How many photos this crawl stored, also before it was interrupted."""
        return self._images.rows + sum(part.rows for part in self._parts_left)

    def has_photo(self, image_id: str) -> bool:
        """Whether these bytes are stored already, now or by an earlier crawl."""
        return image_id in self._stored or image_id in self._own

    def add(self, row: Mapping[str, Any]) -> bool:
        """Store one row of schemas.image.IMAGES; True where that made a part complete."""
        self._own.add(row["image_id"])
        parts = len(self._images.parts)
        self._images.write(row)
        return len(self._images.parts) > parts

    def flush(self) -> None:
        """Make every row so far lie in a complete part."""
        self._images.flush()

    def write(
        self,
        products: Iterable[Mapping[str, Any]],
        rejects: Iterable[Mapping[str, Any]],
        ledger: Iterable[Mapping[str, Any]],
        annotations: Iterator[Mapping[str, Any]],
    ) -> dict[str, list[dict[str, Any]]]:
        """Write the tables that come at the end; returns every table's parts.

        Where nothing is annotated there is no table `annotations`.
        """
        files = {
            "products": self._write(PRODUCTS, products),
            "rejects": self._write(REJECTS, rejects),
            "ledger": self._write(LEDGER, ledger),
        }
        if (
            first := next(annotations, None)
        ) is not None:  # only now: products that are carried on add photos
            files["annotations"] = self._write(ANNOTATIONS, chain([first], annotations))
        return files | {"images": [asdict(part) for part in self._parts_left + self._images.close()]}

    def write_rejects(self, rejects: Iterable[Mapping[str, Any]]) -> None:
        """Write the refusals alone, where a crawl ends without a catalogue."""
        self._write(REJECTS, rejects)

    def _write(self, schema: pa.Schema, rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Write one table to its end: its last rows leave the memory before the next one's come."""
        writer = PartWriter(self._lake.filesystem, self._folder, schema)
        for row in rows:
            writer.write(row)
        return [asdict(part) for part in writer.close()]


def without_images_of(
    lake: Lake, folder: str, parts: list[Part], others: Sequence[Manifest]
) -> tuple[list[Part], int]:
    """Take out of an open run's image parts what other crawls committed meanwhile; returns parts, and photos taken out.

    Two shops crawled side by side may show the same photo. Ids alone are read, and only a part that holds one of theirs
    is written anew, a row group at a time.
    """
    taken = Sha256Set(
        batch for other in others for batch in _image_ids(lake, lake.part_paths(other, "images"))
    )
    if not taken:
        return parts, 0
    kept: list[Part] = []
    for part in parts:
        (path,) = paths(folder, [part])
        if not any(name in taken for batch in _image_ids(lake, [path]) for name in batch):
            kept.append(part)
            continue
        writer = PartWriter(lake.filesystem, folder, IMAGES, first=next_number([part]) - 1, part_bytes=2**40)
        for rows in lake.part(path).iter_batches(batch_size=PHOTO_ROWS):
            mine = pa.array([name not in taken for name in rows["image_id"].to_pylist()], pa.bool_())
            writer.write_table(pa.Table.from_batches([rows]).filter(mine))
        kept += writer.close()
    return kept, sum(part.rows for part in parts) - sum(part.rows for part in kept)


def stored_photos(lake: Lake) -> Sha256Set:
    """Return the ids of all photos of committed crawls; only that column is read."""
    return Sha256Set(
        batch
        for manifest in lake.runs("crawl")
        if manifest.rows("images")
        for batch in _image_ids(lake, lake.part_paths(manifest, "images"))
    )


def _image_ids(lake: Lake, files: Iterable[str]) -> Iterator[list[str]]:
    for path in files:
        for batch in lake.part(path).iter_batches(batch_size=10_000, columns=["image_id"]):
            yield batch.column(0).to_pylist()
