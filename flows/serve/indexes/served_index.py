"""What the page asks: the live index, its model, its products. Read whole, then kept until another goes live."""

import logging
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import zip_longest
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from flows.crawl.forgotten import forgotten_lately
from flows.queries.live import searched
from flows.queries.newest_crawls import labelled_crawls, products
from flows.queries.search import WordLayer, word_layer
from flows.queries.words_found import likelihoods_of
from flows.serve.indexes.encoding import Encodes, EncodingOf, here
from flows.serve.indexes.filters import Filters, counts
from flows.serve.photos.stored_photos import StoredPhotos
from infra.lake import Lake
from schemas.errors import LakeError, PipelineError
from schemas.manifest import Manifest
from workers.retrieval.query_words import QueryReader
from workers.retrieval.word_likelihoods import WordLikelihoods
from workers.text.words import tokens

ASKED_EVERY_S = 2.0
ANSWERED_S = 60.0  # within which a question that was asked of an index is answered
MEAN_OF = 5_000
EXAMPLES = 8
_FACTS = (
    "shop",
    "title",
    "brand",
    "categories",
    "colour",
    "price",
    "currency",
    "in_stock",
    "url",
    "image_ids",
)
_SCHEMA = pa.schema(
    [
        pa.field(name, pa.string())
        for name in (
            "product_id",
            "shop",
            "title",
            "brand",
            "category",
            "colour",
            "currency",
            "url",
            "image_id",
        )
    ]
    + [pa.field("price", pa.float64()), pa.field("in_stock", pa.bool_()), pa.field("group", pa.int64())]
)
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ServedIndex:
    """One index, ready to be asked.

    trained   the train run of its model; None for a method without weights
    layer     its words; None for a method without any
    reader    of queries in words, as these were learnt
    likelihoods  what cosines with words mean on it; None where the index does not say
    encoding  photos to vectors
    products  a row per product of it: facts, its first photo, its near-duplicate group
    rows      product_id -> row of `products`
    photos    its photos
    mean      (D,) of the vectors of MEAN_OF photos
    """

    indexed: Manifest
    trained: Manifest | None
    layer: WordLayer | None
    reader: QueryReader | None
    likelihoods: WordLikelihoods | None
    encoding: Encodes
    products: pa.Table
    rows: dict[str, int]
    photos: StoredPhotos
    mean: NDArray[np.float32]

    @classmethod
    def read(cls, lake: Lake, indexed: Manifest, encoding_of: EncodingOf = here) -> "ServedIndex":
        """Read an index run and all that a search of it needs. Raises LakeError, CheckpointError."""
        trained = lake.run(indexed.result["train"]) if indexed.result["train"] else None
        layer = word_layer(lake, trained) if trained and trained.rows("word_vectors") else None
        held = lake.table(indexed, "indexed")
        table = _products(lake, indexed, set(held["product_id"].to_pylist()))
        rows = {name: row for row, name in enumerate(table["product_id"].to_pylist())}
        photos = StoredPhotos(lake, held["image_id"].unique().to_pylist())
        return cls(
            indexed,
            trained,
            layer,
            QueryReader(layer.ids) if layer else None,
            likelihoods_of(lake, indexed),
            encoding_of(lake, indexed),
            table,
            rows,
            photos,
            _mean(lake, indexed),
        )

    @property
    def collection(self) -> str:
        """Its name in Milvus."""
        return str(self.indexed.result["collection"])

    @property
    def fingerprint(self) -> str:
        """What made its vectors."""
        return str(self.indexed.result["fingerprint"])

    @cached_property
    def group_of(self) -> dict[str, int]:
        """The near-duplicate group of each product that has one: every answer looks all of its products up."""
        pairs = zip(self.products["product_id"].to_pylist(), self.products["group"].to_pylist(), strict=True)
        return {name: group for name, group in pairs if group is not None}

    @cached_property
    def examples(self) -> list[str]:
        """A few words to begin with: learnt ones that name the most frequent categories and colours."""
        found = counts(self.products, Filters())
        pairs = zip_longest(found["category"], found["colour"])
        names = [value for pair in pairs for value, _ in filter(None, pair)]
        said = dict.fromkeys(word for name in names for word in tokens(name.rpartition(" > ")[2]))
        return [word for word in said if self.layer is not None and word in self.layer.ids][:EXAMPLES]

    def chance(self, kind: str) -> float | None:
        """The score that a search by `photos` or `words` reaches by chance; None where the index does not say."""
        told = (self.indexed.result.get("chance") or {}).get(kind)
        return None if told is None else float(told)

    def product(self, product_id: str) -> dict[str, Any] | None:
        """The facts of a product; None where the index does not hold it."""
        row = self.rows.get(product_id)
        return None if row is None else dict(self.products.slice(row, 1).to_pylist()[0])

    def known(self, product_id: str) -> dict[str, Any]:
        """The facts of a product. Raises LakeError where the index does not hold it."""
        if (found := self.product(product_id)) is None:
            raise LakeError(product_id[:80], "is no product of this index")
        return found

    def close(self) -> None:
        """End what computes for it."""
        self.encoding.close()


class Serving:
    """The index that the lake names as live, or one that was chosen. Another that goes live is read beside it, and the
    same one anew when something was forgotten.

    A request holds the ServedIndex that it began with, so no answer is of two indexes.
    """

    def __init__(self, lake: Lake, index: str | None = None, encoding_of: EncodingOf = here) -> None:
        self.lake, self.encoding_of = lake, encoding_of
        self._chosen = index
        self._reading = threading.Lock()
        self._asked_at = time.monotonic()
        self._forgotten = forgotten_lately(lake)
        self._now = ServedIndex.read(lake, searched(lake, index), encoding_of)

    def now(self) -> ServedIndex:
        """Return what to ask; looks every other second whether that has changed, and then reads it in a thread."""
        due = time.monotonic() - self._asked_at > ASKED_EVERY_S
        if due and self._reading.acquire(blocking=False):
            self._asked_at = time.monotonic()
            threading.Thread(target=self._follow, daemon=True).start()
        return self._now

    def _follow(self) -> None:
        try:
            wanted, forgotten = searched(self.lake, self._chosen), forgotten_lately(self.lake)
            if wanted.run_id != self._now.indexed.run_id or forgotten - self._forgotten:
                before, self._now = self._now, ServedIndex.read(self.lake, wanted, self.encoding_of)
                later = threading.Timer(ANSWERED_S, before.close)  # who asks it now is answered
                later.daemon = True
                later.start()
                self._forgotten |= forgotten
        except PipelineError as error:  # what was live goes on being asked
            _log.warning("what is live cannot be read: %s", error)
        finally:
            self._reading.release()


def _products(lake: Lake, indexed: Manifest, held: set[str]) -> pa.Table:
    labels = lake.run(indexed.result["labels"])
    groups = _groups(lake, labels)
    rows: list[dict[str, Any]] = []
    tables = [_SCHEMA.empty_table()]
    for product in products(lake, labelled_crawls(lake, labels), _FACTS):
        if product["product_id"] not in held:
            continue
        facts = {name: product[name] for name in _SCHEMA.names if name in product}
        facts["category"] = " > ".join(product["categories"])
        facts["price"] = None if product["price"] is None else float(product["price"])
        facts["image_id"] = next((name for name in product["image_ids"] if name), "")
        facts["group"] = groups.get(product["product_id"])
        rows.append(facts)
        if len(rows) == 20_000:
            tables.append(pa.Table.from_pylist(rows, _SCHEMA))
            rows = []
    return pa.concat_tables([*tables, pa.Table.from_pylist(rows, _SCHEMA)]).combine_chunks()


def _mean(lake: Lake, indexed: Manifest) -> NDArray[np.float32]:
    """The mean of some vectors of an index; reused ones lie in earlier embed runs of its fingerprint."""
    total, seen = np.zeros(0), 0
    for batch in _vectors(lake, str(indexed.result["fingerprint"])):
        vectors = batch["vector"].flatten().to_numpy(zero_copy_only=False).reshape(len(batch), -1)
        total = vectors.sum(0, dtype=np.float64) + (total if seen else 0.0)
        seen += len(vectors)
        if seen >= MEAN_OF:
            break
    mean: NDArray[np.float32] = (total / max(1, seen)).astype(np.float32)
    return mean


def _vectors(lake: Lake, fingerprint: str) -> Iterator[pa.RecordBatch]:
    for run in lake.runs("run", "embed", newest_first=True):
        same = run.result["fingerprint"] == fingerprint
        if same and run.rows("vectors"):
            yield from lake.batches(run, "vectors", ["vector"], rows=1_000)


def _groups(lake: Lake, labels: Manifest) -> dict[str, int]:
    table = lake.table(labels, "labels", ["product_id", "group"])
    return dict(zip(table["product_id"].to_pylist(), table["group"].to_pylist(), strict=True))


def unit(vector: NDArray[np.float32]) -> NDArray[np.float32]:
    """The vector at L2 norm 1."""
    length = float(np.linalg.norm(vector))
    return (vector / length).astype(np.float32) if length else vector
