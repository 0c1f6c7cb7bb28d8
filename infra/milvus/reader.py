"""What reads a Milvus, Lite or a server: hits, entities, counts; infra/milvus/store.py adds what writes.

A Milvus Lite directory (`<something>.db`) belongs to one process at a time; a server takes any number.
"""

import logging
import os
from collections.abc import Iterator, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from infra.milvus.digests import EntityDigests
from infra.milvus.folder import enter, leave, lite_folder
from infra.milvus.rows import NAMES, Hit, entity_keys
from schemas.errors import VectorStoreError

os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # read by grpc at its import; refusals reach us as exceptions

from milvus_lite.server_manager import server_manager_instance
from pymilvus import MilvusClient

from infra.milvus.errors import filter_errors, milvus_errors
from infra.milvus.schema import VECTOR, Ability, Stored, check_names, described

for _name in ("pymilvus", "milvus_lite", "grpc._server"):
    logging.getLogger(_name).setLevel(logging.CRITICAL)

CONNECT_S = 10.0
CALL_S = 300.0  # without a limit of its own, pymilvus tries a dead server 75 times
MOST_HITS = 16_384  # that Milvus gives in one answer
PAGE_ROWS = 16_384  # the most a Milvus iterator gives at once; Lite looks at every row for each page
STRONG = {"consistency_level": "Strong"}  # a server may otherwise not yet show what was written


class MilvusReader:
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
        self._opened: dict[str, Stored] = {}  # what is loaded for searching, by its own name
        if self._folder:
            enter(uri, self._folder, create)
        try:
            with milvus_errors(uri):
                self._client = MilvusClient(self._folder or uri, token=token, timeout=CONNECT_S)
                self._client.list_collections(timeout=CONNECT_S)  # pymilvus hands out old connections untried
                self._able = Ability.of(self._client.get_server_version(timeout=CONNECT_S))
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

    def search(
        self,
        collection: str,
        vectors: np.ndarray,
        k: int,
        where: str = "",
        fields: Sequence[str] = NAMES,
        *,
        fingerprint: str = "",
    ) -> list[list[Hit]]:
        """The `k` most similar entities for each query, most similar first; fewer where fewer pass `where`.

        vectors      (N, D) float32
        where        Milvus filter over the columns of schemas.entity, such as `price >= 0 and price < 50`
        fields       the facts to return; every one by default
        fingerprint  what made the query vectors; where the collection's came from elsewhere, it is refused

        Raises VectorStoreError for an unknown collection, another vector length or fingerprint, or a filter
        that Milvus refuses.
        """
        stored = self._open(collection)
        if fingerprint and stored.fingerprint != fingerprint:
            why = f"holds fingerprint {stored.fingerprint}, the query has {fingerprint}; two models never mix"
            raise VectorStoreError(collection, why)
        queries = np.ascontiguousarray(vectors, dtype=np.float32)
        if queries.ndim != 2 or queries.shape[1] != stored.dim:
            why = f"queries of shape {queries.shape} for vectors of {stored.dim} components"
            raise VectorStoreError(collection, why)
        hits_by_query: list[list[Hit]] = []
        at_once = min(500, max(1, 500_000 // k))  # one call to Lite costs the same for 1 query and for 100
        options: dict[str, Any] = {"filter": where, "limit": k, "output_fields": list(fields)}
        if not self._able.null:
            check_names(collection, where)
        with filter_errors(collection, where, NAMES), milvus_errors(collection):
            for first in range(0, len(queries), at_once):
                some = queries[first : first + at_once]
                found = self._found(stored, collection, some, stored.looked(k), options)
                short = [n for n, hits in enumerate(found) if len(hits) < k]
                if short and stored.looked(k):  # few pass the filter, and they lie where was not looked
                    every = stored.looked(MOST_HITS)
                    again = self._found(stored, collection, some[short], every, options)
                    for n, hits in zip(short, again, strict=True):
                        found[n] = hits
                hits_by_query += found
        return hits_by_query

    def _found(
        self,
        stored: Stored,
        collection: str,
        queries: NDArray[np.float32],
        looked: dict[str, int],
        options: dict[str, Any],
    ) -> list[list[Hit]]:
        """The hits of some queries, looked for so thoroughly."""
        params = {"params": looked}
        answer = self._client.search(
            collection, stored.taken(queries), search_params=params, timeout=CALL_S, **options
        )
        return [[stored.hit(hit, options["output_fields"]) for hit in hits] for hits in answer]

    def ids(self, collection: str, where: str = "") -> set[str]:
        """Every entity_id in a collection, or of those that pass a filter."""
        self._open(collection)
        with filter_errors(collection, where, NAMES):
            return {row["entity_id"] for page in self._pages(collection, "entity_id", where) for row in page}

    def digests(self, collection: str) -> EntityDigests:
        """What a collection holds, every entity read."""
        self._open(collection)
        pieces = []
        for page in self._pages(collection, "digest"):
            keys, digests = [row["key"] for row in page], [int(row["digest"]) for row in page]
            pieces.append(EntityDigests.of_rows(keys, digests))
        return EntityDigests.joined(pieces)

    def digests_of(self, collection: str, keys: Sequence[str]) -> EntityDigests:
        """What a collection holds of some entities, by their hex keys."""
        self._open(collection)
        rows = self._call("query", collection, ids=list(keys), output_fields=["digest"], **STRONG)
        return EntityDigests.of_rows([row["key"] for row in rows], [int(row["digest"]) for row in rows])

    def facts(
        self, collection: str, entity_ids: Sequence[str], fields: Sequence[str] = NAMES
    ) -> dict[str, dict[str, Any]]:
        """What a collection says of some entities, by entity_id; one that is not there is left out."""
        self._open(collection)
        if not entity_ids:
            return {}
        wanted = ["entity_id", *(name for name in fields if name != "entity_id")]
        rows = self._call("query", collection, ids=entity_keys(entity_ids), output_fields=wanted, **STRONG)
        return {row["entity_id"]: {name: row.get(name) for name in fields} for row in rows}

    def length(self, collection: str) -> int:
        """How many components the vectors of a collection have."""
        return self._open(collection).dim

    def count(self, collection: str, where: str = "") -> int:
        """How many entities a collection holds, or how many of them pass a filter."""
        self._open(collection)
        options = {"filter": where, "output_fields": ["count(*)"], **STRONG}
        with filter_errors(collection, where, NAMES):
            return int(self._call("query", collection, **options)[0]["count(*)"])

    def fingerprint(self, collection: str) -> str:
        """What produced the vectors of a collection: a query must carry the same fingerprint."""
        return self._open(collection).fingerprint

    def collections(self) -> list[str]:
        """Names of all collections, sorted."""
        with milvus_errors(self.uri):
            return sorted(self._client.list_collections(timeout=CALL_S))

    def aliases(self) -> dict[str, str]:
        """Every alias, and the collection that it names."""
        with milvus_errors(self.uri):
            return {
                str(alias): str(name)
                for name in self._client.list_collections(timeout=CALL_S)
                for alias in self._client.list_aliases(name, timeout=CALL_S)["aliases"]
            }

    def pointed(self, alias: str) -> str:
        """The collection that an alias names; empty where there is no such alias."""
        return self.aliases().get(alias, "")

    def _call(self, method: str, collection: str, *arguments: Any, **options: Any) -> Any:
        """Call a method of the Milvus client about a collection, bounded in time."""
        with milvus_errors(collection):
            return getattr(self._client, method)(collection, *arguments, timeout=CALL_S, **options)

    def _open(self, collection: str) -> Stored:
        """Load a collection for searching, unless it is; returns what it is made of, which never changes.

        What an alias names may: it is looked up each time.
        """
        if collection in self._opened:
            return self._opened[collection]
        told = self._call("describe_collection", collection)
        name = told["collection_name"]
        if name not in self._opened:
            self._call("load_collection", collection)
            kind = self._call("describe_index", name, VECTOR)["index_type"]
            self._opened[name] = described(told, kind)
        return self._opened[name]

    def _pages(self, collection: str, field: str, where: str = "") -> Iterator[list[dict[str, Any]]]:
        """Every entity with its key and one field, some thousands at a time."""
        with milvus_errors(collection):
            options = {"filter": where, "output_fields": ["key", field], "timeout": CALL_S, **STRONG}
            pages = self._client.query_iterator(collection, PAGE_ROWS, **options)
            while page := pages.next():
                yield page
            pages.close()
