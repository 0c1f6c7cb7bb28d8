"""Exact ranks of many queries in a whole gallery, beside faiss's flat search, which keeps the first alone."""

import argparse
import resource
import time

import faiss
import numpy as np
import torch

from tests.bench.found.drawn_vectors import PHOTOS_A_PRODUCT, drawn
from workers.retrieval.ranking import Gallery, rank

K = 50


def options(parser: argparse.ArgumentParser) -> None:
    """Add this part's options."""
    parser.add_argument(
        "--queries", type=int, default=2_000, help="queries that are ranked; the goal names 10,000"
    )
    parser.add_argument("--gallery", type=int, default=200_000, help="photos; the goal names 1,000,000")


def measure(given: argparse.Namespace) -> None:
    """Print seconds of the processor of both, one thread each, their ratio, and the peak of memory."""
    torch.set_num_threads(1)
    faiss.omp_set_num_threads(1)
    vectors, queries = drawn(given.gallery), drawn(given.gallery, seed=1)[: given.queries]
    products = np.arange(len(queries)) // PHOTOS_A_PRODUCT
    right = [product * PHOTOS_A_PRODUCT + np.arange(PHOTOS_A_PRODUCT) for product in products]
    gallery = Gallery(vectors, np.arange(len(vectors)))
    begun = time.process_time()
    ours = rank(queries, gallery, right, K)
    seconds, peak = time.process_time() - begun, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    flat = faiss.IndexFlatIP(vectors.shape[1])
    flat.add(vectors)
    begun = time.process_time()
    theirs = np.concatenate(
        [flat.search(queries[first : first + 1_024], K)[1] for first in range(0, len(queries), 1_024)]
    )
    bare = time.process_time() - begun
    same = float((ours.answers == theirs).mean())
    size = f"{len(queries):,} queries x {len(vectors):,} x {vectors.shape[1]}"
    print(f"{size}: ranks and the first {K} in {seconds:.1f} CPU-s")
    print(
        f"faiss {bare:.1f} CPU-s, ratio {seconds / bare:.2f}; {same:.4f} of the first {K} at the same place"
    )
    print(f"peak {peak / 2**20:.1f} GiB, of which vectors {vectors.nbytes / 2**30:.1f}")
