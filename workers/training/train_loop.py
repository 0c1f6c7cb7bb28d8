"""The training loop: epochs of steps, judged on held-out photos, resumable after any step.

First the word layer alone for `frozen_epochs`, then everything; an epoch is as many draws as there are
photos. What the loop knows lies in a Progress; with the Learner's state it is all that a resumed run needs,
because batches and random numbers are functions of (seed, epoch, step, rank).
"""

import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from schemas.errors import CheckpointError
from workers.data.dataloader import Feed
from workers.training.train_step import Learner, everywhere

ASK_EVERY = 16  # steps between two agreements of several workers on whether a checkpoint is due
MOST_NAMED = 5  # image ids in the message about a loss that is no number


@dataclass
class Progress:
    """How far a training is.

    epoch, step  the next step to take: epochs count from 1 over both phases, steps from 0
    images       drawn so far, all workers
    sums, count  loss terms of the epoch so far, weighted by photos, and photos
    seconds      the epoch took so far
    history      rows of schemas.score.HISTORY
    best         file of the best weights so far; empty before the first
    """

    epoch: int = 1
    step: int = 0
    images: int = 0
    sums: dict[str, float] = field(default_factory=dict)
    count: int = 0
    seconds: float = 0.0
    history: list[dict[str, Any]] = field(default_factory=list)
    best: bytes = b""
    done: bool = False

    def state_dict(self) -> dict[str, Any]:
        """All but the weights, as plain values."""
        return {name: value for name, value in asdict(self).items() if name != "best"}

    def mean(self) -> dict[str, float]:
        """Loss terms of the epoch so far."""
        return {name: total / max(self.count, 1) for name, total in self.sums.items()}


@dataclass
class Fit:
    """One training.

    pack              the module's weights as the bytes of a checkpoint file
    keep              called with the Progress whenever a checkpoint is due, on every worker
    tell              hears how far an epoch is, and every row of history
    checkpoint_every  seconds between two checkpoints within an epoch; at its end there is always one
    """

    learner: Learner
    train: Feed
    held_out: Feed
    pack: Callable[[], bytes]
    keep: Callable[[Progress], None]
    tell: Callable[[dict[str, Any]], None]
    checkpoint_every: float = 600.0
    progress: Progress = field(default_factory=Progress)

    def run(self) -> Progress:
        """Train to the end, from wherever `progress` stands.

        Raises CheckpointError when the loss is no longer a number, with the photos of that batch.
        """
        config, progress = self.learner.config, self.progress
        total = config.frozen_epochs + config.epochs
        self._saved = self._began = time.monotonic()
        self._images_before = progress.images
        while progress.epoch <= total and not progress.done:
            frozen = progress.epoch <= config.frozen_epochs
            phase = "words" if frozen else "all"
            if self.learner.phase != phase:
                epochs = config.frozen_epochs if frozen else config.epochs
                self.learner.begin(phase, epochs * self.train.order.steps)
            self._epoch(total)
            self._judge(total)
            self.keep(progress)
            self._saved = time.monotonic()
        progress.done = True
        return progress

    def _epoch(self, total: int) -> None:
        progress, learner = self.progress, self.learner
        resumed, before = time.monotonic(), progress.seconds
        waiting: tuple[int, NDArray[np.int64], dict[str, Tensor]] | None = None
        for step in self.train.batches(progress.epoch, progress.step):
            terms = learner.step(step.batch, progress.epoch, step.number)
            if waiting:  # read one step late, so that a GPU never stands still for it
                self._note(*waiting)
            waiting = (step.number, step.photos, terms)
            progress.step = step.number + 1
            progress.images += len(step.photos) * learner.world
            progress.seconds = before + time.monotonic() - resumed
            if self._due(step.number) and progress.step < self.train.order.steps:
                self._note(*waiting)
                waiting = None
                self.keep(progress)
                self._saved = time.monotonic()
            self._say(total)
        if waiting:
            self._note(*waiting)

    def _note(self, number: int, photos: NDArray[np.int64], terms: dict[str, Tensor]) -> None:
        values = torch.stack(list(terms.values())).tolist()
        if not all(math.isfinite(value) for value in values):
            names = self.train.names(photos)
            shown = ", ".join(names[:MOST_NAMED]) + (" ..." if len(names) > MOST_NAMED else "")
            said = ", ".join(f"{name} {value}" for name, value in zip(terms, values, strict=True))
            raise CheckpointError(
                f"epoch {self.progress.epoch} step {number}",
                f"the loss is no number ({said}) on {len(names)} photos {shown}; lower the learning rate",
            )
        for name, value in zip(terms, values, strict=True):
            self.progress.sums[name] = self.progress.sums.get(name, 0.0) + value * len(photos)
        self.progress.count += len(photos)

    def _judge(self, total: int) -> None:
        """Validate, keep the best, and close the epoch."""
        progress, learner = self.progress, self.learner
        photos = learner.total(progress.count)
        terms = {name: learner.total(value) / max(photos, 1) for name, value in progress.sums.items()}
        loss = sum(terms.values())
        validation = learner.validate(self.held_out)
        improved = learner.schedule.judge(loss if validation is None else validation)
        # The cosine schedule is meant to end where it ends; the last weights of it are the ones wanted.
        if improved if learner.schedule.kind == "plateau" else progress.epoch == total:
            with learner.average.applied():
                progress.best = self.pack()
        row = {
            "phase": learner.phase,
            "epoch": progress.epoch,
            "images": progress.images,
            "loss": loss,
            "terms": [{"name": name, "loss": value} for name, value in terms.items()],
            "validation_loss": validation,
            "learning_rate": learner.schedule.learning_rate,
            "images_per_second": photos / max(progress.seconds, 1e-9),
        }
        progress.history.append(row)
        self.tell(row)
        progress.done = learner.schedule.given_up and learner.phase == "all"
        progress.epoch, progress.step = progress.epoch + 1, 0
        progress.sums, progress.count, progress.seconds = {}, 0, 0.0

    def _say(self, total: int) -> None:
        progress = self.progress
        if not progress.count:
            return  # nothing has been read back yet
        wanted = self.train.order.draws * self.learner.world * total
        seconds = max(time.monotonic() - self._began, 1e-9)
        rate = (progress.images - self._images_before) / seconds
        self.tell(
            {
                "epoch": progress.epoch,
                "epochs": total,
                "images": progress.images,
                "of": wanted,
                "terms": progress.mean(),
                "loss": sum(progress.mean().values()),
                "learning_rate": self.learner.schedule.learning_rate,
                "images_per_second": rate,
                "seconds_left": max(wanted - progress.images, 0) / max(rate, 1e-9),
            }
        )

    def _due(self, number: int) -> bool:
        """Whether a checkpoint is due; the same answer on every worker."""
        world = self.learner.world
        if world > 1 and (number + 1) % ASK_EVERY:
            return False
        late = time.monotonic() - self._saved >= self.checkpoint_every
        return bool(everywhere(float(late), world, self.learner.device, maximum=True))
