"""Products labelled per second, and the memory of all processes, by the number of products.

Synthetic products, one photo each: titles of 6 words, 3 categories, 5 tags, a description of 60 words, of a
vocabulary as skewed as a language's is. Memory is what this process and its children hold together, each page once
(PSS), looked at every half second; Ray's object store is in it.

    python tests/bench/label.py [--products N ...]
"""

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from flows.learn.label import label_products
from flows.parameters.label import LabelParameters
from infra.lake import Lake
from infra.open_run import OpenRun
from schemas.image import IMAGES
from schemas.product import PRODUCTS

SIZES = (10_000, 100_000, 1_000_000)
WORDS = {"title": 6, "description": 60}
LISTS = {"categories": 3, "tags": 5}
AT_ONCE = 10_000
ALLOWED = {"allowed": True, "noai": False, "noimageai": False}
SYLLABLES = "ba ke li no ru sa te vi mo du".split()


def stocked(lake: Lake, products: int) -> None:
    """One committed crawl of so many products."""
    random = np.random.default_rng(0)
    vocabulary = np.array(
        [a + b + c + d for a in SYLLABLES for b in SYLLABLES for c in SYLLABLES for d in SYLLABLES]
    )
    run = lake.begin("crawl", "crawl", "bench", parameters={"shop": "bench"})
    writers = {schema: run.writer(schema) for schema in (PRODUCTS, IMAGES)}
    for first in range(0, products, AT_ONCE):
        count = min(AT_ONCE, products - first)
        ids = [random.bytes(32).hex() for _ in range(count)]
        _write(run, writers, PRODUCTS, count, _said(random, vocabulary, first, count) | {
            "image_ids": _lists(ids, 1), "image_views": _lists([""] * count, 1), "image_urls": _lists([""] * count, 1),
        })  # fmt: skip
        _write(run, writers, IMAGES, count, {
            "image_id": pa.array(ids), "bytes": pa.array([b"x"] * count),
            "phash": pa.array(random.integers(0, 2**64, count, np.uint64)),
            "thumbnail": pa.array([random.bytes(192) for _ in range(count)]),
            "robots": pa.array([ALLOWED] * count, IMAGES.field("robots").type),
        })  # fmt: skip
    for schema, writer in writers.items():
        run.add(schema, writer.close())
    lake.commit(run, {"shop": "bench", "crawl_id": run.run_id})


def _said(random: np.random.Generator, vocabulary: Any, first: int, count: int) -> dict[str, pa.Array]:
    def words(each: int) -> list[list[str]]:
        drawn = np.minimum(random.zipf(1.2, (count, each)) - 1, len(vocabulary) - 1)
        found: list[list[str]] = vocabulary[drawn].tolist()
        return found

    said = {name: pa.array([" ".join(row) for row in words(each)]) for name, each in WORDS.items()}
    said |= {
        name: _lists([word for row in words(each) for word in row], each) for name, each in LISTS.items()
    }
    names = [f"bench:{n}" for n in range(first, first + count)]
    return said | {"product_id": pa.array(names), "shop": pa.array(["bench"] * count)}


def _lists(values: list[str], each: int) -> pa.Array:
    return pa.ListArray.from_arrays(np.arange(0, len(values) + 1, each, dtype=np.int32), pa.array(values))


def _write(run: OpenRun, writers: Any, schema: pa.Schema, count: int, columns: dict[str, pa.Array]) -> None:
    nothing = {pa.string(): "", pa.bool_(): True, pa.binary(): b""}
    whole = {}
    for field in schema:
        if field.name in columns:
            whole[field.name] = columns[field.name].cast(field.type)
        elif pa.types.is_timestamp(field.type):
            whole[field.name] = pa.array([datetime.now(UTC)] * count, field.type)
        elif field.nullable and pa.types.is_decimal(field.type):
            whole[field.name] = pa.nulls(count, field.type)
        else:
            empty = [] if pa.types.is_nested(field.type) else nothing.get(field.type, 1)
            whole[field.name] = pa.array([empty] * count, field.type)
    writers[schema].write_table(pa.table(whole))


class Watched:
    """Looks at this process and those below it until it is left: bytes at the peak, seconds of a core in all."""

    def __init__(self, every_s: float = 0.5) -> None:
        self.driver, self.all, self._every_s = 0, 0, every_s
        self.cpu: dict[int, float] = {}
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "Watched":
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._done.wait(self._every_s):
            sizes = {pid: _pss(pid) for pid in _below(os.getpid())}
            self.driver = max(self.driver, sizes[os.getpid()])
            self.all = max(self.all, sum(sizes.values()))
            self.cpu |= {pid: cpu_of(pid) or self.cpu.get(pid, 0.0) for pid in sizes}


def _below(pid: int) -> set[int]:
    """A process and all that came of it."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it ended meanwhile
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
    found, size = {pid}, 0
    while len(found) > size:
        size = len(found)
        found |= {child for child, parent in parents.items() if parent in found}
    return found


def _pss(pid: int) -> int:
    with contextlib.suppress(OSError):
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)
    return 0


def cpu_of(pid: int) -> float:
    """Seconds of a core that a process has taken."""
    with contextlib.suppress(OSError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return 0.0


def measure(products: int) -> dict[str, Any]:
    """Label so many products in a lake of their own; seconds, and bytes at the peak."""
    with tempfile.TemporaryDirectory() as folder:
        lake = Lake(folder)
        stocked(lake, products)
        begun = time.monotonic()
        with Watched() as watched:
            result = label_products.fn(LabelParameters(lake=folder))
        assert result["products"] == products
        return {
            "seconds": time.monotonic() - begun,
            "driver": watched.driver,
            "all": watched.all,
            "cpu": sum(watched.cpu.values()),
        }


def main() -> None:
    """Print one line per size, each measured in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--products", type=int, nargs="*", default=SIZES, help="sizes")
    parser.add_argument("--one", type=int, default=0, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        print(json.dumps(measure(given.one)))
        return
    for products in given.products:
        command = [sys.executable, __file__, "--one", str(products)]
        told = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
        found = json.loads(told.splitlines()[-1])
        print(
            f"{products:>9,} products: {found['seconds']:,.1f} s ({found['cpu']:,.1f} of a core), "
            f"{products / found['seconds']:,.0f} products/s, "
            f"peak {found['all'] / 2**20:,.0f} MiB, of which this process {found['driver'] / 2**20:,.0f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
