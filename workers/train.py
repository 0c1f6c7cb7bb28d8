"""The training loop of one Ray Train worker: words are drawn, photos predict them.

`train_worker` is what TorchTrainer runs on every worker. All it knows comes in its config: which
photos (as units of the lake), their words, the method and its Config. Rank 0 reports one row of
schemas.score.HISTORY per epoch with a checkpoint of the best weights so far.
"""

import math
import os
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import ray.train
import ray.train.torch
import torch
from torch import Tensor, nn

from schemas.errors import CheckpointError, InputError
from workers import method as methods
from workers.augment import augment
from workers.checkpoint import on_device, pack
from workers.photos import PixelCache, Unit
from workers.sampler import Bags, WordSampler

PATIENCE, GIVE_UP = 10, 20  # epochs without improvement: x0.1, stop (Corbière et al. 2017)


@dataclass
class Shard:
    """What one worker learns from: pixels (N, 3, S, S) and the words of each."""

    pixels: Any
    bags: Bags
    sampler: WordSampler


def train_worker(job: dict[str, Any]) -> None:
    """One worker of a TorchTrainer.

    job  method, config (mapping), words (vocabulary), filesystem, train and validation (each: units,
         image_ids, bags in the same order), threads, progress (callable or None)
    """
    context = ray.train.get_context()
    rank, world = context.get_world_rank(), context.get_world_size()
    torch.set_num_threads(job["threads"])  # Ray sets OMP_NUM_THREADS to 1 on CPU workers
    config = methods.config_of(job["method"], job["config"])
    module = methods.build(job["method"], config, len(job["words"]))
    origin = str(getattr(getattr(module, "trunk", None), "origin", "random"))
    device = ray.train.torch.get_device()
    module = on_device(module, device)
    data = _load(job, "train", rank, world, config, len(job["words"]))
    held_out = _load(job, "validation", rank, world, config, len(job["words"]))
    tell = job["progress"] if rank == 0 and job["progress"] else lambda event: None

    def report(metrics: dict[str, Any], best: bool) -> None:
        if rank or not best:
            ray.train.report(metrics)
            return
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "checkpoint.safetensors").write_bytes(
                pack(job["method"], module, config, tuple(job["words"]), origin)
            )
            ray.train.report(metrics, checkpoint=ray.train.Checkpoint.from_directory(folder))

    fit(module, config, data, held_out, world=world, device=device, report=report, tell=tell)


def fit(
    module: nn.Module,
    config: Any,
    data: Shard,
    held_out: Shard,
    *,
    world: int,
    device: torch.device,
    report: Callable[[dict[str, Any], bool], None],
    tell: Callable[[dict[str, Any]], None],
) -> None:
    """First the word layer alone for `frozen_epochs`, then everything; an epoch is N draws, N photos.

    `report(metrics, best)` is called on every worker after every epoch, `tell(event)` during it.
    Raises CheckpointError when the loss is no longer a number.
    """
    learner = Learner(module, config, world, device)
    total = config.frozen_epochs + config.epochs
    best, since, images = math.inf, 0, 0
    # Every rank takes the same number of steps, or the gradients of one would wait for ever.
    draws = _same_everywhere(len(data.bags), world)
    for epoch in range(1, total + 1):
        phase = "words" if epoch <= config.frozen_epochs else "all"
        if epoch in (1, config.frozen_epochs + 1):
            learner.begin(phase, config.frozen_epochs if phase == "words" else config.epochs, draws)
            since = 0
        started, loss_sum, count = time.monotonic(), 0.0, 0
        for photos, words in learner.draw(data, epoch, draws):
            loss = learner.step(data, photos, words, epoch)
            if not math.isfinite(loss):
                raise CheckpointError(f"epoch {epoch}", f"the loss became {loss}; lower the learning rate")
            loss_sum, count = loss_sum + loss * len(photos), count + len(photos)
            images += len(photos) * world
            tell(
                {
                    "epoch": epoch,
                    "epochs": total,
                    "images": images,
                    "of": draws * world * total,
                    "loss": loss_sum / count,
                }
            )
        rate = count * world / (time.monotonic() - started)
        loss_mean = learner.average(loss_sum / max(count, 1))
        validation = learner.average(learner.validate(held_out)) if len(held_out.bags) else None
        judged = loss_mean if validation is None else validation
        improved = judged < best - 1e-4
        best, since = (judged, 0) if improved else (best, since + 1)
        # The cosine schedule is meant to end where it ends; the last weights of it are the ones wanted.
        keep = improved if config.schedule == "plateau" else epoch == total
        metrics = {
            "phase": phase,
            "epoch": epoch,
            "images": images,
            "loss": loss_mean,
            "validation_loss": validation,
            "learning_rate": learner.learning_rate,
            "images_per_second": rate,
        }
        tell(metrics)
        report(metrics, keep)
        if config.schedule == "plateau":
            if since and since % PATIENCE == 0:
                learner.cool()
            if since >= GIVE_UP and phase == "all":
                return


class Learner:
    """Module, optimiser and schedule of one worker; DDP when there are several."""

    def __init__(self, module: nn.Module, config: Any, world: int, device: torch.device) -> None:
        self.module, self.config, self.world, self.device = module, config, world, device
        self.augmenter = torch.Generator()
        self.half = device.type == "cuda" or (device.type == "cpu" and torch.cpu._is_avx512_bf16_supported())
        self.learning_rate = config.learning_rate

    def begin(self, phase: str, epochs: int, draws: int) -> None:
        """Start a phase with a fresh optimiser."""
        for parameter in self.module.parameters():
            parameter.requires_grad_(phase == "all")
        for parameter in self.module.words.parameters():  # type: ignore[union-attr]
            parameter.requires_grad_(True)
        self.frozen = phase == "words"
        learnt = [p for p in self.module.parameters() if p.requires_grad]
        options: dict[str, Any] = {"lr": self.config.learning_rate, "weight_decay": self.config.weight_decay}
        if self.config.optimiser == "sgd":
            self.optimiser: torch.optim.Optimizer = torch.optim.SGD(
                learnt, momentum=self.config.momentum, **options
            )
        elif self.config.optimiser == "adamw":
            self.optimiser = torch.optim.AdamW(learnt, **options)
        else:
            raise InputError(f"optimiser {self.config.optimiser}", "there are sgd and adamw")
        self.steps, self.taken = max(1, epochs * math.ceil(draws / self.config.batch)), 0
        loss = _Loss(self.module)
        self.loss: nn.Module = nn.parallel.DistributedDataParallel(loss) if self.world > 1 else loss

    def step(self, data: Shard, photos: Any, words: Any, epoch: int) -> float:
        """One batch forward and back; returns its mean loss in nats."""
        self.module.train(not self.frozen)  # a frozen backbone keeps its batch statistics, too
        self._schedule()
        pixels = torch.from_numpy(np.ascontiguousarray(data.pixels[photos]))
        if self.config.augment:
            self.augmenter.manual_seed(hash((self.config.seed, epoch, self.taken)) & 0x7FFFFFFF)
            pixels = augment(pixels, self.augmenter)
        loss = self._forward(pixels, words, data.bags.multi_hot(photos))
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimiser.step()
        self.taken += 1
        return float(loss.detach())

    @torch.inference_mode()
    def validate(self, held_out: Shard) -> float:
        """Mean loss of one fixed draw per held-out photo."""
        self.module.eval()
        total, count = 0.0, 0
        for photos, words in self.draw(held_out, 0, len(held_out.bags)):
            pixels = torch.from_numpy(np.ascontiguousarray(held_out.pixels[photos]))
            total += float(self._forward(pixels, words, held_out.bags.multi_hot(photos))) * len(photos)
            count += len(photos)
        return total / max(count, 1)

    def draw(self, shard: Shard, epoch: int, draws: int) -> Iterable[tuple[Any, Any]]:
        """Batches of (photos, words) of one epoch: words uniformly as published, or photos uniformly."""
        drawing = shard.sampler.photos if self.config.target == "bag" else shard.sampler.epoch
        return drawing(epoch, draws, self.config.batch)

    def cool(self) -> None:
        """Learning rate x 0.1."""
        self.learning_rate *= 0.1

    def average(self, value: float) -> float:
        """Mean of a number over all workers."""
        if self.world == 1:
            return value
        tensor = torch.tensor(value, device=self.device, dtype=torch.float64)
        torch.distributed.all_reduce(tensor)
        return float(tensor) / self.world

    def _forward(self, pixels: Tensor, words: Any, bags: Any) -> Tensor:
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.half):
            arguments = (pixels, torch.from_numpy(words), torch.from_numpy(bags))
            forward = self.loss if torch.is_grad_enabled() else self.module.loss
            loss: Tensor = forward(*(argument.to(self.device, non_blocking=True) for argument in arguments))  # type: ignore[operator]
        return loss

    def _schedule(self) -> None:
        rate = self.learning_rate
        if self.config.schedule == "cosine":
            warm = min(1.0, (self.taken + 1) / max(1, self.steps // 20))
            rate = self.config.learning_rate * warm * 0.5 * (1 + math.cos(math.pi * self.taken / self.steps))
            self.learning_rate = rate
        for group in self.optimiser.param_groups:
            group["lr"] = rate


class _Loss(nn.Module):
    """DDP synchronises what `forward` uses, so the loss is made the forward pass."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, pixels: Tensor, words: Tensor, bags: Tensor) -> Tensor:
        loss: Tensor = self.module.loss(pixels, words, bags)  # type: ignore[operator]
        return loss


def _load(job: dict[str, Any], part: str, rank: int, world: int, config: Any, vocabulary: int) -> Shard:
    units = [Unit(*unit) for unit in job[part]["units"]][rank::world]
    threads = max(job["threads"], os.cpu_count() or 1)
    cache = PixelCache(job["filesystem"], units, config.image_size, threads)
    bag_of = dict(zip(job[part]["image_ids"], job[part]["bags"], strict=True))
    bags = Bags.of([bag_of[image_id] for image_id in cache.image_ids], vocabulary)
    if part == "train" and not len(bags.words):
        raise InputError("training", f"worker {rank} of {world} has no photo with words; use fewer workers")
    return Shard(cache.pixels, bags, WordSampler(bags, seed=config.seed, rank=rank))


def _same_everywhere(number: int, world: int) -> int:
    if world == 1:
        return number
    tensor = torch.tensor(number)
    if torch.distributed.get_backend() == "nccl":
        tensor = tensor.cuda()
    torch.distributed.all_reduce(tensor, torch.distributed.ReduceOp.MIN)
    return int(tensor)


def history_rows(reports: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows of schemas.score.HISTORY from what the workers reported, one per epoch, in order."""
    by_epoch = {report["epoch"]: report for report in reports}
    return [by_epoch[epoch] for epoch in sorted(by_epoch)]
