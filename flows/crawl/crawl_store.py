"""A crawl's side of the lake: photos go into parts as they come, every other table at the end."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import chain
from typing import Any

import pyarrow as pa

from crawlers.discover.traps import TrapDetector
from crawlers.extract.canonical_url import canonical
from crawlers.state.crawl_state import CrawlState
from infra.lake import Lake
from infra.parts import PartWriter, existing_parts, next_number, paths
from infra.sha256_set import Sha256Set
from schemas.errors import LakeError
from schemas.image import IMAGES
from schemas.label import ANNOTATIONS
from schemas.ledger import LEDGER
from schemas.manifest import Manifest, Part
from schemas.product import PRODUCTS
from schemas.reject import REJECTS

IMAGE_PART_ROWS = 20_000


class Store:
    """crawlers.state.sink.Sink over the folder of an open run; parts that an interrupted crawl left there count.

    One thread writes; `has_image` may be asked from others.
    """

    def __init__(self, lake: Lake, folder: str, tell: Callable[[Mapping[str, Any]], None]) -> None:
        self.lake, self.folder, self._tell = lake, folder, tell
        self._left = existing_parts(lake.filesystem, folder, "images")
        first = next_number(self._left)
        self.images = PartWriter(lake.filesystem, folder, IMAGES, part_rows=IMAGE_PART_ROWS, first=first)
        self.products = PartWriter(lake.filesystem, folder, PRODUCTS)
        self._known = stored_images(lake)
        self._own = Sha256Set(_image_ids(lake, paths(folder, self._left)))

    @property
    def image_rows(self) -> int:
        """Photos that this crawl stored, also before it was interrupted."""
        return self.images.rows + sum(part.rows for part in self._left)

    def has_image(self, image_id: str) -> bool:
        """See Sink."""
        return image_id in self._known or image_id in self._own

    def image(self, row: Mapping[str, Any]) -> bool:
        """See Sink."""
        self._own.add(row["image_id"])
        parts = len(self.images.parts)
        self.images.write(row)
        return len(self.images.parts) > parts

    def land(self) -> None:
        """See Sink."""
        self.images.flush()

    def progress(self, stage: str, done: int, total: int | None, note: str) -> None:
        """See Sink."""
        self._tell({"progress": {"stage": stage, "done": done, "total": total, "note": note}})

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
        writers = {
            "products": self.products,
            "rejects": PartWriter(self.lake.filesystem, self.folder, REJECTS),
            "ledger": PartWriter(self.lake.filesystem, self.folder, LEDGER),
        }
        files: dict[str, list[dict[str, Any]]] = {}
        for (table, writer), rows in zip(writers.items(), (products, rejects, ledger), strict=True):
            for row in rows:
                writer.write(row)
            files[table] = [asdict(part) for part in writer.close()]  # now: its last rows leave the memory
        if (first := next(annotations, None)) is not None:
            writer = PartWriter(self.lake.filesystem, self.folder, ANNOTATIONS)
            for row in chain([first], annotations):
                writer.write(row)
            files["annotations"] = [asdict(part) for part in writer.close()]
        images = self._left + self.images.close()
        return files | {"images": [asdict(part) for part in images]}


def without_images_of(
    lake: Lake, folder: str, parts: list[Part], others: Sequence[Manifest]
) -> tuple[list[Part], int]:
    """An open run's image parts without the photos that other crawls committed meanwhile; and how many those are.

    Two shops crawled side by side may show the same photo. Only a part that holds one is written anew.
    """
    taken = Sha256Set(
        batch for other in others for batch in _image_ids(lake, lake.part_paths(other, "images"))
    )
    kept: list[Part] = []
    twice = 0
    for part in parts if taken else ():
        (path,) = paths(folder, [part])
        table = lake.part(path).read()
        mine = pa.array([name not in taken for name in table["image_id"].to_pylist()], pa.bool_())
        left = table.filter(mine)
        twice += table.num_rows - left.num_rows
        if left.num_rows == table.num_rows:
            kept.append(part)
            continue
        writer = PartWriter(lake.filesystem, folder, IMAGES, first=next_number([part]) - 1, part_bytes=2**40)
        writer.write_table(left)
        kept += writer.close()
    return (kept if taken else parts), twice


def learn(state: CrawlState, lake: Lake, previous: Manifest | None) -> None:
    """Tell a new state what the previous crawl knew."""
    if previous is not None:
        columns = ["product_id", "url", "content_hash", "image_ids", "image_urls", "first_seen", "fetched_at"]
        for batch in lake.batches(previous, "products", columns, rows=2_000):
            rows = batch.to_pylist()
            state.previous.learn_products(row | {"page": _key(row["url"])} for row in rows)
        bounds = TrapDetector()
        for batch in lake.batches(previous, "ledger", rows=2_000) if previous.files.get("ledger") else ():
            rows = batch.to_pylist()
            state.previous.learn_ledger(row | {"key": _key(row["url"])} for row in rows)
            for row in rows:
                if row["outcome"] == "trap":
                    bounds.suspect(row["url"])
        state.remember("bounds", bounds.state())
    state.remember("learnt", True)
    state.commit()


def previous_products(lake: Lake, previous: Manifest | None) -> Iterator[dict[str, Any]]:
    """Product rows of the previous crawl as it wrote them, by product_id."""
    if previous is not None:
        for path in lake.part_paths(
            previous, "products"
        ):  # one after the other: a dataset may mix their order
            for batch in lake.part(path).iter_batches(batch_size=1_000):
                yield from batch.to_pylist()


def refused_before(
    lake: Lake, previous: Manifest | None, reasons: frozenset[str]
) -> Iterator[dict[str, Any]]:
    """Rows of the previous ledger whose address was refused for one of these reasons, in this or an earlier crawl.

    Raises LakeError where there is no previous crawl of which anything could be tried again.
    """
    if previous is None or not previous.files.get("ledger"):
        raise LakeError(lake.uri, "holds no crawl of this shop, so there is nothing to retry")
    for batch in lake.batches(previous, "ledger", rows=2_000):
        yield from (row for row in batch.to_pylist() if row["outcome"] in reasons)


def stored_images(lake: Lake) -> Sha256Set:
    """Ids of all images of committed crawls; only that column is read."""
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


def _key(url: str) -> str:
    """What the frontier calls a page."""
    return canonical(url) or url
