"""One worker of a Ray Train TorchTrainer: loads its shard, goes on where a killed run stopped, trains.

All it knows comes in its job: which photos (as places in the lake), their words, the method and its Config.
Rank 0 reports checkpoints; the last one also holds the history and how well each word can be seen.
"""

import json
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.fs as pafs
import ray
import ray.train
import ray.train.torch
import torch
from numpy.typing import NDArray
from torch import nn

from schemas.errors import InputError, PipelineError
from workers import method as methods
from workers.data.dataloader import Feed, feed_of
from workers.data.dataset import Examples, ids_of_hex
from workers.data.sampler import Bags
from workers.data.shards import PixelCache, Places
from workers.training import resume as training_state
from workers.training import word_auc as word_scores
from workers.training.checkpoint import load, on_device, pack, unpack
from workers.training.train_loop import Fit, Progress
from workers.training.train_step import Learner, everywhere
from workers.training.warm_start import inherit

RESULT, SCORES = "result.json", "word_scores.npz"


@dataclass(frozen=True)
class Job:
    """What a training is.

    method, config     name and values of the method
    words              the vocabulary, index = row of the word layer
    filesystem         of the lake
    examples           object reference of workers.data.dataset.Examples: every photo
    train, validation  object references of workers.data.shards.Places: which of them to learn from, which to judge on
    start              path of the checkpoint to start from; empty: first weights
    threads            of torch, per worker
    cache_bytes        of memory for decoded photos, per worker
    checkpoint_every   seconds
    resume             folders of checkpoints to go on from where Ray knows of none, newest first
    tell               hears of progress on rank 0
    refused            a queue: an error that another attempt would only repeat
    """

    method: str
    config: dict[str, Any]
    words: tuple[str, ...]
    filesystem: pafs.FileSystem
    examples: Any
    train: Any
    validation: Any
    start: str
    threads: int
    cache_bytes: int
    checkpoint_every: float
    resume: tuple[str, ...]
    tell: Callable[[dict[str, Any]], None]
    refused: Any


def train_worker(config: dict[str, Any]) -> None:
    """What TorchTrainer runs on every worker; config {"job": Job}.

    An error of the user's ends the training at once: Ray would otherwise start it again.
    """
    job: Job = config["job"]
    if not job.refused.empty():
        return
    try:
        _train(job)
    except PipelineError as error:
        job.refused.put(error)
        if ray.train.get_context().get_world_size() > 1:
            raise  # the other workers wait in a collective; the next attempt returns at once


def _train(job: Job) -> None:
    context = ray.train.get_context()
    rank, world = context.get_world_rank(), context.get_world_size()
    torch.set_num_threads(job.threads)  # Ray sets OMP_NUM_THREADS to 1 on CPU workers
    config = methods.config_of(job.method, job.config)
    module, origin = first_module(job, config)
    device = ray.train.torch.get_device()
    module = on_device(module, device)
    learner = Learner(module, config, device, world=world, rank=rank)
    train, held_out, undecodable = _feeds(job, learner)
    progress = _resumed(job, learner)
    resumed_at = progress.images

    def keep(progress: Progress) -> None:
        _report(rank, progress, lambda folder: training_state.save(folder, learner, progress))

    done = Fit(
        learner,
        train,
        held_out,
        pack=lambda: pack(job.method, module, config, job.words, origin),
        keep=keep,
        tell=job.tell if rank == 0 else lambda event: None,
        checkpoint_every=job.checkpoint_every,
        progress=progress,
    ).run()
    best = on_device(unpack(done.best, job.method).module, learner.device)
    scores = _word_scores(job, learner, best, train, held_out)
    offsets = _offsets(job, learner, best, train)

    def finish(folder: str) -> None:
        training_state.save(folder, learner, done)
        told = {"history": done.history, "undecodable": undecodable, "resumed_at": resumed_at}
        Path(folder, RESULT).write_text(json.dumps(told))
        np.savez(Path(folder, SCORES), positives=scores[0], aucs=scores[1], offsets=offsets)

    _report(rank, done, finish)


def first_module(job: Job, config: Any) -> tuple[nn.Module, str]:
    """The method before its first step, and where its weights came from."""
    module = methods.build(job.method, config, len(job.words))
    if not job.start:
        return module, str(getattr(getattr(module, "trunk", None), "origin", "random"))
    parent = load(job.filesystem, job.start)
    inherit(job.method, module, config, job.words, parent)
    return module, f"checkpoint:{parent.sha256}"


def _feeds(job: Job, learner: Learner) -> tuple[Feed, Feed, int]:
    """Photos to learn from, photos to judge on, and how many of all did not decode."""
    rank, world, vocabulary = learner.rank, learner.world, len(job.words)
    every: Examples = ray.get(job.examples)
    config, feeds, undecodable = learner.config, [], 0
    threads = max(job.threads, os.cpu_count() or 1)
    for part in (job.train, job.validation):
        places: Places = ray.get(part)
        pieces = places.share(rank, world)
        count = sum(last - first for _, first, last in pieces)
        size = methods.photo_size(config) if part is job.train else config.image_size
        cache = PixelCache(job.filesystem, places.units(pieces), count, size, threads, job.cache_bytes)
        undecodable += len(cache.errors)
        mine = every.take(every.find(ids_of_hex(cache.image_ids)))
        options: dict[str, Any] = {"rank": rank, "device": learner.device}
        if part is job.train:
            if not len(mine):
                raise InputError("training", f"worker {rank} of {world} has no photo to learn from")
            # Every rank takes as many steps as the largest shard wants, or gradients would be waited for.
            draws = int(everywhere(float(len(mine)), world, learner.device, maximum=True))
            learnt = every.take(every.find(places.ids))
            photos = np.bincount(learnt.words, minlength=vocabulary)
            options |= {"draws": draws, "spread": photos, "module": learner.module}
        feeds.append(feed_of(cache.pixels, mine, config, vocabulary, **options))
    if isinstance(learner.module, methods.KnowsFrequencies):
        learner.module.count(torch.from_numpy(photos), len(learnt))
    return feeds[0], feeds[1], int(everywhere(float(undecodable), world, learner.device))


def _resumed(job: Job, learner: Learner) -> Progress:
    """Where an earlier attempt stood: of a worker that died, or of a driver."""
    checkpoint = ray.train.get_checkpoint()
    if checkpoint is not None:
        with checkpoint.as_directory() as folder:
            return training_state.load(folder, learner)
    for path in job.resume:
        with ray.train.Checkpoint(path, job.filesystem).as_directory() as folder:
            if progress := training_state.newest_whole([folder], learner):
                return progress
    return Progress()


def _report(rank: int, progress: Progress, write: Callable[[str], None]) -> None:
    """A barrier of all workers; rank 0 brings the checkpoint."""
    metrics = {"epoch": progress.epoch, "step": progress.step, "images": progress.images}
    if rank:
        ray.train.report(metrics)
        return
    with tempfile.TemporaryDirectory(prefix="vitrine-checkpoint-") as folder:
        write(folder)
        ray.train.report(metrics, checkpoint=ray.train.Checkpoint.from_directory(folder))


def _word_scores(job: Job, learner: Learner, best: nn.Module, train: Feed, held_out: Feed) -> Any:
    """positives (V,) and AUC (V,) of every word under the best weights, on the held-out photos of all workers."""
    enough = learner.total(len(held_out)) >= word_scores.FEWEST
    feed = held_out if enough else train.shortened(word_scores.MOST // learner.world)
    size = learner.config.image_size
    vectors = word_scores.embedded(best, feed.pixels, size, learner.device, learner.half)
    parts = word_scores.of_all_workers((vectors, feed.examples.counts, feed.examples.words), learner.world)
    joined = [np.concatenate(arrays) for arrays in zip(*parts, strict=True)]
    bags = Bags(np.r_[0, np.cumsum(joined[1])], joined[2], len(job.words))
    words = best.word_vectors().float().cpu().numpy()  # type: ignore[operator]
    return word_scores.word_scores(joined[0], words, bags)


def _offsets(job: Job, learner: Learner, best: nn.Module, train: Feed) -> NDArray[np.float32]:
    """(V,) what is added to a word's score where words compete to name a photo; NaN where nothing is."""
    share = float(getattr(learner.config, "typical", 0.0))
    if not share:
        return np.full(len(job.words), np.nan, np.float32)
    few = train.examples.take(np.arange(min(len(train), word_scores.TYPICAL // learner.world)))
    bags = Bags(few.starts, few.words, len(job.words))
    size = learner.config.image_size
    mine = word_scores.typical_scores(best, train.pixels, bags, size, learner.device, learner.half)
    parts = word_scores.of_all_workers(mine, learner.world)
    sums, counts = (np.sum(arrays, axis=0) for arrays in zip(*parts, strict=True))
    typical = np.full(len(job.words), np.nan)
    np.divide(sums, counts, out=typical, where=counts > 0)
    # A word that none of these photos has is taken for a middling one.
    middle = np.nanmedian(typical) if counts.any() else 0.0
    offsets: NDArray[np.float32] = np.nan_to_num(-share * typical, nan=-share * middle).astype(np.float32)
    return offsets
