"""The training loop: epochs of steps, judged on held-out photos, resumable after any step.

Stage after stage, as the method says; an epoch is as many draws as there are photos. What the loop knows lies in a
Progress; with the state of the TrainStep it is all that a resumed run needs, because batches and random numbers are
functions of (seed, epoch, step, rank).
"""

import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from itertools import accumulate
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from schemas.errors import CheckpointError, InputError
from workers.data.streamed_loader import Loader
from workers.training.collectives import all_reduced
from workers.training.steps.train_step import TrainStep

ASK_EVERY = 16  # steps between two agreements of several workers on whether a checkpoint is due
MOST_NAMED = 5  # image ids in the message about a loss that is no number


@dataclass
class Progress:
    """How far a training is.

    stage, epoch, step  the next step to take: stages count from 0, epochs from 1 over all stages, steps from 0
    images       drawn so far, all workers
    sums, count  loss terms of the epoch so far, weighted by photos, and photos
    seconds      the epoch took so far
    history      rows of schemas.score.HISTORY
    best         file of the best weights so far; empty before the first
    done         nothing is left to learn by gradient; fitted: nor without
    """

    stage: int = 0
    epoch: int = 1
    step: int = 0
    images: int = 0
    sums: dict[str, float] = field(default_factory=dict)
    count: int = 0
    seconds: float = 0.0
    history: list[dict[str, Any]] = field(default_factory=list)
    best: bytes = b""
    done: bool = False
    fitted: bool = False

    def state_dict(self) -> dict[str, Any]:
        """All but the weights, as plain values."""
        return {name: value for name, value in asdict(self).items() if name != "best"}

    def mean(self) -> dict[str, float]:
        """Loss terms of the epoch so far."""
        return {name: total / max(self.count, 1) for name, total in self.sums.items()}


@dataclass
class TrainLoop:
    """One training.

    train, held_out   photos to learn from and to judge on, in the order of any stage
    pack              the method's weights as the bytes of a checkpoint file
    save_checkpoint   called with the Progress whenever a checkpoint is due, on every worker
    on_progress       called with how far an epoch is, and with every row of history
    checkpoint_every  seconds between two checkpoints within an epoch; at its end there is always one
    fit               fits the method to whole photos, before the stages of these; None: there is nothing to fit
    """

    train_step: TrainStep
    train: Loader
    held_out: Loader
    pack: Callable[[], bytes]
    save_checkpoint: Callable[[Progress], None]
    on_progress: Callable[[dict[str, Any]], None]
    checkpoint_every: float = 600.0
    progress: Progress = field(default_factory=Progress)
    fit: Callable[[], object] | None = None

    def run(self) -> Progress:
        """Train to the end, from wherever `progress` stands.

        Raises CheckpointError when the loss is no longer a number, with the photos of that batch, and InputError for
        a stage that has no photo to draw.
        """
        progress = self.progress
        self._ends = list(accumulate(stage.epochs for stage in self.train_step.stages))
        self._saved = time.monotonic()
        self._placed = -1
        while progress.stage < len(self._ends) and not progress.done:
            if self.fit and self.train_step.stages[progress.stage].whole and not progress.fitted:
                self.fit()
                progress.fitted = True
            self._enter(progress.stage)
            self._epoch()
            self._judge()
            self.save_checkpoint(progress)
            self._saved = time.monotonic()
        progress.done = True
        return progress

    @property
    def _total(self) -> int:
        return self._ends[-1]

    def _enter(self, number: int) -> None:
        """Be in a stage: with its batches, and begun."""
        stage = self.train_step.stages[number]
        if self._placed != number:
            self._placed = number
            self._began, self._images_before = time.monotonic(), self.progress.images
            self.train, self.held_out = (part.for_stage(stage) for part in (self.train, self.held_out))
            if self.train.order and len(self.train) and not len(self.train.order.sampler):
                why = "no product has the photos for it; a method with that setting takes each by sampling=photos"
                raise InputError(f"sampling {stage.sampler}", why)
        if self.train_step.stage != number:
            self.train_step.begin(number, stage.epochs * self.train.steps)

    def _epoch(self) -> None:
        progress, train_step = self.progress, self.train_step
        resumed, before = time.monotonic(), progress.seconds
        waiting: tuple[int, NDArray[np.int64], dict[str, Tensor]] | None = None
        for step in self.train.batches(progress.epoch, progress.step):
            terms = train_step.step(step.batch, progress.epoch, step.number)
            if waiting:  # read one step late, so that a GPU never stands still for it
                self._note(*waiting)
            waiting = (step.number, step.photos, terms)
            progress.step = step.number + 1
            progress.images += len(step.photos) * train_step.world
            progress.seconds = before + time.monotonic() - resumed
            if self._due(step.number) and progress.step < self.train.steps:
                self._note(*waiting)
                waiting = None
                self.save_checkpoint(progress)
                self._saved = time.monotonic()
            self._report()
        if waiting:
            self._note(*waiting)

    def _note(self, number: int, photos: NDArray[np.int64], terms: dict[str, Tensor]) -> None:
        values = torch.stack(list(terms.values())).tolist()
        if not all(math.isfinite(value) for value in values):
            names = self.train.names(photos)
            shown = ", ".join(names[:MOST_NAMED]) + (" ..." if len(names) > MOST_NAMED else "")
            losses = ", ".join(f"{name} {value}" for name, value in zip(terms, values, strict=True))
            raise CheckpointError(
                f"epoch {self.progress.epoch} step {number}",
                f"the loss is no number ({losses}) on {len(names)} photos {shown}; lower the learning rate",
            )
        for name, value in zip(terms, values, strict=True):
            self.progress.sums[name] = self.progress.sums.get(name, 0.0) + value * len(photos)
        self.progress.count += len(photos)

    def _judge(self) -> None:
        """Validate, keep the best, and close the epoch."""
        progress, train_step = self.progress, self.train_step
        photos = train_step.total(progress.count)
        terms = {name: train_step.total(value) / max(photos, 1) for name, value in progress.sums.items()}
        loss = sum(terms.values())
        validation = train_step.validate(self.held_out)
        improved = train_step.schedule.judge(loss if validation is None else validation)
        # The cosine schedule is meant to end where it ends; the last weights of it are the ones wanted.
        if improved if train_step.schedule.kind == "plateau" else progress.epoch == self._total:
            with train_step.average.applied():
                progress.best = self.pack()
        row = {
            "phase": train_step.stages[progress.stage].name,
            "epoch": progress.epoch,
            "images": progress.images,
            "loss": loss,
            "terms": [{"name": name, "loss": value} for name, value in terms.items()],
            "validation_loss": validation,
            "learning_rate": train_step.schedule.learning_rate,
            "images_per_second": photos / max(progress.seconds, 1e-9),
        }
        progress.history.append(row)
        self.on_progress(row)
        progress.done = train_step.schedule.given_up and progress.stage == len(self._ends) - 1
        progress.stage += progress.epoch == self._ends[progress.stage]
        progress.epoch, progress.step = progress.epoch + 1, 0
        progress.sums, progress.count, progress.seconds = {}, 0, 0.0

    def _report(self) -> None:
        progress = self.progress
        if not progress.count:
            return  # nothing has been read back yet
        draws = len(self.train) if self.train.draws is None else self.train.draws
        an_epoch = draws * self.train_step.world
        in_stage = an_epoch * self._ends[progress.stage] - progress.images
        later = [stage for stage in self.train_step.stages[progress.stage + 1 :] if stage.epochs]
        seconds = max(time.monotonic() - self._began, 1e-9)
        rate = (progress.images - self._images_before) / seconds
        self.on_progress(
            {
                "epoch": progress.epoch,
                "epochs": self._total,
                "images": progress.images,
                "of": an_epoch * self._total,
                "terms": progress.mean(),
                "loss": sum(progress.mean().values()),
                "learning_rate": self.train_step.schedule.learning_rate,
                "images_per_second": rate,
                # Of this stage alone: behind a frozen network an epoch takes a fraction of what it takes with all.
                "seconds_left": max(in_stage, 0) / max(rate, 1e-9),
                "later": {stage.name: stage.epochs for stage in later},
            }
        )

    def _due(self, number: int) -> bool:
        """Whether a checkpoint is due; the same answer on every worker."""
        world = self.train_step.world
        if world > 1 and (number + 1) % ASK_EVERY:
            return False
        late = time.monotonic() - self._saved >= self.checkpoint_every
        return bool(all_reduced(float(late), world, self.train_step.device, maximum=True))
