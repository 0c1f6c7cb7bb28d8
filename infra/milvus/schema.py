"""A collection in Milvus's types: its columns, its indexes, and what Milvus says of one that is there."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pymilvus import DataType, MilvusClient

from infra.milvus.kinds import KINDS
from infra.milvus.rows import KEY_CHARACTERS, NAMES, OPTIONAL, Hit, most_bytes
from schemas.entity import FACTS
from schemas.errors import VectorStoreError

VECTOR = "vector"
METRIC = "COSINE"
FINGERPRINT = "vitrine.fingerprint"
FILTERED = ("shop", "brand", "category", "colour", "price")  # with an index of their own
_SCALARS = {pa.string(): DataType.VARCHAR, pa.float64(): DataType.DOUBLE, pa.bool_(): DataType.BOOL}
_QUOTED = re.compile(r"'(?:[^'\\]|\\.)*'|" + r'"(?:[^"\\]|\\.)*"')
_WORDS = frozenset(
    {"and", "or", "not", "in", "like", "true", "false", "exists"}
)  # of the language of filters


@dataclass(frozen=True)
class Stored:
    """What a collection is made of.

    dim    components of its vectors
    half   whether it keeps them as float16
    index  the kind of its index; empty while it has none
    """

    fingerprint: str
    dim: int
    half: bool
    index: str = ""

    def taken(self, vectors: NDArray[np.float32]) -> list[NDArray[Any]]:
        """Vectors (N, D) as Milvus takes them."""
        return list(vectors.astype(np.float16) if self.half else vectors)

    def rows_taken(self, rows: list[dict[str, Any]], *, null: bool) -> list[dict[str, Any]]:
        """Rows as Milvus takes them; where it knows no null, they are without what they lack."""
        vectors = self.taken(np.array([row[VECTOR] for row in rows]))
        kept = (
            row if null else {name: value for name, value in row.items() if value is not None} for row in rows
        )
        return [row | {VECTOR: vector} for row, vector in zip(kept, vectors, strict=True)]

    def looked(self, k: int) -> dict[str, int]:
        """What Milvus is told of how thoroughly to look for `k` entities."""
        return KINDS[self.index].looked(k) if self.index in KINDS else {}

    def hit(self, found: Any, fields: Sequence[str]) -> Hit:
        """A hit with these columns; a vector may come as numbers, or as the bytes of half ones."""
        entity = found["entity"]  # each look costs a search through what pymilvus keeps beside it
        facts = {name: entity.get(name) for name in fields}
        if VECTOR in facts:
            data = facts[VECTOR]
            half = isinstance(data, bytes)
            facts[VECTOR] = np.frombuffer(data, np.float16) if half else np.asarray(data, np.float32)
        return Hit(facts, float(found["distance"]))


@dataclass(frozen=True)
class Ability:
    """What a Milvus can.

    lite  Milvus Lite, in this process or as a server
    null  columns can be null; an older server's rows lack the column instead, which is then a dynamic field
    half  vectors can be float16; servers of 2.3 take those and, once a segment is sealed, find them no more
    """

    lite: bool
    null: bool
    half: bool

    @classmethod
    def of(cls, version: str) -> "Ability":
        """What a Milvus that calls itself so can; a server that names no number is a new one."""
        lite = version.startswith("milvus_lite")
        numbers = re.search(r"(\d+)\.(\d+)", version)
        release = (int(numbers[1]), int(numbers[2])) if numbers else (9, 9)
        return cls(lite, null=lite or release >= (2, 5), half=not lite and release >= (2, 4))

    def check(self, collection: str, kind: str, *, half: bool) -> None:
        """Raise VectorStoreError for an index that this Milvus would not build; a server refuses most by itself."""
        if kind not in KINDS:
            raise VectorStoreError(collection, f"index {kind} is none of {', '.join(KINDS)}")
        if self.lite and not KINDS[kind].lite:
            built = ", ".join(name for name, each in KINDS.items() if each.lite)
            raise VectorStoreError(collection, f"Milvus Lite builds no {kind}, but {built}; or use a server")
        if half and not self.half:
            raise VectorStoreError(collection, "half floats need a Milvus server of 2.4 or newer")


def check_names(collection: str, where: str) -> None:
    """Raise VectorStoreError where a filter names no column: with a dynamic field any name is taken, and is nowhere."""
    for name in re.findall(r"[A-Za-z_]\w*", _QUOTED.sub("", where)):
        if name not in NAMES and name.lower() not in _WORDS:
            why = f"field {name} does not exist; a filter can name {', '.join(NAMES)}"
            raise VectorStoreError(f"{collection} where {where}", why)


def columns(stored: Stored, able: Ability) -> tuple[Any, dict[str, str]]:
    """The columns of schemas.entity in Milvus's types, with the two digests; and the collection's properties."""
    about = f"vitrine entities, {FINGERPRINT}={stored.fingerprint}"  # Lite forgets it and keeps properties
    schema = MilvusClient.create_schema(auto_id=False, enable_dynamic_field=not able.null, description=about)
    schema.add_field("key", DataType.VARCHAR, is_primary=True, max_length=KEY_CHARACTERS)
    schema.add_field("digest", DataType.INT64)
    for field in FACTS:
        bound = {"max_length": most_bytes(field.name)} if field.type == pa.string() else {}
        if able.null or not field.nullable:
            schema.add_field(field.name, _SCALARS[field.type], nullable=field.nullable, **bound)
    schema.add_field(
        VECTOR, DataType.FLOAT16_VECTOR if stored.half else DataType.FLOAT_VECTOR, dim=stored.dim
    )
    return schema, {FINGERPRINT: stored.fingerprint}


def indexes(kind: str, able: Ability) -> Any:
    """The index over vectors, and those over the columns that filters name."""
    params = MilvusClient.prepare_index_params()
    params.add_index(VECTOR, index_type=kind, metric_type=METRIC, params=dict(KINDS[kind].built))
    for name in FILTERED:
        if able.null or name not in OPTIONAL:
            params.add_index(name, index_type="INVERTED" if able.lite else "")  # a server chooses what it has
    return params


def described(collection: dict[str, Any], index: str) -> Stored:
    """What a collection is made of, as Milvus describes it."""
    about = re.search(rf"{FINGERPRINT}=([\w-]+)", collection["description"])
    fingerprint = collection["properties"].get(FINGERPRINT, about[1] if about else "unknown")
    [vector] = (field for field in collection["fields"] if field["name"] == VECTOR)
    half = vector["type"] == DataType.FLOAT16_VECTOR
    return Stored(str(fingerprint), int(vector["params"]["dim"]), half, index)
