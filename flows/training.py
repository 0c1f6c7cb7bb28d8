"""Ray Train's TorchTrainer around workers/train.py: shards, resources, progress, the checkpoint back."""

import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import ray
from ray.train import CheckpointConfig, FailureConfig, RunConfig, ScalingConfig
from ray.train.torch import TorchTrainer
from ray.util.queue import Empty, Queue

from flows.orchestration import our_error
from flows.progress import stage
from infra.cluster import ray_cluster, wanted_gpus
from infra.lake import Lake
from infra.photos import locate
from workers.split import share_of
from workers.train import history_rows, train_worker

VALIDATION_SHARE = 0.05
MOST_VALIDATION = 2_000  # photos: enough to see a trend, cheap beside an epoch
UNIT_ROWS = 256


class Example(NamedTuple):
    """One photo to learn from."""

    image_id: str
    group: int
    words: list[int]


class Tell:
    """Sends what rank 0 says to the driver, a few times a second; the last word of an epoch always."""

    def __init__(self, line: Queue, every_s: float = 0.5) -> None:
        self.line, self.every_s, self.last = line, every_s, 0.0

    def __call__(self, event: dict[str, Any]) -> None:
        """Send an event: how far an epoch is, or its row of history."""
        if "phase" in event or time.monotonic() - self.last >= self.every_s:
            self.last = time.monotonic()
            self.line.put(event)


def fit(
    lake: Lake,
    method: str,
    config: dict[str, Any],
    words: tuple[str, ...],
    examples: list[Example],
    workers: int,
    gpus: str,
) -> tuple[bytes, list[dict[str, Any]]]:
    """Train on `workers` workers; returns the bytes of the checkpoint and the rows of its history.

    A worker that dies is started again by Ray Train, twice at most (FailureConfig).
    """
    validation = [e for e in examples if share_of(f"validation {e.group}") < VALIDATION_SHARE][
        :MOST_VALIDATION
    ]
    held_out = {example.image_id for example in validation}
    learnt = [example for example in examples if example.image_id not in held_out]
    with ray_cluster() as cluster, tempfile.TemporaryDirectory(prefix="vitrine-train-") as scratch:
        on_gpu = wanted_gpus(gpus, cluster) > 0
        cores = max(1, cluster.cores // workers)
        line: Queue = Queue(actor_options={"num_cpus": 0})
        job = {
            "method": method,
            "config": config,
            "words": words,
            "filesystem": lake.filesystem,
            "train": _shard(lake, learnt, workers),
            "validation": _shard(lake, validation, workers),
            "threads": cores,
            "progress": Tell(line),
        }
        trainer = TorchTrainer(
            train_worker,
            train_loop_config=job,
            scaling_config=ScalingConfig(
                num_workers=workers,
                use_gpu=on_gpu,
                resources_per_worker={"CPU": 1} | ({"GPU": 1} if on_gpu else {}),
            ),
            run_config=RunConfig(
                name="train",
                storage_path=scratch if not cluster.remote else f"{lake.root}/ray-train",
                storage_filesystem=lake.filesystem if cluster.remote else None,
                failure_config=FailureConfig(max_failures=2),
                checkpoint_config=CheckpointConfig(num_to_keep=1),
            ),
        )
        history: list[dict[str, Any]] = []
        with _listening(line, history):
            result = _outcome(trainer)
        with result.checkpoint.as_directory() as folder:
            data = Path(folder, "checkpoint.safetensors").read_bytes()
    return data, history_rows(history)


def _outcome(trainer: TorchTrainer) -> Any:
    """The trainer's result; an error of ours that a worker raised comes out as itself."""
    try:
        return trainer.fit()
    except Exception as error:
        raise (our_error(error) or error) from None


def _shard(lake: Lake, examples: list[Example], workers: int) -> dict[str, Any]:
    """Where the photos lie, cut so that every worker gets some, and their words."""
    units = locate(lake, [example.image_id for example in examples]) if examples else []
    rows = max(1, min(UNIT_ROWS, len(examples) // (4 * workers) or 1))
    pieces = [
        (unit.path, unit.row_group, unit.rows[first : first + rows], unit.image_ids[first : first + rows])
        for unit in units
        for first in range(0, len(unit.rows), rows)
    ]
    return {
        "units": pieces,
        "image_ids": [example.image_id for example in examples],
        "bags": [example.words for example in examples],
    }


@contextmanager
def _listening(line: Queue, history: list[dict[str, Any]]) -> Iterator[None]:
    """Show what the workers say while the trainer blocks, and collect the rows of history."""
    done = threading.Event()

    def listen() -> None:
        with stage("train", None, "images") as step:
            while True:
                try:
                    event = line.get(timeout=0.5)
                except Empty:
                    if done.is_set():
                        return
                    continue
                except ray.exceptions.RayError:
                    return
                if "phase" in event:
                    history.append(event)
                else:
                    note = f"epoch {event['epoch']}/{event['epochs']} loss {event['loss']:.3f}"
                    step.reach(event["images"], total=event["of"], note=note)

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join(timeout=30)
        line.shutdown()
