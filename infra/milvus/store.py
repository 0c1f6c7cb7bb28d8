"""The search index: entities in Milvus, one collection per index run, the same code for Lite and a server.

infra/milvus/rows.py makes the rows: their key, and the digest by which a load that was killed goes on.
"""

import time
from collections.abc import Callable, Iterable, Sequence

import numpy as np
import pyarrow as pa
from pymilvus.exceptions import MilvusException

from infra.milvus.digests import EntityDigests, Loaded
from infra.milvus.errors import is_transient, milvus_errors
from infra.milvus.reader import CALL_S, STRONG, MilvusReader
from infra.milvus.rows import rows, vector_length
from infra.milvus.schema import VECTOR, Stored, columns, indexes
from schemas.errors import VectorStoreError

BATCH_BYTES = 8 << 20
BATCH_ROWS = 2_000
SAMPLED = 20  # vectors that are searched for after a load
FOUND, MOST_FOUND = 0.95, 0.9  # the cosine with itself that quantised kinds keep, and the share of them
SHOWN_S = 120.0  # within which searches see what was written; 5 by a server's defaults


class VectorStore(MilvusReader):
    """Collections of entities at an address, to load, point at, and drop; opened and closed as its base."""

    def load(
        self,
        collection: str,
        fingerprint: str,
        entities: Iterable[pa.Table],
        on_progress: Callable[[int], None] = lambda rows: None,
        *,
        index: str = "FLAT",
        half: bool = False,
    ) -> Loaded:
        """Make `collection` hold exactly these entities, and prove it by reading back every id and digest.

        entities     tables of schemas.entity.entities_schema(D), every entity once
        on_progress  hears how many rows were dealt with since it was last called
        index        a name of infra.milvus.kinds.KINDS
        half         whether vectors are kept as float16: half the memory, cosines to some 1e-3

        A collection that is there already, as after a kill, is sent what it lacks or has otherwise, and loses
        the rest. Keeps 72 bytes of memory per entity. Raises VectorStoreError where the collection holds another
        fingerprint, vector length or index, or cannot have it; where an entity comes twice, or none comes at all (an
        index of nothing is a mistake upstream); and where what is there at the end is not what was given.
        """
        self._able.check(collection, index, half=half)
        stored = EntityDigests.joined([])
        given: list[EntityDigests] = []
        sample: list[np.ndarray] = []
        dim = upserted = 0
        for table in entities:
            length = vector_length(collection, table)
            if not dim:
                dim, kept = length, Stored(fingerprint, length, half, index)
                if not self._create(collection, kept):
                    stored = self.digests(collection)
            for batch in table.to_batches(min(BATCH_ROWS, BATCH_BYTES // (4 * dim + 1_000) or 1)):
                made = list(rows(batch, dim))
                given.append(
                    EntityDigests.of_rows([row["key"] for row in made], [row["digest"] for row in made])
                )
                if len(sample) < SAMPLED:
                    sample += [row[VECTOR] for row in made[:SAMPLED] if row[VECTOR].any()]
                changed = [made[place] for place in np.flatnonzero(~stored.told(given[-1]))]
                if changed:
                    self._call("upsert", collection, kept.rows_taken(changed, null=self._able.null))
                upserted += len(changed)
                on_progress(batch.num_rows)
        if not given:
            raise VectorStoreError(collection, "there are no entities to load")
        wanted = EntityDigests.joined(given)
        self._refuse_twice(collection, wanted)
        surplus = stored.only(~wanted.has(stored.keys)).hex_keys()
        self.remove(collection, surplus)
        self._verify(collection, wanted)
        self._verify_found(collection, np.array(sample[:SAMPLED]))
        return Loaded(upserted, len(surplus), wanted)

    def point(self, alias: str, collection: str) -> None:
        """Let an alias name a collection from now on. A request in flight may still ask the one before."""
        with milvus_errors(alias):
            try:
                self._client.alter_alias(collection, alias, timeout=CALL_S)
            except MilvusException as error:
                if is_transient(error):
                    raise
                # There is none yet. One of a dropped collection is there, and moves, though no list has it.
                self._client.create_alias(collection, alias, timeout=CALL_S)

    def remove(self, collection: str, keys: Sequence[str]) -> None:
        """Remove entities by their hex keys; one that is not there is no fault."""
        for first in range(0, len(keys), BATCH_ROWS):
            self._call("delete", collection, ids=list(keys[first : first + BATCH_ROWS]))
        self._call("flush", collection)

    def drop(self, collection: str) -> None:
        """Remove a collection with all it holds, and its aliases; nothing happens where there is none."""
        self._opened.pop(collection, None)
        if self._call("has_collection", collection):
            for alias in self._call("list_aliases", collection)["aliases"]:
                self._client.drop_alias(alias, timeout=CALL_S)
        self._call("drop_collection", collection)

    def _create(self, collection: str, wanted: Stored) -> bool:
        """Create what is missing, which after a kill may be the index alone; refuse a foreign collection.

        Returns whether the collection is new, and so holds nothing.
        """
        new = not self._call("has_collection", collection)
        if new:
            schema, properties = columns(wanted, self._able)
            self._call("create_collection", collection, schema=schema, properties=properties)
        if not self._call("list_indexes", collection, field_name=VECTOR):
            params = indexes(wanted.index, self._able)
            self._call("create_index", collection, params)
        there = self._open(collection)
        if (there.fingerprint, there.dim) != (wanted.fingerprint, wanted.dim):
            why = (
                f"holds fingerprint {there.fingerprint} with {there.dim} components, not {wanted.fingerprint}"
            )
            raise VectorStoreError(collection, f"{why} with {wanted.dim}; two models never mix")
        if there != wanted:
            is_, not_ = (f"{it.index} of {'half' if it.half else 'whole'} floats" for it in (there, wanted))
            raise VectorStoreError(
                collection, f"is indexed as {is_}, not {not_}; drop it to build another index"
            )
        return new

    def _bounded_count(self, collection: str) -> int:
        told = self._call(
            "query", collection, filter="", output_fields=["count(*)"], consistency_level="Bounded"
        )
        return int(told[0]["count(*)"])

    def _refuse_twice(self, collection: str, wanted: EntityDigests) -> None:
        """Raise VectorStoreError, naming it, for an entity that came twice."""
        if twice := wanted.twice().hex_keys():
            [row] = self._call("query", collection, ids=twice[:1], output_fields=["entity_id"], **STRONG)
            raise VectorStoreError(row["entity_id"], "is to be loaded twice")

    def _verify(self, collection: str, wanted: EntityDigests) -> None:
        """Read the collection back; raises VectorStoreError unless searches see exactly these entities in it."""
        there = self.digests(collection)
        until = time.monotonic() + SHOWN_S
        while (seen := self._bounded_count(collection)) != len(there):
            if time.monotonic() > until:
                why = f"holds {len(there)} entities, of which searches see {seen} after {SHOWN_S:.0f} s"
                raise VectorStoreError(collection, why, transient=True)
            time.sleep(0.1)  # a search sees a server as it was some seconds ago
        other = len(there) - int(wanted.told(there).sum())
        missing = len(wanted) - int(there.has(wanted.keys).sum())
        if other or missing or self.count(collection) != len(wanted):
            why = f"holds {len(there)} entities, not {len(wanted)}; {missing} are missing, {other} are others"
            raise VectorStoreError(collection, why)

    def _verify_found(self, collection: str, sample: np.ndarray) -> None:
        """Search for what was loaded: a server may take what it cannot find again. A zero vector is like nothing."""
        if not len(sample):
            return
        hits = self.search(collection, sample, 1, fields=["entity_id"])
        found = sum(bool(nearest) and nearest[0].similarity > FOUND for nearest in hits)
        if found < MOST_FOUND * len(sample):
            why = f"of {len(sample)} vectors that it holds a search finds {found}; this Milvus does not build it right"
            raise VectorStoreError(collection, why)
