"""Time, memory and recall of near-duplicate search, by the number of photos, on hashes that crowd as real ones do.

Synthetic: two fifths of the photos are garments of one colour on white paper whose hashes lie in 300 clusters, a
few bits around an outline; one photo in a hundred has the hash of 0.3 % of all, some with the same thumbnail too.
Some are copied with up to four bits and a few levels changed: these are to be found. One process per size.

    python tests/bench/near_duplicates.py [--quick | --photos N ...]
"""

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.bench.train_memory import peak
from workers.data.hash_tables import HAMMING
from workers.data.near_duplicates import PhotoFeatures, photo_groups

CLUSTERS, IN_CLUSTERS = 300, 0.4
SAME_HASH = 0.003  # of all photos, three times: the same thumbnail, nearly the same, any
SIZES = (10_000, 100_000, 1_000_000, 4_000_000)


def planted(n: int, copies: int, seed: int = 0) -> tuple[PhotoFeatures, NDArray[np.int64], NDArray[np.int64]]:
    """n photos of which the last `copies` are near-duplicates of others: features, originals, copies."""
    random = np.random.default_rng(seed)
    hashes = random.integers(0, 2**64, n, np.uint64)
    thumbnails = _garments(random, n)
    flat = np.arange(int(IN_CLUSTERS * n))
    cluster = random.integers(0, CLUSTERS, len(flat))
    outlines = random.random((CLUSTERS, 64, 1)) < 0.5
    hashes[flat] = _flipped(random, hashes[cluster], random.integers(0, 5, len(flat)))
    for first in range(0, len(flat), 100_000):
        rows = flat[first : first + 100_000]
        paper = ~outlines[cluster[rows]].repeat(3, 2).reshape(-1, 192)
        thumbnails[rows] = np.where(paper, 250 + random.integers(0, 3, paper.shape), thumbnails[rows])
    same = int(SAME_HASH * n)
    for place, noise in enumerate((0, 3, 0)):
        rows = len(flat) + np.arange(place * same, (place + 1) * same)
        hashes[rows] = hashes[rows[0]]
        if place < 2:
            base = thumbnails[rows[0]].clip(10, 245).astype(np.int16)
            thumbnails[rows] = base + random.integers(-noise, noise + 1, (same, 192))
    originals = random.choice(n - copies, copies, replace=False)
    copied = np.arange(n - copies, n)
    hashes[copied] = _flipped(random, hashes[originals], random.integers(0, HAMMING + 1, copies))
    moved = thumbnails[originals].astype(np.int16) + random.integers(-2, 3, (copies, 192))
    thumbnails[copied] = moved.clip(0, 255)
    quality = np.where(np.arange(n) < len(flat), 40, 80).astype(np.int8)
    quality[copied] = quality[originals]
    return PhotoFeatures(hashes, thumbnails, np.full(n, 0.75), quality), originals, copied


def _garments(random: np.random.Generator, n: int) -> NDArray[np.uint8]:
    """(n, 192) a colour with smooth shading and a little noise, as 8 x 8 parts are."""
    waves = np.stack([np.cos(np.pi * k * (np.arange(8) + 0.5) / 8) for k in range(1, 3)])
    shades = np.stack([np.outer(a, b).ravel() for a in (*waves, np.ones(8)) for b in (*waves, np.ones(8))])
    made = np.empty((n, 192), np.uint8)
    for first in range(0, n, 100_000):
        count = min(100_000, n - first)
        colour = random.uniform(20, 250, (count, 1, 3))
        shade = (random.normal(0, 9, (count, 9)) @ shades)[:, :, None]
        noise = random.normal(0, 2, (count, 64, 3))
        made[first : first + count] = (colour + shade + noise).clip(0, 255).reshape(count, 192)
    return made


def _flipped(
    random: np.random.Generator, hashes: NDArray[np.uint64], bits: NDArray[np.int64]
) -> NDArray[np.uint64]:
    for turn in range(int(bits.max(initial=0))):
        flip = np.uint64(1) << random.integers(0, 64, len(hashes)).astype(np.uint64)
        hashes = np.where(bits > turn, hashes ^ flip, hashes)
    return hashes


def measure(photos: int) -> dict[str, Any]:
    """Of this process: what was found, seconds, bytes at the peak and of the features."""
    features, originals, copies = planted(photos, min(photos // 10, 10_000))
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew: drawing the photos is not measured
    before, begun, used = peak(), time.monotonic(), time.process_time()
    groups = photo_groups(features)
    return {
        "seconds": time.monotonic() - begun,
        "cpu": time.process_time() - used,
        "found": float((groups.group[originals] == groups.group[copies]).mean()),
        "comparisons": groups.comparisons,
        "pairs": groups.pairs,
        "peak": peak(),
        "before": before,
        "features": sum(column.nbytes for column in vars(features).values()),
    }


def main() -> None:
    """Print one line per size."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--quick", action="store_true", help="without the millions")
    parser.add_argument("--photos", type=int, nargs="*", default=SIZES, help="sizes")
    parser.add_argument("--one", type=int, default=0, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        print(json.dumps(measure(given.one)))
        return
    for photos in SIZES[:2] if given.quick else given.photos:
        command = [sys.executable, __file__, "--one", str(photos)]
        found = json.loads(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout)
        mib = {name: found[name] / 2**20 for name in ("before", "peak", "features")}
        print(
            f"{photos:>10,} photos: {100 * found['found']:.2f} % of the planted found, {found['seconds']:,.1f} s "
            f"({found['cpu']:,.1f} of a core), "
            f"{found['comparisons']:,} comparisons, {found['pairs']:,} pairs, peak {mib['peak']:,.0f} MiB "
            f"({mib['before']:,.0f} before, features {mib['features']:,.0f})",
            flush=True,
        )


if __name__ == "__main__":
    main()
