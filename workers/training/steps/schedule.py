"""How large a step is, and when to stop.

plateau  the rate falls to a tenth after 10 epochs without improvement; 20 of them end the training
         (Corbière et al. 2017)
cosine   a linear rise over the first twentieth of a stage, then half a cosine to 0 at its end
"""

import math
from collections.abc import Sequence
from typing import Any

from schemas.errors import InputError

PATIENCE, GIVE_UP = 10, 20  # epochs without improvement
LEAST = 1e-4  # nats: what counts as an improvement


class Schedule:
    """Rates and judgement of one training, stage after stage."""

    def __init__(self, kind: str) -> None:
        if kind not in ("plateau", "cosine"):
            raise InputError(f"schedule {kind}", "there are plateau and cosine")
        self.kind = kind
        self.best, self.since = math.inf, 0
        self.full: tuple[float, ...] = ()
        self.rates: tuple[float, ...] = ()

    def begin(self, full: Sequence[float], continues: bool = False) -> None:
        """Start a stage with all patience, each of its groups at its full rate.

        continues  whether the best loss so far is still what is to be improved on
        """
        self.best = self.best if continues else math.inf
        self.since, self.full, self.rates = 0, tuple(full), tuple(full)

    def after(self, taken: int, steps: int) -> tuple[float, ...]:
        """Each group's step size after `taken` of a stage's `steps` steps."""
        if self.kind == "cosine":
            warm = min(1.0, (taken + 1) / max(1, steps // 20))
            cooled = 1 + math.cos(math.pi * taken / steps)
            self.rates = tuple(full * warm * 0.5 * cooled for full in self.full)
        return self.rates

    @property
    def learning_rate(self) -> float:
        """Step size of the stage's first group, for people."""
        return self.rates[0] if self.rates else 0.0

    def judge(self, loss: float) -> bool:
        """Take note of an epoch's loss; whether it is the best so far. Cools on a plateau."""
        improved = loss < self.best - LEAST
        self.best, self.since = (loss, 0) if improved else (self.best, self.since + 1)
        if self.kind == "plateau" and self.since and self.since % PATIENCE == 0:
            self.rates = tuple(rate * 0.1 for rate in self.rates)
        return improved

    @property
    def given_up(self) -> bool:
        """Whether going on is without hope."""
        return self.kind == "plateau" and self.since >= GIVE_UP

    def state_dict(self) -> dict[str, Any]:
        """What a resumed training must know."""
        return {"best": self.best, "since": self.since, "rates": list(self.rates)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on where `state_dict` was taken; `begin` has told the full rates of its stage."""
        self.best, self.since, self.rates = state["best"], state["since"], tuple(state["rates"])
