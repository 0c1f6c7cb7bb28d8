"""What the training machinery costs: images per second beside the bare loop of tests/bench/bare_training.py.

House, corbiere, and corbiere's first epochs, in which the network is frozen; by 1 and by 2 workers of one thread,
alone and beside another busy process. All take turns, round by round, so that what else the machine does meets all.
Goals: 0.95 of the bare loop each, and beside the busy process 0.45 of the rate without it. The ratio by CPU seconds,
too: on a shared machine the wall clock measures the neighbours, and the first line says how busy it was before. Then
what two workers of a thread gain over one worker, of a thread and of two. Memory: tests/bench/train_memory.py.

With --gpu on the first GPU instead, house and a ResNet-50 of corbiere's at 224 px: beside the bare loop, compiled,
whose photos lie on the card, and beside the card's limit, which is the compiled step on one batch again and again
(goal 0.90).

    python tests/bench/train.py [--quick] [--rounds N] [--photos N] [--gpu]
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.bench.sides import Case, Sides
from workers.device import prepare_for_training

SMALL = {"backbone": "resnet18", "weights": "random", "batch": 64, "frozen_epochs": 0, "epochs": 1}
SMALL |= {"image_size": 64, "optimiser": "adamw", "learning_rate": 0.001, "sampling": "photos"}
HOUSE = {"weights": "random", "epochs": 1}
CASES: dict[str, Case] = {
    "house": ("house", HOUSE),
    "corbiere": ("corbiere", SMALL),
    "corbiere, frozen": ("corbiere", SMALL | {"frozen_epochs": 1, "epochs": 0}),
}
GPU_CASES = {
    "house": ("house", HOUSE | {"batch": 256}),
    "corbiere": ("corbiere", SMALL | {"backbone": "resnet50", "image_size": 224, "batch": 128}),
}
GOAL, BUSY_GOAL, LIMIT_GOAL = 0.95, 0.45, 0.90


@dataclass(frozen=True)
class Group:
    """The processes of one training, which wait for their turn; rank 0 tells what a round gave."""

    processes: list["subprocess.Popen[str]"]

    def round(self) -> dict[str, Any]:
        """Both sides once: images per second by the wall and by CPU."""
        for process in self.processes:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        said = [process.stdout.readline() for process in self.processes if process.stdout is not None]
        if not all(said):
            sys.exit("train: a worker ended with an error")
        told: dict[str, Any] = json.loads(said[0])
        return told


@contextmanager
def group(case: str, photos: int, workers: int, threads: int) -> Iterator[Group]:
    """Start a training's processes, ended with the block."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, __file__, "--case", case, "--photos", str(photos // workers)]
        command += ["--world", str(workers), "--meet", f"{folder}/meet", "--threads", str(threads)]
        env = os.environ | {"OMP_NUM_THREADS": str(threads), "OMP_WAIT_POLICY": "PASSIVE"}
        processes = [
            subprocess.Popen(
                [*command, "--rank", str(rank)],
                env=env | {"TORCH_CPP_LOG_LEVEL": "ERROR"},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            for rank in range(workers)
        ]
        try:
            yield Group(processes)
        finally:
            for process in processes:
                process.kill()
                process.wait()


def take_turns(case: str, photos: int, rank: int, world: int) -> None:
    """What a process of a group does: a round whenever it is told so."""
    sides = Sides(CASES[case], photos, rank, world)
    for _ in sys.stdin:
        rates = {"machinery": sides.machinery(), "bare": sides.bare(), "half": sides.by_hand.half}
        print(json.dumps(rates), flush=True)


@contextmanager
def busy_process(wanted: bool) -> Iterator[None]:
    """Keep a core busy within, where wanted."""
    process = subprocess.Popen([sys.executable, "-c", "while True: pass"]) if wanted else None
    try:
        yield
    finally:
        if process:
            process.kill()
            process.wait()


def measure(case: str, photos: int, rounds: int) -> None:
    """Have 1 worker, 2 workers, and 1 worker of 2 threads take turns, alone and beside a busy process, and print."""
    with ExitStack() as stack:
        groups = [stack.enter_context(group(case, photos, *each)) for each in ((1, 1), (2, 1), (1, 2))]
        for each in groups:
            each.round()  # warms up
        told: dict[tuple[int, bool], list[dict[str, Any]]] = {}
        for _ in range(rounds):
            for busy in (False, True):
                with busy_process(busy):
                    for number, each in enumerate(groups):
                        told.setdefault((number, busy), []).append(each.round())
    sides = ("machinery", "bare")  # (round, side, wall or CPU)
    rates = {key: np.array([[row[side] for side in sides] for row in rows]) for key, rows in told.items()}
    for number in (0, 1):
        for busy in (False, True):
            both = rates[number, busy]
            ours, bare = np.median(both[:, :, 0], axis=0)
            wall, cpu = np.median(both[:, 0] / both[:, 1], axis=0)
            kept = np.median(both[:, 0, 0] / rates[number, False][:, 0, 0])
            print(
                f"{case}, {number + 1} worker{'s' * number}, {'busy' if busy else 'alone'}: {ours:.1f} images/s, "
                f"bare loop {bare:.1f} ({'bfloat16' if told[number, busy][0]['half'] else 'float32'}), median ratio "
                f"of {rounds} rounds {wall:.2f} by wall, {cpu:.2f} by CPU (goal {GOAL})"
                + (f", {kept:.2f} of alone (goal {BUSY_GOAL})" if busy else ""),
                flush=True,
            )
    for busy in (False, True):
        one, two, threads = (rates[number, busy][:, 0, 0] for number in (0, 1, 2))
        print(
            f"{case}, {'busy' if busy else 'alone'}: 2 workers are {np.median(two / one):.2f} times as fast as 1 "
            f"of a thread, {np.median(two / threads):.2f} times as 1 of 2 ({np.median(threads):.1f} images/s)",
            flush=True,
        )


def on_gpu(case: str, settings: Case, photos: int, rounds: int, device: torch.device) -> None:
    """Print what a GPU learns in a second, beside a bare loop and beside what it can do at most."""
    prepare_for_training(device)
    sides = Sides(settings, photos, device=device)
    for side in (sides.machinery, sides.bare):
        side()
    rates = np.array([[sides.machinery()[0], sides.bare()[0], sides.limit()[0]] for _ in range(rounds)])
    ours, bare, limit = np.median(rates, axis=0)
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else device.type
    print(
        f"{case} on {name}: {ours:.0f} images/s, bare loop {bare:.0f}, its limit {limit:.0f}; median ratio of "
        f"{rounds} rounds {np.median(rates[:, 0] / rates[:, 1]):.2f} to the bare loop (goal {GOAL}), "
        f"{np.median(rates[:, 0] / rates[:, 2]):.2f} to the limit (goal {LIMIT_GOAL})",
        flush=True,
    )


def main() -> None:
    """Print rates and ratios."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--quick", action="store_true", help="fewer photos and rounds")
    parser.add_argument("--gpu", action="store_true", help="on the first GPU")
    parser.add_argument("--rounds", type=int, default=0)
    parser.add_argument("--photos", type=int, default=0, help="an epoch, of all workers")
    parser.add_argument("--case", choices=CASES, help="only this one")
    for name, usual in (("--rank", 0), ("--world", 0), ("--threads", 1)):
        parser.add_argument(name, type=int, default=usual, help=argparse.SUPPRESS)
    parser.add_argument("--meet", default="", help=argparse.SUPPRESS)
    given = parser.parse_args()
    rounds = given.rounds or (3 if given.quick else 7)
    photos = given.photos or (256 if given.quick else 512)
    torch.set_num_threads(given.threads)
    if given.gpu:
        if not torch.cuda.is_available():
            sys.exit("train: asked for a GPU and found none")
        for case, settings in GPU_CASES.items():
            on_gpu(case, settings, given.photos or 4096, rounds, torch.device("cuda:0"))
        return
    if given.world:
        if given.world > 1:
            torch.distributed.init_process_group(
                "gloo", init_method=f"file://{given.meet}", rank=given.rank, world_size=given.world
            )
        take_turns(given.case, photos, given.rank, given.world)
        os._exit(0)  # gloo's threads, torn down with the interpreter, abort now and then
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    print(f"{cores} cores, load before: {os.getloadavg()[0]:.2f}", flush=True)
    for case in [given.case] if given.case else CASES:
        measure(case, photos, rounds)


if __name__ == "__main__":
    main()
