"""When a drill strikes: a share of a stage's work, `embed:37%`, or a point of it that has a name, `publish@pointed`."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from flows.drill.points import POINTS
from schemas.errors import UsageError

STAGES = ("crawl", "train", "embed", "index", "publish")
ACTOR = "actor"  # one of a stage's workers instead of the whole command
_WRITTEN = re.compile(
    rf"(?P<stage>[a-z]+)((?P<actor>/{ACTOR})?:(?P<share>\d{{1,3}}(\.\d+)?)%|@(?P<point>[a-z]+))"
)


@dataclass(frozen=True)
class Moment:
    """A stage, and how much of its work is done: 0..1, or up to a point of flows/drill/points.py.

    actor  whether one worker is killed, and the command goes on without it
    """

    stage: str
    share: float = 0.0
    actor: bool = False
    point: str = ""

    def __str__(self) -> str:
        if self.point:
            return f"{self.stage}@{self.point}"
        return f"{self.stage}{f'/{ACTOR}' if self.actor else ''}:{100 * self.share:g}%"


def moment(written: str) -> Moment:
    """Read `embed:37%`, `embed/actor:37%` or `publish@pointed`. Raises UsageError for anything else."""
    match = _WRITTEN.fullmatch(written.strip())
    if not match or match["stage"] not in STAGES or float(match["share"] or 0) > 100:
        why = f"must look like embed:37% or publish@pointed; stages are {', '.join(STAGES)}"
        raise UsageError(f"--kill {written}", why)
    if match["actor"] and match["stage"] != "embed":
        raise UsageError(f"--kill {written}", "only embed has actors that can be killed alone")
    if (point := match["point"]) is None:
        return Moment(match["stage"], float(match["share"]) / 100, bool(match["actor"]))
    points = POINTS.get(match["stage"], {})
    if point not in points:
        there = (
            f"points of {match['stage']} are {', '.join(points)}" if points else "there are no named points"
        )
        raise UsageError(f"--kill {written}", there)
    return Moment(match["stage"], point=point)


def stages(written: Sequence[str]) -> tuple[str, ...]:
    """Read the stages that are to be struck, all of them where none is written. Raises UsageError for another one."""
    for name in written:
        if name not in STAGES:
            raise UsageError(f"--stage {name}", f"stages are {', '.join(STAGES)}")
    return tuple(name for name in STAGES if name in written) or STAGES


def drawn(count: int, seed: int, struck: Sequence[str] = STAGES) -> list[Moment]:
    """So many moments, the same for the same seed: stages in turn.

    At every second embed an actor, and at every second turn of a stage that has named points one of those, in turn.
    """
    random = np.random.default_rng(seed)
    found = []
    for n in range(count):
        stage, turn = struck[n % len(struck)], n // len(struck)
        share = round(float(random.uniform(0, 1)), 2)
        points, odd = [*POINTS.get(stage, {})], turn % 2 == 1
        if odd and points:
            found.append(Moment(stage, point=points[turn // 2 % len(points)]))
        else:
            found.append(Moment(stage, share, actor=odd and stage == "embed"))
    return found
