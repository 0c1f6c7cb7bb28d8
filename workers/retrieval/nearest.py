"""Exact nearest neighbours by inner product, in pieces: never an N x N matrix.

Memory is bounded by (chunk x gallery) similarities; faiss, torch and NumPy run the same BLAS here.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray

CHUNK_BYTES = 256 << 20


def similarities(
    queries: NDArray[np.float32], gallery: NDArray[np.float32]
) -> Iterator[tuple[slice, NDArray[np.float32]]]:
    """Pieces of the (N, G) similarity matrix: which queries, and their rows."""
    step = max(1, CHUNK_BYTES // (4 * max(1, len(gallery))))
    transposed = torch.from_numpy(np.ascontiguousarray(gallery)).T
    for first in range(0, len(queries), step):
        piece = slice(first, min(first + step, len(queries)))
        yield piece, (torch.from_numpy(np.ascontiguousarray(queries[piece])) @ transposed).numpy()


def best(row_block: NDArray[np.float32], k: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Indices and similarities of the k largest per row, best first: (N, k) each; k is cut to G."""
    values, places = torch.topk(torch.from_numpy(row_block), min(k, row_block.shape[1]), dim=1)
    return places.numpy(), values.numpy()


def pessimistic_ranks(
    row_block: NDArray[np.float32], relevant: Sequence[NDArray[np.int64]]
) -> NDArray[np.int64]:
    """Rank of each query's best right photo, counted from 1; 0 where the gallery holds none.

    row_block  (N, G) similarities
    relevant   per query, indices of the right photos
    Every wrong photo that scores at least as much stands before it, so a model that gives all photos
    one vector ranks last and not first.
    """
    ranks = np.zeros(len(row_block), np.int64)
    for n, (row, right) in enumerate(zip(row_block, relevant, strict=True)):
        if len(right):
            bar = row[right].max()
            ranks[n] = 1 + np.count_nonzero(row >= bar) - np.count_nonzero(row[right] >= bar)
    return ranks
