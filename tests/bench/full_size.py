"""Each method as large as its paper has it: images a second of training, beside its bare forward and backward.

    python tests/bench/full_size.py --gpu [--steps N] [--only METHOD,...]
    python tests/bench/full_size.py [--batch N] [--flops]

With --gpu 100 steps on the first GPU, in the method's own batch, of the stage that learns the most. Bare is the loop
of tests/bench/bare_training.py, and the limit that loop's forward, backward and step on one batch again and again; all
three take turns, twenty steps each. Memory is the most that the machinery had of the card. Weights are random: they
take as long. Without --gpu a stand-in, one step of a few photos on the CPU, shows that it runs, and says so: its
figures mean nothing. With --flops the arithmetic of one photo instead: forward, and forward and back, of every stage,
as torch counts convolutions and matrix products; from it follows what a GPU of known speed would take.
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.bench.sides import CPU, LABELS, Case, Sides, synthetic
from workers.contract import KnowsFrequencies, Stage, Trains, registry
from workers.data.augment import unit
from workers.data.dataloader import BatchLoader
from workers.device import prepare_for_training
from workers.training.loaders import frequencies_of

TURN = 20  # steps of a side before the next one has its turn
STAND_IN = 4  # photos: two products, or the two domains of two


def heaviest(case: Case) -> tuple[int, str]:
    """Place and name of the stage that learns the most; -1 where nothing takes steps."""
    chosen = registry.settings_of(*case)
    if chosen.training is None or not issubclass(registry.method_class(chosen.method), Trains):
        return -1, ""
    with torch.device("meta"):
        method = registry.build(chosen, LABELS)
    assert isinstance(method, Trains)
    stages = [stage for stage in method.stages(chosen.training) if stage.epochs]
    place = max(range(len(stages)), key=lambda number: _learnt(stages[number]))
    return place, stages[place].name


def measure(case: Case, steps: int, turn: int, device: torch.device) -> str:
    """One line."""
    name, (place, stage) = case[0], heaviest(case)
    if place < 0:
        return f"{name:16}takes no gradient steps"
    training = registry.settings_of(*case).training
    assert training is not None
    sides = Sides(case, turn * training.batch, device=device, stage=place)
    every = (sides.machinery, sides.bare, sides.limit)
    rounds = max(1, steps // turn)
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
        sides.machinery()
        most = torch.cuda.max_memory_allocated(device) / 2**30
        for side in every[1:]:
            side()  # warms up, and is compiled
    rates = np.array([[side()[0] for side in every] for _ in range(rounds)])
    ours, bare, limit = np.median(rates, axis=0)
    line = f"{name:16}{stage:13}{training.batch:6}{ours:10.1f}{bare:10.1f}{limit:10.1f}"
    line += f"{np.median(rates[:, 0] / rates[:, 1]):9.2f}{np.median(rates[:, 0] / rates[:, 2]):9.2f}"
    return line + (f"{most:8.1f} GiB" if device.type == "cuda" else "")


def flops(case: Case) -> Iterator[tuple[str, float, float]]:
    """Of each stage its name, and GFLOP a photo of forward alone and of forward and back."""
    chosen = registry.settings_of(*case)
    method = registry.build(chosen, LABELS)
    if chosen.training is None or not isinstance(method, Trains):
        return
    stages = {stage.name: stage for stage in method.stages(chosen.training) if stage.epochs}
    examples = synthetic(STAND_IN).select(method.reads)
    if isinstance(method, KnowsFrequencies):
        counts = frequencies_of(examples, method)
        method.count({kind: torch.from_numpy(count) for kind, count in counts.items()}, STAND_IN)
    side = chosen.config.image_size
    pixels = np.random.default_rng(0).integers(0, 256, (STAND_IN, 3, side, side), np.uint8)
    for stage in stages.values():
        batch = unit(BatchLoader(pixels, examples, STAND_IN).for_stage(stage).make(1, 0).batch)
        forward, both = FlopCounterMode(display=False), FlopCounterMode(display=False)
        for parameter in method.parameters():
            parameter.requires_grad_(False)
        for parameter in (each for group in stage.groups for each in group.parameters):
            parameter.requires_grad_(True)
        with both:
            for group in stage.groups:
                with forward:
                    terms = method.loss(batch, stage.name, group.name)
                torch.stack(list(terms.values())).sum().backward()  # type: ignore[no-untyped-call]
        yield stage.name, forward.get_total_flops() / STAND_IN / 1e9, both.get_total_flops() / STAND_IN / 1e9


def main() -> None:
    """Print a line a method."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--gpu", action="store_true", help="on the first GPU, in each method's own batch")
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--batch", type=int, default=STAND_IN, help="of the stand-in")
    parser.add_argument("--only", default="", help="methods, by comma (default: all that learn by gradient)")
    parser.add_argument("--flops", action="store_true", help="the arithmetic of one photo, nothing timed")
    given = parser.parse_args()
    wanted = list(filter(None, given.only.split(",") if given.only else registry.names()))
    if given.flops:
        print(f"{'method':16}{'stage':13}{'GFLOP forward':>15}{'and back':>10}")
        for name in wanted:
            for stage, forward, both in flops((name, _random(name))):
                print(f"{name:16}{stage:13}{forward:15.2f}{both:10.2f}", flush=True)
        return
    if given.gpu and not torch.cuda.is_available():
        sys.exit("full_size: asked for a GPU and found none")
    device = torch.device("cuda:0") if given.gpu else CPU
    if given.gpu:
        prepare_for_training(device)
        print(f"{torch.cuda.get_device_name(device)}, {given.steps} steps a side")
    else:
        torch.set_num_threads(1)
        print(f"stand-in: one step of {given.batch} photos on the CPU, whose figures mean nothing")
    print(
        f"{'method':16}{'stage':13}{'batch':>6}{'images/s':>10}{'bare':>10}{'limit':>10}{'of bare':>9}{'of limit':>9}"
    )
    for name in wanted:
        settings = _random(name)
        if not given.gpu and "batch" in registry.settings_of(name).flat():
            settings |= {"batch": given.batch}
        steps, turn = (given.steps, TURN) if given.gpu else (1, 1)
        print(measure((name, settings), steps, turn, device), flush=True)


def _random(name: str) -> dict[str, Any]:
    return {"weights": "random"} if "weights" in registry.settings_of(name).flat() else {}


def _learnt(stage: Stage) -> int:
    return sum(parameter.numel() for group in stage.groups for parameter in group.parameters)


if __name__ == "__main__":
    main()
