"""Rows a second into an index: through infra.milvus.store, which proves what is there, and through pymilvus alone."""

import argparse
import tempfile
import time
from contextlib import closing
from pathlib import Path

import numpy as np
import pyarrow as pa
from pymilvus import MilvusClient

from infra.milvus.rows import rows
from infra.milvus.schema import Ability, Stored, columns, indexes
from infra.milvus.store import BATCH_BYTES, BATCH_ROWS, VectorStore
from tests.bench.found.drawn_vectors import DIM, drawn, entities_of
from tests.bench.found.places import milvuses

PRINT = "f" * 64


def options(parser: argparse.ArgumentParser) -> None:
    """Add this part's options."""
    parser.add_argument("--load-rows", type=int, default=20_000, help="rows that are loaded")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of both sides, in turn")


def measure(given: argparse.Namespace) -> None:
    """Print rows a second of both sides and their ratio, round by round."""
    table = entities_of(drawn(given.load_rows))
    with tempfile.TemporaryDirectory() as folder, milvuses(Path(folder)) as places:
        for name, address in places.items():
            ratios = []
            for number in range(given.rounds):
                ours, bare = _ours(address, f"ours{number}", table), _bare(address, f"bare{number}", table)
                ratios.append(bare / ours)
                rates = (len(table) / seconds for seconds in (ours, bare))
                told = "{:,.0f} rows/s, bare pymilvus {:,.0f}".format(*rates)
                print(f"{name}: {told}, ratio {ratios[-1]:.2f}", flush=True)
            print(f"{name}: median ratio {np.median(ratios):.2f} of {len(table):,} x {DIM}")


def _ours(address: str, collection: str, table: pa.Table) -> float:
    begun = time.perf_counter()
    with VectorStore(address) as store:
        store.load(collection, PRINT, [table])
    return time.perf_counter() - begun


def _bare(address: str, collection: str, table: pa.Table) -> float:
    """The same columns and batches, sent and flushed; nothing is read back."""
    begun = time.perf_counter()
    with closing(MilvusClient(address)) as client:
        able, stored = Ability.of(client.get_server_version()), Stored(PRINT, DIM, half=False, index="FLAT")
        schema, properties = columns(stored, able)
        client.create_collection(collection, schema=schema, properties=properties)
        client.create_index(collection, indexes("FLAT", able))
        client.load_collection(collection)
        for batch in table.to_batches(min(BATCH_ROWS, BATCH_BYTES // (4 * DIM + 1_000))):
            client.upsert(collection, stored.rows_taken(list(rows(batch, DIM)), null=able.null))
        client.flush(collection)
    return time.perf_counter() - begun
