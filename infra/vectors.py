"""The search index: entities in Milvus, one collection per fingerprint, the same code for Lite and a server.

A Milvus Lite directory (`<something>.db`) belongs to one process at a time; a server takes any number.
infra/entity_rows.py makes the rows: their key, and the digest by which a second load sends only what changed.
"""

import logging
import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pyarrow as pa

from infra.entity_rows import KEY_CHARACTERS, NAMES, most_bytes, outdated, rows, vector_length
from infra.milvus_folder import enter, leave, lite_folder, remove_half_made
from schemas.entity import FACTS
from schemas.errors import VectorStoreError

os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # read by grpc at its import; refusals reach us as exceptions

from milvus_lite.server_manager import server_manager_instance
from pymilvus import DataType, MilvusClient

from infra.milvus_errors import filter_errors, milvus_errors

for _name in ("pymilvus", "milvus_lite", "grpc._server"):
    logging.getLogger(_name).setLevel(logging.CRITICAL)

INDEXES = ("FLAT", "AUTOINDEX")  # Lite accepts unknown names in silence; AUTOINDEX is HNSW there (STACK.md 6)
METRICS = ("COSINE", "IP")  # for both, more is more alike
CONNECT_S = 10.0
CALL_S = 300.0  # without a limit of its own, pymilvus tries a dead server 75 times
BATCH_BYTES = 8 << 20
BATCH_ROWS = 2_000
PAGE_ROWS = 16_384  # the most a Milvus iterator gives at once; Lite looks at every row for each page
_FINGERPRINT = "vitrine.fingerprint"


@dataclass(frozen=True)
class LoadCounts:
    """What `VectorStore.load` did: entities sent, entities removed, entities there now."""

    upserted: int
    deleted: int
    entities: int


@dataclass(frozen=True)
class Hit:
    """One hit: the entity's facts by column name, and cosine (or inner product) with the query."""

    facts: dict[str, Any]
    similarity: float


def collection_for(method: str, fingerprint: str) -> str:
    """The collection of one model: readable, and different for every fingerprint."""
    name = f"{method}_{fingerprint[:12]}"
    return re.sub(r"\W", "_", name if name[:1].isalpha() else f"_{name}", flags=re.ASCII)


class VectorStore:
    """Collections of entities at `uri`: a Milvus Lite directory `<something>.db`, or a server's address.

    uri    a path or file:// address that ends in .db, else http://, https:// or tcp://
    token  `user:password` or API key of a server
    create whether a Lite directory that is not there is made

    Use as a context manager: leaving it frees a Lite directory for other processes. Raises VectorStoreError
    where the place is no index, is held by another process, or does not answer within ten seconds.
    """

    def __init__(self, uri: str, token: str = "", *, create: bool = True) -> None:
        self.uri = uri
        self._folder = lite_folder(uri)
        self._loaded: set[str] = set()
        if self._folder:
            enter(uri, self._folder, create)
        try:
            with milvus_errors(uri):
                self._client = MilvusClient(self._folder or uri, token=token, timeout=CONNECT_S)
                self._client.list_collections(timeout=CONNECT_S)  # pymilvus hands out old connections untried
        except VectorStoreError:
            leave(self._folder)
            raise

    def __enter__(self) -> Self:
        """Return this store."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it, also after an error."""
        self.close()

    def close(self) -> None:
        """End the connection, and give up a Lite directory's lock where no other store here has it open."""
        folder, self._folder = self._folder, ""
        self._client.close()
        leave(folder, server_manager_instance.release_server)

    def load(
        self,
        collection: str,
        fingerprint: str,
        entities: Iterable[pa.Table],
        on_progress: Callable[[int], None] = lambda rows: None,
        *,
        index: str = "FLAT",
        metric: str = "COSINE",
    ) -> LoadCounts:
        """Make `collection` hold exactly these entities, and prove it by reading back every id and digest.

        entities     tables of schemas.entity.entities_schema(D), every entity once
        on_progress  hears how many rows were dealt with since it was last called

        Sends new and changed entities, removes the rest. Killed anywhere and called again it ends the same.
        Keeps about 0.3 KB of memory per entity. Raises VectorStoreError where the collection holds another
        fingerprint, vector length, index or metric; where an entity comes twice, or none comes at all (an
        index of nothing is a mistake upstream); and where what is there at the end is not what was given.
        """
        if index not in INDEXES or metric not in METRICS:
            raise VectorStoreError(collection, f"index {index} {metric} is none of {INDEXES} {METRICS}")
        stored: dict[str, int] = {}  # digests by key, before and after
        given: dict[str, int] = {}
        dim = upserted = 0
        for table in entities:
            length = vector_length(collection, table)
            if not dim:
                dim = length
                self._create(collection, fingerprint, dim, index, metric)
                stored = dict(self._contents(collection))
            for batch in table.to_batches(min(BATCH_ROWS, BATCH_BYTES // (4 * dim + 1_000) or 1)):
                changed = []
                for row in rows(batch, dim):
                    if row["key"] in given:
                        raise VectorStoreError(row["entity_id"], "is to be loaded twice")
                    given[row["key"]] = row["digest"]
                    if stored.get(row["key"]) != row["digest"]:
                        changed.append(row)
                if changed:
                    self._call("upsert", collection, changed)
                upserted += len(changed)
                on_progress(batch.num_rows)
        if not given:
            raise VectorStoreError(collection, "there are no entities to load")
        surplus = [key for key in stored if key not in given]
        for first in range(0, len(surplus), BATCH_ROWS):
            self._call("delete", collection, ids=surplus[first : first + BATCH_ROWS])
        self._call("flush", collection)
        return LoadCounts(upserted, len(surplus), self._verify(collection, given))

    def search(
        self,
        collection: str,
        vectors: np.ndarray,
        k: int,
        where: str = "",
        fields: Sequence[str] = NAMES,
    ) -> list[list[Hit]]:
        """The `k` most similar entities for each query, most similar first; fewer where fewer pass `where`.

        vectors  (N, D) float32
        where    Milvus filter over the columns of schemas.entity, such as `price >= 0 and price < 50`
        fields   the facts to return; every one by default

        Raises VectorStoreError for an unknown collection, another vector length, or a filter Milvus refuses.
        """
        dim = self._open(collection)[1]
        queries = np.ascontiguousarray(vectors, dtype=np.float32)
        if queries.ndim != 2 or queries.shape[1] != dim:
            why = f"queries of shape {queries.shape} for vectors of {dim} components"
            raise VectorStoreError(collection, why)
        hits_by_query: list[list[Hit]] = []
        at_once = min(500, max(100, 50_000 // k))  # one call to Lite costs the same for 1 query and for 100
        options = {"filter": where, "limit": k, "output_fields": list(fields)}
        with filter_errors(collection, where, NAMES), milvus_errors(collection):
            for first in range(0, len(queries), at_once):
                some = list(queries[first : first + at_once])
                for hits in self._client.search(collection, some, timeout=CALL_S, **options):
                    hits_by_query.append([Hit(dict(hit["entity"]), float(hit["distance"])) for hit in hits])
        return hits_by_query

    def ids(self, collection: str) -> set[str]:
        """Every entity_id in a collection."""
        self._open(collection)
        return {row["entity_id"] for row in self._pages(collection, "entity_id")}

    def count(self, collection: str) -> int:
        """How many entities a collection holds."""
        self._open(collection)
        return int(self._call("query", collection, output_fields=["count(*)"])[0]["count(*)"])

    def fingerprint(self, collection: str) -> str:
        """What produced the vectors of a collection: a query must carry the same fingerprint."""
        return self._open(collection)[0]

    def collections(self) -> list[str]:
        """Names of all collections, sorted."""
        with milvus_errors(self.uri):
            return sorted(self._client.list_collections(timeout=CALL_S))

    def drop(self, collection: str) -> None:
        """Remove a collection with all it holds; nothing happens where there is none."""
        self._loaded.discard(collection)
        self._call("drop_collection", collection)

    def _call(self, method: str, collection: str, *arguments: Any, **options: Any) -> Any:
        """Call a method of the Milvus client about a collection, bounded in time."""
        with milvus_errors(collection):
            return getattr(self._client, method)(collection, *arguments, timeout=CALL_S, **options)

    def _create(self, collection: str, fingerprint: str, dim: int, index: str, metric: str) -> None:
        """Create what is missing, which after a kill may be the index alone; refuse a foreign collection."""
        there = self._call("has_collection", collection)
        if there and outdated(self._call("describe_collection", collection)["fields"]):
            self.drop(collection)  # all of it comes from the lake, and is about to come again
        if not self._call("has_collection", collection):
            remove_half_made(self._folder, collection)
            about = f"vitrine entities, {_FINGERPRINT}={fingerprint}"  # Lite forgets it and keeps properties
            schema, properties = _milvus_schema(dim, about), {_FINGERPRINT: fingerprint}
            self._call("create_collection", collection, schema=schema, properties=properties)
        if not self._call("list_indexes", collection):
            params = self._client.prepare_index_params()
            params.add_index("vector", index_type=index, metric_type=metric)
            self._call("create_index", collection, params)
        if self._open(collection) != (fingerprint, dim):
            why = "holds fingerprint {} with {} components, not".format(*self._open(collection))
            raise VectorStoreError(collection, f"{why} {fingerprint} with {dim}; two models never mix")
        built = self._call("describe_index", collection, "vector")
        if (built["index_type"], built["metric_type"]) != (index, metric):
            why = f"is indexed as {built['index_type']} {built['metric_type']}, not {index} {metric}"
            raise VectorStoreError(collection, f"{why}; drop it to build another index")

    def _open(self, collection: str) -> tuple[str, int]:
        """Load a collection for searching, unless it is; returns its fingerprint and vector length."""
        described = self._call("describe_collection", collection)
        if described["collection_name"] not in self._loaded:
            self._call("load_collection", collection)
            self._loaded.add(described["collection_name"])
        about = re.search(rf"{_FINGERPRINT}=(\w+)", described["description"])
        fingerprint = described["properties"].get(_FINGERPRINT, about[1] if about else "unknown")
        dims = (int(f["params"]["dim"]) for f in described["fields"] if f["name"] == "vector")
        return str(fingerprint), next(dims)

    def _contents(self, collection: str) -> Iterator[tuple[str, int]]:
        """Key and digest of every entity."""
        return ((row["key"], int(row["digest"])) for row in self._pages(collection, "digest"))

    def _pages(self, collection: str, field: str) -> Iterator[dict[str, Any]]:
        """Every entity with its key and one field."""
        with milvus_errors(collection):
            columns = ["key", field]
            pages = self._client.query_iterator(collection, PAGE_ROWS, output_fields=columns, timeout=CALL_S)
            while page := pages.next():
                yield from page
            pages.close()

    def _verify(self, collection: str, given: dict[str, int]) -> int:
        """Read the collection back and empty `given` (digests by key); returns how many entities there are.

        Raises VectorStoreError unless the collection holds exactly these.
        """
        expected, other, seen = len(given), 0, 0
        for key, digest in self._contents(collection):
            seen += 1
            other += given.pop(key, None) != digest
        if other or given or self.count(collection) != expected:
            why = f"holds {seen} entities, not {expected}; {len(given)} are missing, {other} are others"
            raise VectorStoreError(collection, why)
        return expected


def _milvus_schema(dim: int, about: str) -> Any:
    """The columns of schemas.entity in Milvus's types, and the two digests."""
    kinds = {pa.string(): DataType.VARCHAR, pa.float64(): DataType.DOUBLE, pa.bool_(): DataType.BOOL}
    schema = MilvusClient.create_schema(auto_id=False, enable_dynamic_field=False, description=about)
    schema.add_field("key", DataType.VARCHAR, is_primary=True, max_length=KEY_CHARACTERS)
    schema.add_field("digest", DataType.INT64)
    for field in FACTS:
        bound = {"max_length": most_bytes(field.name)} if field.type == pa.string() else {}
        schema.add_field(field.name, kinds[field.type], nullable=field.nullable, **bound)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=dim)
    return schema
