"""Entities for an index, and the collection that they go into."""

import numpy as np
import pyarrow as pa

from schemas.entity import FACTS, collection_for, entities_schema

PRINT, OTHER = "1a2b3c4d5e6f" + "0" * 52, "f" * 64
RUN = "20261124T010203Z-00ff"
CORBIERE = collection_for(PRINT, RUN)
DIM = 16


def entities(count: int, dim: int = DIM, **columns: list[object]) -> pa.Table:
    """Entities "0/shop:0" ... with random unit vectors, the same at every call; `columns` replace the facts."""
    facts: dict[str, object] = {}
    for field in FACTS:
        if field.type == pa.string():
            facts[field.name] = [f"{field.name} {number}" for number in range(count)]
        elif field.type == pa.float64():
            facts[field.name] = [float(number) for number in range(count)]
        else:
            facts[field.name] = [number % 2 == 0 for number in range(count)]
    facts["entity_id"] = [f"{number}/shop:{number}" for number in range(count)]
    vectors = np.random.default_rng(0).standard_normal((count, dim)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    facts["vector"] = pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), dim)
    return pa.table(facts | columns, schema=entities_schema(dim))


def vectors_of(table: pa.Table) -> np.ndarray:
    return np.stack(table["vector"].to_numpy())
