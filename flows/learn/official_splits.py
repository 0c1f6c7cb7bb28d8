"""Which photos a published benchmark learns from, asks and searches: its own split, in place of ours.

Near-duplicates across such a split stay where its authors put them: moved, the figures would be of another benchmark.
They are counted.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from flows.learn.annotations import annotation_batches
from infra.lake import Lake
from schemas.manifest import Manifest
from workers.text.report_card import Row, row

# Our side by the official word, of a photo that a shop took; a customer's test photo asks.
_SIDE = {"train": "train", "val": "val", "test": "gallery", "query": "query", "gallery": "gallery", "": "val"}


@dataclass(frozen=True)
class OfficialSplits:
    """Of P products, those that a benchmark splits.

    known   (P,) whether it does;  learnt  (P,) whether a photo of it is learnt from
    roles   `<product_id> <image_id>` -> train, query, gallery or val
    """

    known: NDArray[np.bool_]
    learnt: NDArray[np.bool_]
    roles: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, lake: Lake, crawls: Sequence[Manifest], product_ids: pa.Array) -> "OfficialSplits":
        """Read the splits in the annotations of some crawls; of a product in several, the first that says something."""
        spoken: dict[str, str] = {}  # product -> the crawl that splits it
        roles: dict[str, str] = {}
        learnt: set[str] = set()
        for crawl in crawls:
            if not crawl.rows("annotations") or crawl.schemas["annotations"] < 2:
                continue
            for batch in annotation_batches(lake, crawl):
                columns = (batch[name].to_pylist() for name in ("product_id", "image_id", "domain", "split"))
                for product, image, domain, split in zip(*columns, strict=True):
                    if not split and spoken.get(product) is None:
                        continue
                    if spoken.setdefault(product, crawl.run_id) != crawl.run_id:
                        continue
                    role = "query" if split == "test" and domain == "street" else _SIDE[split or ""]
                    roles[f"{product} {image}"] = role
                    if role == "train":
                        learnt.add(product)
        known = pc.is_in(product_ids, pa.array(spoken, pa.string())).to_numpy(zero_copy_only=False)
        trained = pc.is_in(product_ids, pa.array(learnt, pa.string())).to_numpy(zero_copy_only=False)
        return cls(known, trained, roles)

    def of_photos(self, product: str, photos: Iterable[str]) -> list[str]:
        """The sides of a product's photos; a photo without one, of a product that has some, is neither."""
        return [self.roles.get(f"{product} {photo}", "val") for photo in photos]

    def rows(
        self, owners: NDArray[np.int64], photos: NDArray[np.int64], look: NDArray[np.int64]
    ) -> list[Row]:
        """What stands on both sides of the official split; nothing where there is none.

        owners, photos  (M,) product owners[m] shows photo photos[m];  look  (N,) near-duplicate group of each photo
        """
        if not self.known.any():
            return []
        mine = self.known[owners]
        learnt = self.learnt[owners]
        both = {
            name: len(np.intersect1d(of[mine & learnt], of[mine & ~learnt]))
            for name, of in (("photos", photos), ("near-duplicates", look[photos]))
        }
        told = "left where the benchmark's authors put them"
        split = row("official split", "products", self.known.sum(), "products", "split as published")
        return [
            split,
            *(row("official split", f"{name} on both sides", n, name, told) for name, n in both.items()),
        ]
