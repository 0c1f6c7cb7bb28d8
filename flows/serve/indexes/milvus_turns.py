"""Milvus for many requests: one connection to a server; a Lite directory only in turns, so that flows get theirs."""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

from flows.metrics.traces import traced
from infra.milvus.folder import lite_folder
from infra.milvus.store import VectorStore

HELD_S = 5.0  # at most, while others may wait: they have 15 s of patience
IDLE_S = 1.0
PAUSE_S = 0.2  # between two turns; who waits looks every 0.05 s
T = TypeVar("T")


class MilvusTurns:
    """A VectorStore that is opened when it is asked. A directory is given up after IDLE_S, or HELD_S at the latest."""

    def __init__(self, uri: str, token: str = "") -> None:
        self._uri, self._token = uri, token
        self._in_turns = bool(lite_folder(uri))
        self._lock = threading.Lock()
        self._store: VectorStore | None = None
        self._opened_at = self._used_at = self._left_at = 0.0
        self._over = threading.Event()
        if self._in_turns:
            threading.Thread(target=self._give_up, daemon=True, name="milvus-turns").start()

    def ask(self, question: Callable[[VectorStore], T]) -> T:
        """Return what the question finds; one at a time, as Lite answers. Raises VectorStoreError."""
        with traced("ask index"), self._lock:
            now = time.monotonic()
            if self._store is not None and self._in_turns and now - self._opened_at > HELD_S:
                self._leave()
            if self._store is None:
                time.sleep(max(0.0, self._left_at + PAUSE_S - time.monotonic()) if self._in_turns else 0.0)
                self._store = VectorStore(self._uri, self._token, create=False)
                self._opened_at = time.monotonic()
            try:
                return question(self._store)
            finally:
                self._used_at = time.monotonic()

    def close(self) -> None:
        """End the connection."""
        self._over.set()
        with self._lock:
            self._leave()

    def _leave(self) -> None:
        store, self._store = self._store, None
        if store is not None:
            store.close()
            self._left_at = time.monotonic()

    def _give_up(self) -> None:
        while not self._over.wait(IDLE_S / 4):
            with self._lock:
                if self._store is not None and time.monotonic() - self._used_at > IDLE_S:
                    self._leave()
