"""Ray Train's TorchTrainer around workers/training/worker.py: shards, resources, progress, the checkpoint back.

What the trainer keeps lies in the run's own folder, so that a driver that was killed and is asked the same
again goes on from its last checkpoint, as a worker does that died.
"""

import json
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import copy_context
from dataclasses import dataclass, field
from hashlib import sha256
from io import BytesIO
from itertools import chain
from pathlib import Path
from threading import Event, Thread
from typing import Any

import numpy as np
import pyarrow.fs as pafs
import ray
from numpy.typing import NDArray
from ray.train import CheckpointConfig, FailureConfig, RunConfig, ScalingConfig
from ray.train.torch import TorchTrainer
from ray.util.queue import Empty, Queue
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from flows.learn.dataset import Supervision, parts
from flows.orchestration import our_error
from flows.progress import say, stage, waiting
from flows.running.beside_main import beside_main
from flows.running.started_ray import started_ray
from infra.atomic_write import write_atomically
from infra.lake import Lake
from infra.open_run import OpenRun
from infra.photo_locations import locate
from infra.ray_runtime.placement import Placement
from schemas.manifest import Part
from workers.data.pixel_cache import PixelCache
from workers.training.resume import BEST
from workers.training.tensorboard_scalars import Scalars
from workers.training.worker import RESULT, SCORES, Job, train_worker

SCRATCH, EVENTS = "training", "tensorboard"  # folders of a train run; the first is gone once it is committed
SILENT_S = 30.0  # after which it is asked whether the workers still have room
SNAPSHOT = "checkpoint_manager_snapshot.json"  # Ray Train's own list of its checkpoints


@dataclass(frozen=True)
class Wanted:
    """What to train and with what.

    settings  every value of the method, flat
    placement of its workers
    start   path of the checkpoint to start from; empty: first weights
    begins  where that is, in words for the progress line
    cache   of decoded photos
    minutes between two checkpoints within an epoch
    """

    method: str
    settings: dict[str, Any]
    placement: Placement
    cache: PixelCache
    start: str = ""
    begins: str = "random weights"
    minutes: float = 10.0


@dataclass(frozen=True)
class Trained:
    """What a training leaves.

    data             the checkpoint's bytes
    history          rows of schemas.score.HISTORY
    undecodable      photos that are none
    resumed_at       images drawn before the last attempt began; 0: it began at the beginning
    cpu_seconds      of the workers of the last attempt
    gpu_seconds      for which they held GPUs
    positives, aucs, offsets  (V,) per word, see workers/training/words/word_auc.py; empty for a method without words
    """

    data: bytes
    history: list[dict[str, Any]] = field(default_factory=list)
    undecodable: int = 0
    resumed_at: int = 0
    cpu_seconds: float = 0.0
    gpu_seconds: float = 0.0
    positives: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    aucs: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    offsets: NDArray[np.float32] = field(default_factory=lambda: np.empty(0, np.float32))


class ProgressSender:
    """Sends what rank 0 says to the driver, a few times a second; the last word of an epoch always."""

    def __init__(self, line: Queue, every_s: float = 0.5) -> None:
        self.line, self.every_s, self.last = line, every_s, 0.0

    def __call__(self, event: dict[str, Any]) -> None:
        """Send an event: how far an epoch is, or its row of history."""
        if "phase" in event or time.monotonic() - self.last >= self.every_s:
            self.last = time.monotonic()
            self.line.put(event)


def fit(lake: Lake, run: OpenRun, wanted: Wanted, learnt: Supervision) -> Trained:
    """Train on some workers, from wherever an interrupted run of the same key stopped.

    A worker that dies is started again by Ray Train, twice at most (FailureConfig).
    """
    placement = wanted.placement
    with started_ray(lake):
        beside_us = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
        options = {"num_cpus": 0, "scheduling_strategy": beside_us}  # a node that goes takes no queue with it
        line, refused = (Queue(actor_options=options) for _ in range(2))
        train, validation = parts(learnt.dataset)
        job = Job(
            method=wanted.method,
            settings=wanted.settings,
            labels=learnt.labels,
            filesystem=lake.filesystem,
            dataset=ray.put(learnt.read()),
            train=ray.put(locate(lake, learnt.dataset.ids[train])),
            validation=ray.put(locate(lake, learnt.dataset.ids[validation])),
            start=wanted.start,
            threads=placement.threads,
            cache=wanted.cache,
            checkpoint_every=60 * wanted.minutes,
            resume=_unlisted(lake.filesystem, f"{run.folder}/{SCRATCH}"),
            on_progress=ProgressSender(line),
            refused=refused,
        )
        trainer = TorchTrainer(
            train_worker,
            train_loop_config={"job": job},
            scaling_config=ScalingConfig(
                num_workers=placement.workers,
                use_gpu=placement.on_gpu,
                resources_per_worker=placement.resources,
                placement_strategy=placement.strategy,
            ),
            run_config=RunConfig(
                name=SCRATCH,
                storage_path=run.folder,
                storage_filesystem=lake.filesystem,
                failure_config=FailureConfig(max_failures=2),
                checkpoint_config=CheckpointConfig(num_to_keep=1),
            ),
        )
        begins = f"{wanted.begins}, {placement.workers} workers" if placement.workers > 1 else wanted.begins
        with _event_files(lake, run) as folder, _listening(line, Scalars(folder), begins, placement):
            result = _outcome(trainer, refused)
        with result.checkpoint.as_directory() as folder:
            return _read(Path(folder))


def remove_scratch(run: OpenRun) -> None:
    """What only an interrupted run needs: its checkpoints."""
    folder = f"{run.folder}/{SCRATCH}"
    if run.filesystem.get_file_info(folder).type != pafs.FileType.NotFound:
        run.filesystem.delete_dir(folder)


def _outcome(trainer: TorchTrainer, refused: Queue) -> Any:
    """The trainer's result; an error of ours that a worker raised comes out as itself."""
    try:
        result = beside_main(trainer.fit)
    except Exception as error:
        raise (our_error(error) or error) from None
    if not refused.empty():
        raise refused.get()
    return result


def _unlisted(filesystem: pafs.FileSystem, folder: str) -> tuple[str, ...]:
    """Checkpoints to go on from where Ray's own list of them was cut off by a kill; the list is removed."""
    path = f"{folder}/{SNAPSHOT}"
    try:
        with filesystem.open_input_stream(path) as stream:
            listed = json.loads(stream.read())
        if listed["ray_version"] == ray.__version__:
            return ()
    except FileNotFoundError:
        return ()
    except (ValueError, KeyError, TypeError):
        pass
    filesystem.delete_file(path)
    found = filesystem.get_file_info(pafs.FileSelector(folder))
    names = [str(info.path) for info in found if info.base_name.startswith("checkpoint_")]
    return tuple(sorted(names, reverse=True))


def _read(folder: Path) -> Trained:
    results = json.loads((folder / RESULT).read_text())
    with np.load(BytesIO((folder / SCORES).read_bytes())) as scores:
        of_words = {name: scores[name] for name in scores.files}
    return Trained((folder / BEST).read_bytes(), **results, **of_words)


@contextmanager
def _event_files(lake: Lake, run: OpenRun) -> Iterator[str]:
    """A local folder for TensorBoard; what lies in it at the end is a table of files of the run.

    In a local lake it is the run's own folder, to be watched while it grows.
    """
    with tempfile.TemporaryDirectory(prefix="vitrine-events-") as temporary:
        folder = f"{run.folder}/{EVENTS}" if lake.is_local else temporary
        yield folder
        run.files[EVENTS] = []
        for file in sorted(Path(folder).glob("events.*")):
            data, name = file.read_bytes(), f"{EVENTS}/{file.name}"
            if not lake.is_local:
                write_atomically(lake.filesystem, f"{run.folder}/{name}", data)
            run.files[EVENTS].append(Part(name, 0, len(data), sha256(data).hexdigest()))


@contextmanager
def _listening(line: Queue, scalars: Scalars, begins: str, placement: Placement) -> Iterator[None]:
    """Show and record what the workers say while the trainer blocks."""
    done = Event()

    def listen() -> None:
        events = _events(line, done, placement)
        with waiting("Ray Train starts its workers, which import torch, 20 to 60 s"):
            begun = next(events, None)
        if begun is None:
            return
        with waiting("the first photos are loaded"):
            first = begun if "images" in begun else next(events, None)
        with stage("train", None, "images") as step:
            step.advance(0, note=f"from {begins}")
            said = begins
            for event in chain(filter(None, (first,)), events):
                if "photos" in event:
                    said = f"{begins}, photos {event['photos']}"
                    step.advance(0, note=f"from {said}")
                if "doing" in event:
                    step.advance(0, note=event["doing"])
                if "images" not in event:  # another attempt begins
                    continue
                scalars.add(event)
                if "phase" in event:
                    step.reach(event["images"])
                else:
                    step.reach(event["images"], total=event["of"], note=f"{_note(event)}, from {said}")

    # In our context, so that what is logged there is said of this task run.
    thread = Thread(target=copy_context().run, args=(listen,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join(timeout=30)
        scalars.close()
        with suppress(ray.exceptions.RayError):
            line.shutdown()


def _events(line: Queue, done: Event, placement: Placement) -> Iterator[dict[str, Any]]:
    """Give what the workers say, until it is over; where they fall silent for want of a node, say so once."""
    heard, told = time.monotonic(), False
    while True:
        try:
            event = line.get(timeout=0.5)
        except Empty:
            if done.is_set():
                return
            if not told and time.monotonic() - heard > SILENT_S:
                why = placement.lacks(ray.cluster_resources())  # type: ignore[no-untyped-call]
                told = bool(why)
                if why:
                    say(f"training waits: {why}; it goes on from its last checkpoint once a node joins")
        except ray.exceptions.RayError:
            return
        else:
            heard, told = time.monotonic(), False
            yield event


def _note(event: dict[str, Any]) -> str:
    """The rest of the progress line; its front says photos and their rate since the training began."""
    left = event["seconds_left"]
    time_left = f"{left / 60:,.0f} min" if left >= 120 else f"{left:.0f} s"
    then = "".join(f", then {epochs} epochs of {stage}" for stage, epochs in event["later"].items())
    rate = f"{event['images_per_second']:,.1f} img/s"
    return f"epoch {event['epoch']}/{event['epochs']} loss {event['loss']:.3f} {rate}, {time_left} left{then}"
