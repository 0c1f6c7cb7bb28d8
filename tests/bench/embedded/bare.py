"""What an embedding can at best be: a loop that only computes on decoded tensors, one that only decodes, on all cores.

A process a core, of one thread, which loads and warms up before all begin together.
"""

import time
from collections.abc import Callable
from multiprocessing import get_context
from typing import Any, NamedTuple

import numpy as np
import pyarrow.fs as pafs

SECONDS = 6.0  # that each process of a loop computes
POOL = 256  # decoded photos that a loop goes through again and again


class Rate(NamedTuple):
    """Photos per second by the wall, of all processes, and per second of a core."""

    wall: float
    core: float


def forward_rate(checkpoint: str, photos: list[bytes], processes: int) -> Rate:
    """The folded network, in the precision of the flow, on pixels that lie ready."""
    return _together(_forward, (checkpoint, photos[:POOL]), processes)


def decode_rate(size: int, photos: list[bytes], processes: int) -> Rate:
    """The decoder alone."""
    return _together(_decode, (size, photos[:POOL]), processes)


def both(forward: Rate, decode: Rate) -> Rate:
    """One after the other on the same cores: what a CPU can do at best."""
    wall, core = (1 / (1 / one + 1 / other) for one, other in zip(forward, decode, strict=True))
    return Rate(wall, core)


def _forward(checkpoint: str, photos: list[bytes]) -> Callable[[], int]:
    from workers.data.decode import decode
    from workers.retrieval.encoder import BATCH, STREET, Encoder

    encoder = Encoder(pafs.LocalFileSystem(), checkpoint, "")
    pixels = np.stack([decode("", data, encoder.size) for data in photos])
    domains = np.full(len(pixels), STREET)
    place = 0

    def step() -> int:
        nonlocal place
        some = slice(place, place + BATCH)
        place = (place + BATCH) % max(BATCH, len(pixels) - BATCH + 1)
        return len(encoder.vectors(pixels[some], domains[some]))

    return step


def _decode(size: int, photos: list[bytes]) -> Callable[[], int]:
    from workers.data.decode import decode

    place = 0

    def step() -> int:
        nonlocal place
        for _ in range(8):
            decode("", photos[place], size)
            place = (place + 1) % len(photos)
        return 8

    return step


def _together(made: Callable[..., Callable[[], int]], arguments: tuple[Any, ...], processes: int) -> Rate:
    context = get_context("spawn")
    barrier, answers = context.Barrier(processes), context.Queue()
    workers = [
        context.Process(target=_loop, args=(made, arguments, barrier, answers)) for _ in range(processes)
    ]
    for worker in workers:
        worker.start()
    found = [answers.get() for _ in workers]
    for worker in workers:
        worker.join()
    return Rate(sum(wall for wall, _ in found), float(np.mean([core for _, core in found])))


def _loop(
    made: Callable[..., Callable[[], int]], arguments: tuple[Any, ...], barrier: Any, answers: Any
) -> None:
    import torch

    torch.set_num_threads(1)
    step = made(*arguments)
    step()
    barrier.wait()
    begun, computed, photos = time.perf_counter(), time.process_time(), 0
    while time.process_time() - computed < SECONDS:
        photos += step()
    seconds = time.perf_counter() - begun
    answers.put((photos / seconds, photos / (time.process_time() - computed)))
