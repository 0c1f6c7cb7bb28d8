"""Vectors as an index of a shop holds them, drawn: products of a few photos, kinds of many products."""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from schemas.entity import FACTS, entities_schema

DIM = 512
PHOTOS_A_PRODUCT, PRODUCTS_A_KIND = 3, 200
OF_KIND, OF_PRODUCT, OF_PHOTO = 1.0, 0.7, 0.4  # how far each moves a vector
PIECE = 20_000


def drawn(rows: int, seed: int = 0, dim: int = DIM) -> NDArray[np.float32]:
    """(rows, dim) vectors of L2 norm 1; another seed draws other photos of the same kinds."""
    fixed = np.random.default_rng(7)
    kinds = fixed.standard_normal((max(1, rows // (PHOTOS_A_PRODUCT * PRODUCTS_A_KIND)), dim), np.float32)
    random = np.random.default_rng((seed, rows))
    vectors = np.empty((rows, dim), np.float32)
    for first in range(0, rows, PIECE):
        piece = vectors[first : first + PIECE]
        number = np.arange(first, first + len(piece)) // PHOTOS_A_PRODUCT
        products = random.standard_normal((len(np.unique(number)), dim), np.float32)
        piece[:] = OF_PHOTO * random.standard_normal(piece.shape, np.float32)
        piece += OF_PRODUCT * products[number - number[0]] + OF_KIND * kinds[number % len(kinds)]
        piece /= np.linalg.norm(piece, axis=1, keepdims=True)
    return vectors


def entities_of(vectors: NDArray[np.float32]) -> pa.Table:
    """Entities with facts as long as shops' are."""
    rows = len(vectors)
    facts: dict[str, object] = {}
    for field in FACTS:
        if field.type == pa.string():
            facts[field.name] = [f"{field.name} of a photo, number {number}" for number in range(rows)]
        elif field.type == pa.float64():
            facts[field.name] = [float(number % 300) for number in range(rows)]
        else:
            facts[field.name] = [None if number % 3 == 0 else number % 3 == 1 for number in range(rows)]
    facts["vector"] = pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), vectors.shape[1])
    return pa.table(facts, schema=entities_schema(vectors.shape[1]))
