"""Several workers of one process group on this machine: forks of a process that has imported torch.

Not of the test's own, where autograd may have threads.
"""

import multiprocessing
import os
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import torch

FORKS = multiprocessing.get_context("forkserver")
PATIENCE = 300.0  # seconds; only a hang is longer


def together(world: int, place: Path, work: Callable[..., Any], *arguments: Any) -> list[Any]:
    """What `work(rank, *arguments)` gives on each rank of a gloo group, which meets at the path `place`.

    work  a function of a module, so that it can be named to another process
    """
    FORKS.set_forkserver_preload(["workers.training.steps.optimiser"])
    ends = []
    for rank in range(world):
        ours, theirs = FORKS.Pipe(duplex=False)
        process = FORKS.Process(target=_worker, args=(rank, world, str(place), theirs, work, *arguments))
        process.start()
        theirs.close()
        ends.append((process, ours))
    try:
        told = [ours.recv() if ours.poll(PATIENCE) else "said nothing" for _, ours in ends]
    finally:
        for process, ours in ends:
            ours.close()
            process.kill()
            process.join()
    assert all(isinstance(each, tuple) for each in told), "\n".join(map(str, told))
    return [each[0] for each in told]


def _worker(
    rank: int, world: int, place: str, end: Connection, work: Callable[..., Any], *arguments: Any
) -> None:
    try:
        torch.set_num_threads(1)
        torch.distributed.init_process_group(
            "gloo", init_method=f"file://{place}", rank=rank, world_size=world
        )
        found = work(rank, *arguments)
        torch.distributed.barrier()
        end.send((found,))
    except BaseException:
        end.send(traceback.format_exc())
    os._exit(0)  # gloo's threads, torn down with the interpreter, abort now and then
