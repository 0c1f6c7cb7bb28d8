"""What training costs beside what its method computes: every stage of every method, images a second and memory.

Small networks on 64 px, as tests/bench/survey.py trains them, one thread. Beside the machinery stands a bare loop by
hand (tests/bench/bare_training.py): the same photos changed, forward, backward, the optimiser's step; and its limit,
the same step on one batch that lies ready, again and again. By CPU seconds, because on a shared machine the wall clock
measures the neighbours; machinery and bare loop are processes of their own that take turns, first the one, then the
other, so that what else the machine does meets both. Memory is the most that each process held. Goal: 0.85 of the bare
loop in both. A method that is fitted has no forward and backward, and is left out.

    python tests/bench/methods.py [--rounds N] [--photos N] [--only METHOD,...]
"""

import argparse
import json
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.bench.sides import LABELS, Case, Sides
from tests.bench.surveyed.recipes import RECIPES
from workers.contract import Trains, registry

GOAL = 0.85
MACHINERY, BARE = "machinery", "bare"


def cases() -> dict[str, Case]:
    """A method's settings by its name; weights are random, which take as long."""
    return {recipe.method: (recipe.method, recipe.settings | _random(recipe.settings)) for recipe in RECIPES}


def stages_of(case: Case) -> list[str]:
    """Names of the stages that have epochs, each once; none where nothing takes steps."""
    chosen = registry.settings_of(*case)
    method = registry.build(chosen, LABELS)
    if not isinstance(method, Trains) or chosen.training is None:
        return []
    return list(dict.fromkeys(stage.name for stage in method.stages(chosen.training) if stage.epochs))


def take_turns(case: Case, photos: int, stage: int, side: str) -> None:
    """What a process does: an epoch whenever it is told so, and what it held at most when all is done."""
    sides = Sides(case, photos, stage=stage)
    for line in sys.stdin:
        if line.strip() == "limit":
            told: dict[str, Any] = {"cpu": sides.limit()[1]}
        else:
            told = {"cpu": getattr(sides, side)()[1]}
        print(
            json.dumps(told | {"mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}), flush=True
        )


@contextmanager
def process(name: str, photos: int, stage: int, side: str) -> Iterator["subprocess.Popen[str]"]:
    """A side in a process of its own, ended with the block."""
    command = [sys.executable, __file__, "--only", name, "--photos", str(photos)]
    env = os.environ | {"OMP_NUM_THREADS": "1", "TORCH_CPP_LOG_LEVEL": "ERROR"}
    started = subprocess.Popen(
        [*command, "--stage", str(stage), "--side", side],
        env=env,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield started
    finally:
        started.kill()
        started.wait()


def turn(of: "subprocess.Popen[str]", what: str = "epoch") -> dict[str, float]:
    """One epoch of a process."""
    assert of.stdin is not None and of.stdout is not None
    of.stdin.write(f"{what}\n")
    of.stdin.flush()
    if not (said := of.stdout.readline()):
        sys.exit("methods: a process ended with an error")
    told: dict[str, float] = json.loads(said)
    return told


def measure(name: str, stage: int, called: str, photos: int, rounds: int) -> bool:
    """Print a line of the table; whether it reached the goal."""
    with process(name, photos, stage, MACHINERY) as ours, process(name, photos, stage, BARE) as bare:
        sides = {MACHINERY: ours, BARE: bare}
        most = {key: turn(of)["mib"] for key, of in sides.items()}  # warms up
        rates: dict[str, list[float]] = {MACHINERY: [], BARE: [], "limit": []}
        for number in range(rounds):
            for key in (MACHINERY, BARE) if number % 2 else (BARE, MACHINERY):
                told = turn(sides[key])
                rates[key].append(told["cpu"])
                most[key] = max(most[key], told["mib"])
        rates["limit"] = [turn(bare, "limit")["cpu"] for _ in range(rounds)]
    fast = {key: float(np.median(values)) for key, values in rates.items()}
    rate = float(np.median(np.array(rates[MACHINERY]) / np.array(rates[BARE])))
    memory = most[BARE] / most[MACHINERY]
    reached = min(rate, memory) >= GOAL
    print(
        f"{name:16}{called:13}{fast[MACHINERY]:10.0f}{fast[BARE]:10.0f}{fast['limit']:10.0f}{rate:8.2f}"
        f"{most[MACHINERY]:9.0f}{most[BARE]:9.0f}{memory:8.2f}{'' if reached else '  below the goal'}",
        flush=True,
    )
    return reached


def main() -> None:
    """Print the table; ends with 1 where a stage is below the goal."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--photos", type=int, default=512, help="an epoch")
    parser.add_argument("--only", default="", help="methods, by comma (default: all)")
    parser.add_argument("--stage", type=int, default=-1, help=argparse.SUPPRESS)
    parser.add_argument("--side", default="", help=argparse.SUPPRESS)
    given = parser.parse_args()
    torch.set_num_threads(1)
    every = cases()
    wanted = [name for name in given.only.split(",") if name] or list(every)
    if given.side:
        take_turns(every[wanted[0]], given.photos, given.stage, given.side)
        return
    print(
        f"load before: {os.getloadavg()[0]:.2f}; {given.rounds} rounds of {given.photos} photos; images per CPU second"
    )
    print(
        f"{'method':16}{'stage':13}{'training':>10}{'bare':>10}{'limit':>10}{'ratio':>8}{'MiB':>9}{'bare':>9}{'ratio':>8}"
    )
    reached = True
    for name in wanted:
        for stage, called in enumerate(stages_of(every[name])):
            reached &= measure(name, stage, called, given.photos, given.rounds)
    sys.exit(not reached)


def _random(settings: dict[str, Any]) -> dict[str, Any]:
    return {"weights": "random"} if "weights" in settings else {}


if __name__ == "__main__":
    main()
