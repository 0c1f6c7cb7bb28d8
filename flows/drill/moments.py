"""When a drill strikes: a stage and a share of its work, `embed:37%`, written by a user or drawn from a seed."""

import re
from dataclasses import dataclass

import numpy as np

from schemas.errors import UsageError

STAGES = ("crawl", "train", "embed", "index", "publish")
ACTOR = "actor"  # one of a stage's workers instead of the whole command
_WRITTEN = re.compile(rf"(?P<stage>[a-z]+)(?P<actor>/{ACTOR})?:(?P<share>\d+(\.\d+)?)%")


@dataclass(frozen=True)
class Moment:
    """A stage, and how much of its work is done: 0..1.

    actor  whether one worker is killed, and the command goes on without it
    """

    stage: str
    share: float
    actor: bool = False

    def __str__(self) -> str:
        return f"{self.stage}{f'/{ACTOR}' if self.actor else ''}:{100 * self.share:g}%"


def moment(written: str) -> Moment:
    """Read `embed:37%` or `embed/actor:37%`. Raises UsageError for anything else."""
    match = _WRITTEN.fullmatch(written.strip())
    if not match or match["stage"] not in STAGES or float(match["share"]) > 100:
        raise UsageError(f"--kill {written}", f"must look like embed:37%; stages are {', '.join(STAGES)}")
    if match["actor"] and match["stage"] != "embed":
        raise UsageError(f"--kill {written}", "only embed has actors that can be killed alone")
    return Moment(match["stage"], float(match["share"]) / 100, bool(match["actor"]))


def drawn(count: int, seed: int) -> list[Moment]:
    """So many moments, the same for the same seed: stages in turn, an actor at every second embed."""
    random = np.random.default_rng(seed)
    stages = [STAGES[n % len(STAGES)] for n in range(count)]
    return [
        Moment(stage, round(float(random.uniform(0, 1)), 2), stage == "embed" and n // len(STAGES) % 2 == 1)
        for n, stage in enumerate(stages)
    ]
