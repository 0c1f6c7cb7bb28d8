"""Seconds to compare the top 50 of 1,000 queries again, beside the bare arithmetic of a graph's nodes.

The method at full size (98 nodes of 64 numbers from 1,024 channels, 3 layers), on vectors of photos that have been
looked at already, as an evaluation keeps them. Bare is what cannot be left out: differences of windows, their squares,
and the projection of equation (5), in the same pieces.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import cast

import numpy as np
import pyarrow.fs as pafs
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from schemas.image_ids import ID
from workers.contract import NO_LABELS, registry
from workers.methods import grnet
from workers.retrieval.rerank import TOP, LocalVectors, Rerank
from workers.training.weights.checkpoint import pack, unpack

GALLERY = 2_000


def tool(folder: str, threads: int) -> Rerank:
    """The method as its seed makes it."""
    settings = registry.settings_of("grnet", {"weights": "random"})
    data = pack(registry.build(settings, NO_LABELS), settings, NO_LABELS, "random")
    path = Path(folder, f"{unpack(data, 'grnet').sha256}.safetensors")
    path.write_bytes(data)
    return Rerank(pafs.LocalFileSystem(), str(path), gpus="auto", threads=threads)


def bare(rerank: Rerank, seen: LocalVectors, queries: np.ndarray, tops: np.ndarray) -> None:
    """Differences, squares, projection."""
    graph = cast(grnet.Method, rerank.method).graph
    project, device = graph.project.weight.detach(), rerank.device
    with torch.inference_mode():
        for query, top in zip(queries, tops, strict=True):
            one, others = (torch.from_numpy(seen.values[rows]).to(device).float() for rows in (query, top))
            for cells in (slice(0, 1), slice(1, 5), slice(5, 14)):
                differences = one[None, cells, None] - others[:, None, cells]
                torch.nn.functional.linear(differences.square_(), project)
        if device.type == "cuda":
            torch.cuda.synchronize()


def timed(work: Callable[..., object], queries: np.ndarray, tops: np.ndarray) -> tuple[float, float]:
    """Seconds by the clock, and of the processor: other processes of the machine take some of the clock's."""
    work(queries[:5], tops[:5])
    begun, busy = time.perf_counter(), time.process_time()
    work(queries, tops)
    return time.perf_counter() - begun, time.process_time() - busy


def main() -> None:
    """Print one line."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--queries", type=int, default=1_000)
    arguments.add_argument("--threads", type=int, default=1, help="of torch; 0: one per core")
    chosen = arguments.parse_args()
    random = np.random.default_rng(0)
    values = random.random((GALLERY, 14, 1024), np.float32)
    values /= np.linalg.norm(values, axis=2, keepdims=True)
    seen = LocalVectors(np.sort(np.frombuffer(random.bytes(32 * GALLERY), ID)), values.astype(np.float16))
    queries = random.integers(0, GALLERY, chosen.queries)
    tops = random.integers(0, GALLERY, (chosen.queries, TOP))
    with tempfile.TemporaryDirectory() as folder:
        rerank = tool(folder, chosen.threads)
    seconds, busy = timed(lambda *of: rerank.top_scores(seen, *of), queries, tops)
    _, least = timed(lambda *of: bare(rerank, seen, *of), queries, tops)
    print(
        f"{chosen.queries:,} queries x {TOP} on {rerank.device}, threads {rerank.threads}: {seconds:.1f} s, "
        f"{1_000 * seconds / chosen.queries:.1f} ms a query; of {busy:.1f} s of the processor's time "
        f"equation (5) alone takes {least:.1f}, {least / busy:.2f}"
    )


if __name__ == "__main__":
    main()
