"""Memory of what a training knows about a catalogue: label rows gathered as arrays, the word sampler, and the order in
which an epoch of streamed photos comes.

Synthetic rows, one photo a product, eight words each of a vocabulary of 30,000; no pixels. One process per
size, its peak read from the kernel. What grows should be the rows and the inverted index alone.

    python tests/bench/train_memory.py [--quick]
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from workers.data.dataset import Dataset
from workers.data.sampler import BatchSampler, WordSampler
from workers.data.window_sampler import WindowSampler

WORDS_EACH = 8


def peak() -> int:
    """Largest resident set so far, bytes."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))


def rows(products: int) -> Iterator[pa.RecordBatch]:
    """Label rows as they come from the lake, one photo a product, made as they are read."""
    random = np.random.default_rng(0)
    for first in range(0, products, 10_000):
        count = min(10_000, products - first)
        words = np.sort(random.integers(0, 30_000, (count, WORDS_EACH)), axis=1).astype(np.int32)
        ids = [random.bytes(32).hex() for _ in range(count)]
        lists = pa.ListArray.from_arrays(
            np.arange(0, words.size + 1, WORDS_EACH, dtype=np.int32), words.ravel()
        )
        yield pa.RecordBatch.from_arrays(
            [pa.array(ids), lists, pa.array(["train"] * count), pa.array(np.arange(first, first + count))],
            ["image_id", "words", "split", "group"],
        )


def memory(products: int) -> dict[str, Any]:
    """Of this process, in bytes: at its peak before and all in all, and what the arrays take."""
    before = peak()
    photos = Dataset.gather(rows(products), 30_000)
    words = photos.sparse("words")
    sampler = WordSampler(words)
    order = WindowSampler(BatchSampler(sampler, products, 64), np.arange(products) // 500, 16_384)
    begun = time.perf_counter()
    order(1, 0)
    arrays = (photos.ids, photos.dense("product"), words.starts, words.ids)
    return {
        "before": before,
        "peak": peak(),
        "ordered": time.perf_counter() - begun,
        "rows": sum(array.nbytes for array in arrays),
        "index": sampler.index_bytes,
        "occurrences": len(words.ids),
    }


def main() -> None:
    """Print one line per size."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--quick", action="store_true", help="without the million")
    parser.add_argument("--products", type=int, default=0, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.products:
        print(json.dumps(memory(given.products)))
        return
    for products in (1_000, 100_000) if given.quick else (1_000, 100_000, 1_000_000):
        command = [sys.executable, __file__, "--products", str(products)]
        found = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
        mib = {name: found[name] / 2**20 for name in ("before", "peak", "rows", "index")}
        print(
            f"{products:>9,} products: peak {mib['peak']:,.0f} MiB ({mib['before']:,.0f} before), "
            f"rows {mib['rows']:,.1f} MiB, inverted index {mib['index']:,.1f} MiB = "
            f"{found['index'] / found['occurrences']:.1f} B per word occurrence, "
            f"an epoch ordered in {found['ordered']:.1f} s",
            flush=True,
        )


if __name__ == "__main__":
    main()
