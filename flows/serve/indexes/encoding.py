"""Photos that are asked with become vectors: one thread computes, and takes together what waits for it."""

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from flows.metrics.traces import traced
from flows.queries.photo_encoder import photo_encoder
from infra.lake import Lake
from schemas.errors import InputError
from schemas.manifest import Manifest

if TYPE_CHECKING:
    from workers.retrieval.encoder import Encoder

MOST_WAITING = 64
MOST_TOGETHER = 16
PATIENCE_S = 30.0
_Asked = tuple[NDArray[np.uint8], "Future[NDArray[np.float32]]"]


class Encodes(Protocol):
    """What turns photos that are asked with into vectors of one index."""

    def vector(self, name: str, data: bytes) -> NDArray[np.float32]:
        """Return the vector (D,) of a photo, L2 norm 1. Raises ImageError where `data` is none."""

    def close(self) -> None:
        """End what computes."""


EncodingOf = Callable[[Lake, Manifest], Encodes]  # for an index run of a lake


def here(lake: Lake, indexed: Manifest) -> "Encoding":
    """An encoder of this process, as the vectors of an index run were made. Raises CheckpointError."""
    return Encoding(photo_encoder(lake, indexed))


class Encoding:
    """An encoder that many ask at once; its thread ends with `close`."""

    def __init__(self, encoder: "Encoder") -> None:
        self._embed = encoder
        self._waiting: queue.Queue[_Asked | None] = queue.Queue(MOST_WAITING)
        threading.Thread(target=self._work, daemon=True, name="encoding").start()

    def vector(self, name: str, data: bytes) -> NDArray[np.float32]:
        """Return the vector (D,) of a photo, L2 norm 1.

        Raises ImageError where `data` is none, InputError where more wait than can be served.
        """
        from workers.data.decode import decode

        with traced("decode photo"):
            pixels = decode(name, data, self._embed.size)
        answer: Future[NDArray[np.float32]] = Future()
        with traced("embed photo"):
            try:
                self._waiting.put_nowait((pixels, answer))
            except queue.Full:
                why = "more photos wait than can be served; ask again in a moment"
                raise InputError("search", why) from None
            return answer.result(PATIENCE_S)

    def close(self) -> None:
        """End the thread once what waits is done."""
        self._waiting.put(None)

    def _work(self) -> None:
        while (first := self._waiting.get()) is not None:
            some = [first]
            over = False
            while len(some) < MOST_TOGETHER and not self._waiting.empty():
                if (more := self._waiting.get()) is None:
                    over = True
                    break
                some.append(more)
            try:
                street = np.full(len(some), _street())
                vectors = self._embed.vectors(np.stack([pixels for pixels, _ in some]), street)
            except Exception as error:  # told to whoever asked
                for _, answer in some:
                    answer.set_exception(error)
            else:
                for (_, answer), vector in zip(some, vectors, strict=True):
                    answer.set_result(vector)
            if over:
                return


def _street() -> int:
    """What a photo that somebody asks with counts as, for a method that reads who took it."""
    from workers.retrieval.encoder import STREET

    return STREET
