"""Indexes beside the live one, to be compared with it: which there are, and a few of them read and kept."""

import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice

from flows.crawl.forgotten import forgotten_lately
from flows.serve.indexes.milvus_turns import MilvusTurns
from flows.serve.indexes.served_index import ServedIndex, Serving
from infra.lake import Lake
from schemas.errors import LakeError
from schemas.manifest import Manifest

KEPT = 2  # beside the live one; each holds an encoder and the facts of its products
LISTED = 30


@dataclass
class _Held:
    """An index that was read, how many requests use it, and whether it is to be closed after them."""

    served: ServedIndex
    users: int = 0
    gone: bool = False


class OtherIndexes:
    """Indexes of a lake by the index run or the train run that is named; those asked last stay read."""

    def __init__(self, lake: Lake, serving: Serving, milvus: MilvusTurns, kept: int = KEPT) -> None:
        self._lake, self._serving, self._milvus, self._kept = lake, serving, milvus, kept
        self._held: OrderedDict[tuple[str, frozenset[str]], _Held] = OrderedDict()
        self._reading, self._lock = threading.Lock(), threading.Lock()

    def listed(self) -> list[Manifest]:
        """The newest index runs whose collections are in Milvus, newest first."""
        there = set(self._milvus.ask(lambda store: store.collections()))
        runs = self._lake.runs("run", "index", newest_first=True)
        return list(islice((run for run in runs if run.result["collection"] in there), LISTED))

    def named(self, run_id: str) -> Manifest:
        """The index run of this id, or the newest index of that train run. Raises LakeError where there is none."""
        run = self._lake.run(run_id)
        if run.flow == "index":
            return run
        if run.flow != "train":
            raise LakeError(run_id, f"is a run of {run.flow}; what is compared are index or train runs")
        for indexed in self._lake.runs("run", "index", newest_first=True):
            if indexed.result.get("train") == run_id:
                return indexed
        raise LakeError(run_id, "is in no index; run embed and index with it first")

    @contextmanager
    def held(self, indexed: Manifest) -> Iterator[ServedIndex]:
        """Give an index to ask, the live one or another; it stays whole within. Raises LakeError, CheckpointError."""
        now = self._serving.now()
        if now.indexed.run_id == indexed.run_id:
            yield now
            return
        with self._reading:  # one at a time: two that want the same read it once
            found = self._taken(indexed)
        try:
            yield found.served
        finally:
            with self._lock:
                found.users -= 1
                if found.gone and not found.users:
                    found.served.close()

    def close(self) -> None:
        """End what computes for them."""
        with self._lock:
            for each in self._held.values():
                each.served.close()
            self._held.clear()

    def _taken(self, indexed: Manifest) -> _Held:
        key = indexed.run_id, frozenset(forgotten_lately(self._lake))  # what was forgotten is read away
        with self._lock:
            if found := self._held.get(key):
                found.users += 1
                self._held.move_to_end(key)
                return found
        fresh = _Held(ServedIndex.read(self._lake, indexed, self._serving.encoding_of), users=1)
        with self._lock:
            self._held[key] = fresh
            while len(self._held) > self._kept:
                _, old = self._held.popitem(last=False)
                old.gone = True
                if not old.users:
                    old.served.close()
        return fresh
