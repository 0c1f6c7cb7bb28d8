"""The entities of an index: each shop photo's vector beside its product's facts, joined on disk.

Vectors lie in the order in which they were embedded, products in the order of the crawls. Both are dealt into pieces
by the photo's id, on disk, and joined piece by piece (a Grace hash join: Kitsuregawa et al. 1983), so that memory
holds the vectors of one piece, whatever the size of the catalogue.
"""

import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from flows.queries.newest_crawls import labelled_crawls, products
from infra.lake import Lake
from schemas.entity import FACTS, entities_schema, entity_id
from schemas.ids import key_fault
from schemas.manifest import Manifest
from workers.data.split import CUSTOMER

PIECE_BYTES = 256 << 20
ROWS = 2_000
_FACTS_SCHEMA = pa.schema(FACTS)
_COLUMNS = (
    "shop", "title", "brand", "categories", "colour", "gender", "price", "currency", "in_stock", "url",
    "image_ids", "image_views", "image_urls",
)  # fmt: skip


def entities(
    lake: Lake, labels: Manifest, vector_runs: Sequence[Manifest], left_out: Counter[str]
) -> Iterator[pa.Table]:
    """Yield the entities of a label run's products, some thousands at a time, as `entities_schema(D)`.

    vector_runs  committed embed runs of one fingerprint; a photo without a vector there is no entity
    left_out     counts, by reason, the photos that no index can hold
    Keeps PIECE_BYTES of vectors in memory, and all that is joined in a temporary folder.
    """
    with lake.part(lake.part_paths(vector_runs[0], "vectors")[0]) as part:
        kind = part.schema_arrow.field("vector").type
    size = sum(run.rows("vectors") for run in vector_runs) * 4 * int(kind.list_size)
    pieces = 1 + size // PIECE_BYTES
    with tempfile.TemporaryDirectory(prefix="vitrine-entities-") as folder:
        vectors = (
            pa.Table.from_batches([batch])
            for run in vector_runs
            for batch in lake.batches(run, "vectors", ["image_id", "vector"], rows=10 * ROWS)
        )
        with_vector = _Dealt(Path(folder, "vectors"), pieces, vectors)
        with_facts = _Dealt(Path(folder, "facts"), pieces, _facts(lake, labels, left_out))
        schema = entities_schema(int(kind.list_size))
        for piece in range(pieces):
            held = _Vectors(with_vector.tables(piece), kind)
            for facts in with_facts.tables(piece):
                yield from _joined(facts, held, schema, left_out)


class _Dealt:
    """Tables dealt into files by the beginning of `image_id`, a file of Arrow batches for each piece."""

    def __init__(self, folder: Path, pieces: int, tables: Iterable[pa.Table]) -> None:
        folder.mkdir()
        self._paths = [folder / f"{piece}.arrow" for piece in range(pieces)]
        writers: dict[int, pa.ipc.RecordBatchFileWriter] = {}
        try:
            for table in tables:
                dealt = np.array([int(name[:8], 16) * pieces >> 32 for name in table["image_id"].to_pylist()])
                for piece in np.unique(dealt):
                    if piece not in writers:
                        writers[piece] = pa.ipc.new_file(self._paths[piece], table.schema)
                    writers[piece].write_table(
                        table if pieces == 1 else table.filter(pa.array(dealt == piece))
                    )
        finally:
            for writer in writers.values():
                writer.close()

    def tables(self, piece: int) -> Iterator[pa.Table]:
        """Yield what one piece holds, batch by batch; its file is removed at the end."""
        path = self._paths[piece]
        if path.exists():
            with pa.OSFile(str(path)) as file, pa.ipc.open_file(file) as reader:
                for number in range(reader.num_record_batches):
                    yield pa.Table.from_batches([reader.get_batch(number)])
            path.unlink()


class _Vectors:
    """The vectors of one piece by photo."""

    def __init__(self, tables: Iterable[pa.Table], kind: pa.DataType) -> None:
        self._rows: dict[str, int] = {}
        matrices = [np.empty((0, kind.list_size), np.float32)]
        for table in tables:
            start = sum(map(len, matrices))
            self._rows |= {name: start + n for n, name in enumerate(table["image_id"].to_pylist())}
            flat = table["vector"].combine_chunks().flatten().to_numpy(zero_copy_only=False)
            matrices.append(flat.reshape(-1, kind.list_size))
        self._matrix: NDArray[np.float32] = np.concatenate(matrices)

    def of(self, image_ids: Sequence[str]) -> tuple[NDArray[np.bool_], NDArray[np.float32]]:
        """Whether each photo has a vector, and the vectors of those that have."""
        rows = np.array([self._rows.get(name, -1) for name in image_ids], np.int64)
        return rows >= 0, self._matrix[rows[rows >= 0]]


def _joined(facts: pa.Table, held: _Vectors, schema: pa.Schema, left_out: Counter[str]) -> Iterator[pa.Table]:
    """Facts whose photo has a usable vector, with it."""
    there, vectors = held.of(facts["image_id"].to_pylist())
    finite = np.isfinite(vectors).all(axis=1)
    if bad := int((~finite).sum()):
        left_out["vector_invalid"] += bad
        there[np.flatnonzero(there)[~finite]] = False
    facts, vectors = facts.filter(pa.array(there)), vectors[finite]
    dim = schema.field("vector").type.list_size
    for first in range(0, len(facts), ROWS):
        some = pa.array(vectors[first : first + ROWS].ravel())
        column = pa.FixedSizeListArray.from_arrays(some, dim)
        yield facts.slice(first, ROWS).append_column(schema.field("vector"), column).cast(schema)


def _facts(lake: Lake, labels: Manifest, left_out: Counter[str]) -> Iterator[pa.Table]:
    """What the shops say of each photo of theirs; customers' photos ask and are not found."""
    rows: list[dict[str, Any]] = []
    for product in products(lake, labelled_crawls(lake, labels), _COLUMNS):
        photos: dict[str, tuple[str, str]] = {}
        for image_id, view, url in zip(
            product["image_ids"], product["image_views"], product["image_urls"], strict=True
        ):
            if image_id and view != CUSTOMER:
                photos.setdefault(image_id, (view, url))
        if key_fault(product["product_id"].partition(":")[2]):
            left_out["id_too_long"] += len(photos)
            continue
        rows += [_entity(product, image_id, *told) for image_id, told in photos.items()]
        if len(rows) >= 10 * ROWS:
            yield pa.Table.from_pylist(rows, _FACTS_SCHEMA)
            rows = []
    if rows:
        yield pa.Table.from_pylist(rows, _FACTS_SCHEMA)


def _entity(product: dict[str, Any], image_id: str, view: str, image_url: str) -> dict[str, Any]:
    plain = {
        name: product[name] for name in ("product_id", "shop", "brand", "colour", "gender", "currency", "url")
    }
    return plain | {
        "entity_id": entity_id(image_id, product["product_id"]),
        "image_id": image_id,
        "title": product["title"],
        "category": " > ".join(product["categories"]),
        "price": None if product["price"] is None else float(product["price"]),
        "in_stock": product["in_stock"],
        "view": view,
        "image_url": image_url,
    }
