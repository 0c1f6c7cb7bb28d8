"""One worker of a Ray Train TorchTrainer: loads its shard, goes on where a killed run stopped, trains.

All it knows comes in its job: which photos (as row slices of the lake), what is known of them, the method and its
settings. Rank 0 reports checkpoints; the last one also holds the history and how well each word can be seen.
"""

import json
import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.fs as pafs
import ray
import ray.train
import ray.train.torch
import torch

from schemas.errors import PipelineError
from workers.contract import Fits, LabelSpace, Method, NamesWords, Trains, registry
from workers.data.dataloader import BatchLoader
from workers.data.pixel_cache import PixelCache
from workers.data.streamed_loader import Loader, StreamedLoader
from workers.device import bfloat16_pays, prepare_for_training
from workers.training import resume
from workers.training.collectives import all_reduced
from workers.training.fit import fit, fit_to_all
from workers.training.loaders import Shards
from workers.training.steps.train_step import TrainStep
from workers.training.train_loop import Progress, TrainLoop
from workers.training.weights.checkpoint import load, on_device, pack, unpack
from workers.training.weights.warm_start import warm_start
from workers.training.weights.wise_ft import FirstWeights
from workers.training.words.word_results import WordMeasure

RESULT, SCORES = "result.json", "word_scores.npz"


@dataclass(frozen=True)
class Job:
    """What a training is.

    method, settings   name and flat settings of the method
    labels             the names it learns
    filesystem         of the lake
    dataset            object reference of workers.data.dataset.Dataset: every photo, and what the method reads
    train, validation  object references of lists of schemas.row_slice.RowSlice: what to learn from, what to judge on
    start              path of the checkpoint to start from; empty: first weights
    threads            that compute, and that decode, per worker: as many as CPUs are reserved for it
    cache              of decoded photos, on the disk of whichever machine
    checkpoint_every   seconds
    resume             folders of checkpoints to go on from where Ray knows of none, newest first
    on_progress        called with progress on rank 0: that photos are loaded, then as train_loop.py says
    refused            a queue: an error that another attempt would only repeat
    """

    method: str
    settings: dict[str, Any]
    labels: LabelSpace
    filesystem: pafs.FileSystem
    dataset: Any
    train: Any
    validation: Any
    start: str
    threads: int
    cache: PixelCache
    checkpoint_every: float
    resume: tuple[str, ...]
    on_progress: Callable[[dict[str, Any]], None]
    refused: Any


def train_worker(config: dict[str, Any]) -> None:
    """What TorchTrainer runs on every worker; config {"job": Job}.

    An error of the user's ends the training at once: Ray would otherwise start it again.
    """
    job: Job = config["job"]
    if not job.refused.empty():
        return
    try:
        context = ray.train.get_context()
        torch.set_num_threads(job.threads)  # Ray sets OMP_NUM_THREADS to 1 on CPU workers
        _Worker(job, context.get_world_rank(), context.get_world_size()).run()
    except PipelineError as error:
        job.refused.put(error)
        if ray.train.get_context().get_world_size() > 1:
            raise  # the other workers wait in a collective; the next attempt returns at once


class _Worker:
    """A job on one worker, with its method as it is before its first step."""

    def __init__(self, job: Job, rank: int, world: int) -> None:
        self.job, self.rank, self.world, self.begun = job, rank, world, time.monotonic()
        self.settings = registry.settings_of(job.method, job.settings)
        assert self.settings.training is not None
        self.training = self.settings.training
        method, self.origin = first_method(job, self.settings)
        self.device = ray.train.torch.get_device()
        prepare_for_training(self.device)
        self.method = on_device(method, self.device)
        self.first = FirstWeights(self.method, self.training.wise_ft or 0.0)

    def run(self) -> None:
        """Train and fit, measure the words, report."""
        self._on_progress({"phase": "load"})
        step = None
        if isinstance(self.method, Trains):
            step = TrainStep(self.method, self.training, self.device, world=self.world, rank=self.rank)
        train, held_out, undecodable = self._loaders()
        progress = self._resumed(step)
        resumed_at = progress.images
        if step:
            self._train(step, train, held_out, progress)
        if isinstance(self.method, Fits) and not progress.fitted:
            self._fit(train, progress)
        if isinstance(train, StreamedLoader):
            undecodable += len(train.undecodable)
        best = on_device(unpack(progress.best, self.job.method).module, self.device)
        words = {}
        if isinstance(best, NamesWords):
            measure = WordMeasure(best, self.device, bfloat16_pays(self.device), self.world)
            words = vars(measure.results(train, held_out, self.training.typical))
        undecodable = int(all_reduced(float(undecodable), self.world, self.device))
        results = {"resumed_at": resumed_at, "undecodable": undecodable, "history": progress.history}
        results["cpu_seconds"] = all_reduced(time.process_time(), self.world, self.device)
        on_gpu = self.world if self.device.type == "cuda" else 0
        results["gpu_seconds"] = on_gpu * (time.monotonic() - self.begun)

        def write(folder: str) -> None:
            resume.save(folder, step, progress)
            Path(folder, RESULT).write_text(json.dumps(results))
            np.savez(Path(folder, SCORES), **words)

        self._report(progress, write)

    def _loaders(self) -> tuple[Loader, BatchLoader, int]:
        """Photos to learn from, photos to judge on, and how many of all are known not to decode."""
        job, cores = self.job, os.cpu_count() or 1
        beside = ray.train.get_context().get_local_world_size()
        shards = Shards(
            job.filesystem,
            ray.get(job.dataset),
            self.method,
            self.training,
            self.device,
            job.threads,
            max(1, cores // beside),
            job.cache,
            self.rank,
            self.world,
        )
        train = shards.train(ray.get(job.train))
        held_out = shards.held_out(ray.get(job.validation))
        self._on_progress({"phase": "loaded", "photos": train.how})
        return train.loader, held_out.loader, train.undecodable + held_out.undecodable

    def _train(self, step: TrainStep, train: Loader, held_out: BatchLoader, progress: Progress) -> None:
        TrainLoop(
            step,
            train,
            held_out,
            pack=self._packed_towards_first,
            save_checkpoint=lambda progress: self._report(
                progress, lambda folder: resume.save(folder, step, progress)
            ),
            on_progress=self._on_progress,
            fit=partial(self._fit_first, train) if isinstance(self.method, Fits) else None,
            checkpoint_every=self.job.checkpoint_every,
            progress=progress,
        ).run()

    def _fit(self, train: Loader, progress: Progress) -> None:
        """Fit the best weights of the stages, or where there were none, the first ones."""
        method = self.method
        if progress.best:
            method = on_device(unpack(progress.best, self.job.method).module, self.device)
        self._on_progress(fit(method, train, progress, self.world))
        progress.best = self._packed(method)

    def _fit_first(self, train: Loader) -> None:
        """Fit what has learnt so far, before it goes on with whole photos."""
        self._on_progress({"phase": "fit", "doing": "it is fitted to every photo, once"})
        fit_to_all(self.method, train, self.world)

    def _packed_towards_first(self) -> bytes:
        with self.first.applied():
            return self._packed(self.method)

    def _packed(self, method: Method) -> bytes:
        return pack(method, self.settings, self.job.labels, self.origin)

    def _on_progress(self, event: dict[str, Any]) -> None:
        if self.rank == 0:
            self.job.on_progress(event)

    def _resumed(self, step: TrainStep | None) -> Progress:
        """Where an earlier attempt stood: of a worker that died, or of a driver."""
        checkpoint = ray.train.get_checkpoint()
        if checkpoint is not None:
            with checkpoint.as_directory() as folder:
                return resume.load(folder, step)
        for path in self.job.resume:
            with ray.train.Checkpoint(path, self.job.filesystem).as_directory() as folder:
                if progress := resume.newest_whole([folder], step):
                    return progress
        return Progress()

    def _report(self, progress: Progress, write: Callable[[str], None]) -> None:
        """A barrier of all workers; rank 0 brings the checkpoint."""
        metrics = {
            "stage": progress.stage,
            "epoch": progress.epoch,
            "step": progress.step,
            "images": progress.images,
        }
        if self.rank:
            ray.train.report(metrics)
            return
        with tempfile.TemporaryDirectory(prefix="vitrine-checkpoint-") as folder:
            write(folder)
            ray.train.report(metrics, checkpoint=ray.train.Checkpoint.from_directory(folder))


def first_method(job: Job, settings: registry.Settings) -> tuple[Method, str]:
    """The method before its first step, and where its weights came from."""
    method = registry.build(settings, job.labels)
    if not job.start:
        return method, method.origin
    parent = load(job.filesystem, job.start)
    warm_start(job.method, method, job.labels, parent)
    return method, f"checkpoint:{parent.sha256}"
