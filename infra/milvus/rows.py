"""Entities as Milvus takes them: one mapping per row, text cut to what a column holds, and two digests.

key     digest of the entity's id and the primary key in Milvus: pymilvus pastes keys unescaped into filter
        expressions, and a shop's own key may hold quotes
digest  of everything the row says, so that two indexes can be compared
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from schemas.entity import FACTS, entities_schema
from schemas.errors import VectorStoreError

NAMES = [field.name for field in FACTS]
OPTIONAL = frozenset(field.name for field in FACTS if field.nullable)
KEY_CHARACTERS = 32
_IDS = ("entity_id", "image_id", "product_id")  # never cut: a shortened id is another thing's id
_BYTES = {"url": 8_192, "image_url": 8_192, "category": 4_096} | dict.fromkeys(_IDS, 2_048)
_SHORT_BYTES = 1_000


@dataclass(frozen=True)
class Hit:
    """One hit: the entity's facts by column name, and cosine (or inner product) with the query."""

    facts: dict[str, Any]
    similarity: float


def most_bytes(name: str) -> int:
    """The most UTF-8 bytes a text column of the index holds."""
    return _BYTES.get(name, _SHORT_BYTES)


def vector_length(what: str, table: pa.Table) -> int:
    """D of a table of entities. Raises VectorStoreError where its columns are not the declared ones."""
    kind = table.schema.field("vector").type if "vector" in table.column_names else None
    if kind is None or not pa.types.is_fixed_size_list(kind):
        raise VectorStoreError(what, "a table of entities has no column vector of fixed length")
    dim = int(kind.list_size)
    if difference := set(table.column_names) ^ set(entities_schema(dim).names):
        why = f"a table of entities has other columns than declared: {sorted(difference)}"
        raise VectorStoreError(what, why)
    return dim


def rows(batch: pa.RecordBatch, dim: int) -> Iterator[dict[str, Any]]:
    """The rows of one batch of entities, each with its `key` and `digest`; vectors are NumPy rows.

    Raises VectorStoreError, naming the entity, for an empty column, an id too long to store, or a vector of
    another length or with a component that is no number.
    """
    columns = [batch[name].to_pylist() for name in NAMES]
    ids = columns[NAMES.index("entity_id")]
    if batch.schema.field("vector").type.list_size != dim or batch["vector"].null_count:
        raise VectorStoreError(str(ids[0]), f"has no vector of {dim} components")
    flat = batch["vector"].flatten().to_numpy(zero_copy_only=False)
    vectors = np.ascontiguousarray(flat, dtype=np.float32).reshape(-1, dim)
    if len(bad := np.flatnonzero(~np.isfinite(vectors).all(axis=1))):
        raise VectorStoreError(str(ids[bad[0]]), "its vector has a component that is no number")
    for entity_id, vector, *values in zip(ids, vectors, *columns, strict=True):
        row: dict[str, Any] = {
            name: _stored(entity_id, name, value) for name, value in zip(NAMES, values, strict=True)
        }
        contents = hashlib.blake2b(repr(list(row.values())).encode(), digest_size=8)
        contents.update(vector.tobytes())
        row["digest"] = int.from_bytes(contents.digest(), signed=True)
        [row["key"]] = entity_keys([entity_id])
        row["vector"] = vector
        yield row


def entity_keys(entity_ids: Iterable[str]) -> list[str]:
    """The primary keys of some entities in Milvus, hex."""
    size = KEY_CHARACTERS // 2
    return [hashlib.blake2b(name.encode(), digest_size=size).hexdigest() for name in entity_ids]


def cut(text: str, most: int) -> str:
    """The longest beginning of `text` of at most `most` UTF-8 bytes; never half a character."""
    data = text.encode()
    return text if len(data) <= most else data[:most].decode(errors="ignore")


def _stored(entity_id: str, name: str, value: Any) -> Any:
    if value is None:
        if name in OPTIONAL:
            return None
        raise VectorStoreError(str(entity_id), f"its column {name} is empty")
    if not isinstance(value, str):
        return value
    if name in _IDS and len(value.encode()) > most_bytes(name):
        raise VectorStoreError(value[:80] + "...", f"{name} is longer than {most_bytes(name):,} bytes")
    return cut(value, most_bytes(name))
