"""One test of the contract for every file of workers/methods, and every protocol that it declares."""

from collections.abc import Iterator
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from schemas.errors import InputError
from tests.workers.contract.every_method import METHOD, built, declares, methods_that, state
from tests.workers.contract.labelled_photos import LABELS, METHODS, photos, pixels, small
from workers.contract import (
    Batch,
    Fits,
    KnowsFrequencies,
    Method,
    Training,
    Trains,
    registry,
)
from workers.contract.batch import READABLE
from workers.contract.stage import SAMPLERS
from workers.data.dataloader import BatchLoader
from workers.training.fit import fit, fit_to_all
from workers.training.loaders import frequencies_of
from workers.training.resume import load, save
from workers.training.steps.train_step import TrainStep
from workers.training.train_loop import Progress, TrainLoop
from workers.training.weights.checkpoint import pack, unpack

CPU = torch.device("cpu")
PHOTOS, HELD_OUT = 16, 8


class StoppedError(Exception):
    """The process ends here, as far as a test is concerned."""


def training_of(name: str) -> Training:
    training = small(name).training
    assert training is not None, f"{name} learns and declares no TRAINING"
    return training


def loader_of(method: Method, training: Training, count: int = PHOTOS, augmented: bool = True) -> BatchLoader:
    size = max(training.photo_size or 0, method.image_size) if augmented else method.image_size
    data = photos(count, seed=count).select(method.reads)
    how = {"method": method} if augmented and isinstance(method, Trains) else {}
    return BatchLoader(pixels(count, size), data, training.batch, training.seed, **how)


def told(method: Method) -> Method:
    """The method, told how often each name stands, if it wants to know."""
    if isinstance(method, KnowsFrequencies):
        counts = frequencies_of(photos(PHOTOS, PHOTOS), method)
        method.count({name: torch.from_numpy(count) for name, count in counts.items()}, PHOTOS)
    return method


def moved(method: Method, first: dict[str, Tensor]) -> set[str]:
    return {name for name, tensor in method.state_dict().items() if not torch.equal(tensor, first[name])}


class Looped:
    """One training of a method in this process; gone after `stop_after` checkpoints."""

    def __init__(self, name: str) -> None:
        training = training_of(name)
        self.method = told(built(name))
        self.step = TrainStep(self.method, training, CPU)
        self.loaders = [
            loader_of(self.method, training),
            loader_of(self.method, training, HELD_OUT, augmented=False),
        ]

    def run(self, folder: Path, stop_after: int = 0, resume: bool = False) -> Progress:
        left = [stop_after]

        def save_checkpoint(progress: Progress) -> None:
            save(folder, self.step, progress)
            left[0] -= 1
            if left[0] == 0:
                raise StoppedError

        progress = load(folder, self.step) if resume else Progress()
        fits = isinstance(self.method, Fits)
        return TrainLoop(
            self.step,
            *self.loaders,
            self.pack,
            save_checkpoint,
            lambda event: None,
            0.0,
            progress,
            partial(fit_to_all, self.method, self.loaders[0], 1) if fits else None,
        ).run()

    def pack(self) -> bytes:
        return b"".join(tensor.numpy().tobytes() for tensor in self.method.state_dict().values())


def batches_by_stage(method: Trains, training: Training) -> Iterator[tuple[Any, Batch]]:
    assert isinstance(method, Method)
    for stage in method.stages(training):
        yield stage, loader_of(method, training).for_stage(stage).make(1, 0).batch


def test_a_folder_on_the_python_path_adds_its_methods() -> None:
    there = {path.stem for path in METHODS.glob("*.py")}

    assert there <= set(registry.names()) and {"corbiere", "house", "histogram"} <= set(registry.names())


@METHOD
def test_settings_are_named_once_and_changed_by_text(name: str) -> None:
    settings = registry.settings_of(name)
    own = {field.name for field in fields(settings.config)}

    flat = settings.flat()

    assert not own & {field.name for field in fields(Training)}
    assert registry.settings_of(name, flat) == settings
    assert registry.settings_of(name, {key: str(value) for key, value in flat.items()}) == settings
    with pytest.raises(InputError, match=f"{name} has no setting nonsense: it has "):
        registry.settings_of(name, {"nonsense": 1})


@METHOD
def test_every_photo_gets_a_vector_of_length_one_whatever_is_known_of_it(name: str) -> None:
    method = built(name).eval()
    images = torch.from_numpy(pixels(3, method.image_size))

    with torch.no_grad():
        vectors = method.embed(Batch(images))

    assert vectors.shape == (3, method.dim) and vectors.dtype == torch.float32
    torch.testing.assert_close(vectors.norm(dim=1), torch.ones(3))
    assert set(method.reads) <= set(READABLE)


@METHOD
def test_a_seed_makes_a_method_and_a_checkpoint_holds_all_of_it(name: str) -> None:
    settings, method = small(name), built(name).eval()
    images = Batch(torch.from_numpy(pixels(2, method.image_size)))
    assert not moved(built(name), state(method))
    for tensor in method.state_dict().values():
        if tensor.is_floating_point():
            tensor.mul_(1.5)

    again = unpack(pack(method, settings, LABELS, method.origin), name)

    assert again.settings == settings and again.labels == LABELS
    with torch.no_grad():
        assert torch.equal(again.module.embed(images), method.embed(images))


@METHOD
def test_what_learns_says_how_and_what_does_not_does_not(name: str) -> None:
    learns = declares(name, Trains) or declares(name, Fits)

    assert (small(name).training is not None) is learns
    assert not registry.settings_of(name, registry.without_training(name, small(name).flat())).learns


@methods_that(Trains)
def test_stages_groups_and_samplers_are_sound(name: str) -> None:
    method = built(name)
    assert isinstance(method, Trains)
    training = training_of(name)
    own = {id(parameter) for parameter in method.parameters()}

    stages = method.stages(training)

    assert sum(stage.epochs for stage in stages) > 0
    zero = registry.settings_of(name, registry.without_training(name, small(name).flat())).training
    assert zero is not None and not any(stage.epochs for stage in method.stages(zero))
    for stage in stages:
        assert stage.sampler in SAMPLERS
        assert len({group.name for group in stage.groups}) == len(stage.groups) > 0
        learnt = [id(parameter) for group in stage.groups for parameter in group.parameters]
        assert len(set(learnt)) == len(learnt) > 0 and set(learnt) <= own


@methods_that(Trains)
def test_augmenting_is_a_function_of_batch_and_generator(name: str) -> None:
    method = built(name)
    assert isinstance(method, Trains)
    training = training_of(name)
    batch = (
        loader_of(method, training, augmented=False).for_stage(method.stages(training)[0]).make(1, 0).batch
    )
    size = max(training.photo_size or 0, method.image_size)
    batch = batch.with_columns(torch.from_numpy(pixels(len(batch), size)))
    original = batch.images.clone()

    one, same, other = (
        method.augment(batch, torch.Generator().manual_seed(seed)).tensors() for seed in (1, 1, 2)
    )

    assert one["images"].shape == (len(batch), 3, method.image_size, method.image_size)
    assert one["images"].dtype == torch.float32
    assert float(one["images"].min()) >= 0 and float(one["images"].max()) <= 1
    assert one.keys() == batch.tensors().keys() and torch.equal(batch.images, original)
    assert all(torch.equal(one[column].nan_to_num(9), same[column].nan_to_num(9)) for column in one)
    assert not torch.equal(one["images"], other["images"])


@methods_that(Trains)
def test_losses_are_finite_scalars_of_distinct_names_and_move_their_group_alone(name: str) -> None:
    method = told(built(name))
    assert isinstance(method, Trains)
    training = training_of(name)
    step = TrainStep(method, training, CPU)
    names = {id(parameter): key for key, parameter in method.named_parameters()}
    for number, (stage, batch) in enumerate(batches_by_stage(method, training)):
        terms = {group.name: method.loss(batch, stage.name, group.name) for group in stage.groups}
        every = [key for group in terms.values() for key in group]
        assert len(set(every)) == len(every) > 0
        assert all(term.ndim == 0 and term.isfinite() for group in terms.values() for term in group.values())
        first = state(method)
        step.begin(number, 10)
        step.schedule.kind = "plateau"  # the full rate at once
        step.step(batch, 1, 0)

        learnt = {names[id(parameter)] for group in stage.groups for parameter in group.parameters}
        buffers = {key for key, _ in method.named_buffers()}
        assert moved(method, first) & learnt and moved(method, first) <= learnt | buffers
        for part in stage.frozen:
            inside = {id(tensor) for tensor in part.buffers()}
            still = {key for key, tensor in method.named_buffers() if id(tensor) in inside}
            assert not moved(method, first) & still


@methods_that(Trains)
def test_stopped_after_any_checkpoint_and_resumed_it_ends_in_the_same_bits(name: str, tmp_path: Path) -> None:
    calm = Looped(name)
    undisturbed = calm.run(tmp_path)
    checkpoints = sum(stage.epochs for stage in calm.step.stages) * calm.loaders[0].steps

    for stop_after in range(1, checkpoints, 1 if name.startswith("tiny_") else 2):
        with pytest.raises(StoppedError):
            Looped(name).run(tmp_path, stop_after)
        again = Looped(name)
        resumed = again.run(tmp_path, resume=True)

        assert again.pack() == calm.pack(), stop_after
        assert resumed.best == undisturbed.best
        phases = [(row["phase"], row["loss"]) for row in resumed.history]
        assert phases == [(row["phase"], row["loss"]) for row in undisturbed.history]


@methods_that(Fits)
def test_a_fit_is_a_function_of_its_photos_and_tells_what_it_did(name: str) -> None:
    one, same = built(name), built(name)
    progress, first = Progress(), state(one)
    loader = loader_of(one, training_of(name))

    row = fit(one, loader, progress, 1)
    fit(same, loader, Progress(), 1)

    assert moved(one, first) and not moved(same, state(one))
    assert progress.fitted and progress.history == [row] and progress.images == PHOTOS
    assert row["loss"] == pytest.approx(sum(term["loss"] for term in row["terms"]))
    if not one.fits_together:
        with pytest.raises(InputError, match="2 workers"):
            fit(built(name), loader, Progress(), 2)
