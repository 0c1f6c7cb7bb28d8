"""Clients of a search page: each asks one question after the other over a connection that stays open."""

import http.client
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import numpy as np


@dataclass
class Answered:
    """What came back. `seconds` of each answer that was right; `faults` by what was answered instead."""

    seconds: list[float] = field(default_factory=list)
    faults: dict[str, int] = field(default_factory=dict)
    elapsed: float = 0.0

    @property
    def rate(self) -> float:
        """Right answers a second."""
        return len(self.seconds) / max(self.elapsed, 1e-9)

    def at(self, share: float) -> float:
        """Milliseconds within which such a share of the answers came."""
        return 1000 * float(np.quantile(self.seconds, share)) if self.seconds else float("nan")


def asked(
    address: str,
    paths: Sequence[str],
    clients: int,
    questions: int = 0,
    meanwhile: Callable[[], object] | None = None,
) -> Answered:
    """Let clients ask `questions` in all, or for as long as `meanwhile` takes; each path in turn."""
    place, found, lock = urlsplit(address), Answered(), threading.Lock()
    turn, over = iter(range(questions or 10**9)), threading.Event()

    def ask() -> None:
        connection = http.client.HTTPConnection(str(place.hostname), place.port, timeout=120)
        while not over.is_set():
            with lock:
                number = next(turn, None)
            if number is None:
                break
            begun, fault = time.perf_counter(), ""
            try:
                connection.request("GET", paths[number % len(paths)])
                answer = connection.getresponse()
                body = answer.read()
                if answer.status != 200:
                    fault = f"{answer.status} {body[:120]!r}"
            except (OSError, http.client.HTTPException) as error:
                fault = type(error).__name__
                connection.close()
            took = time.perf_counter() - begun
            with lock:
                if fault:
                    found.faults[fault] = found.faults.get(fault, 0) + 1
                else:
                    found.seconds.append(took)
        connection.close()

    threads = [threading.Thread(target=ask) for _ in range(clients)]
    begun = time.perf_counter()
    for thread in threads:
        thread.start()
    if meanwhile:
        meanwhile()
        over.set()
    for thread in threads:
        thread.join()
    found.elapsed = time.perf_counter() - begun
    return found
