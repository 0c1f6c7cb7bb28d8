"""workers/data/dataloader.py: batches of photos with what is known of them, made ahead."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.workers.training.tiny_training import SHORT, Run
from workers.data.dataloader import BatchLoader


def test_batches_made_ahead_are_those_made_alone_and_an_error_of_theirs_comes_out() -> None:
    loader = Run().train

    for step in loader.batches(4):
        made, alone = step.batch.tensors(), loader.make(4, step.number).batch.tensors()
        assert all(torch.equal(made[name], alone[name]) for name in made)

    with pytest.raises(IndexError):
        list(replace(loader, pixels=loader.pixels[:3]).batches(1))


def test_a_batch_has_the_columns_of_its_photos() -> None:
    loader = Run().train
    step = loader.make(1, 0)

    hot = step.batch.multi_hot("words", 5).numpy()

    words = loader.dataset.sparse("words")
    for row, photo in enumerate(step.photos):
        first, last = words.starts[photo : photo + 2]
        assert np.flatnonzero(hot[row]).tolist() == words.ids[first:last].tolist()
    assert hot[np.arange(len(hot)), step.batch.dense("word").numpy()].all()
    products = loader.dataset.dense("product")[step.photos]
    assert step.batch.dense("product").tolist() == products.tolist()


def test_without_a_stage_every_photo_comes_once_in_its_order_as_it_is() -> None:
    loader: BatchLoader = replace(Run().loaders[0], method=None)

    steps = list(loader.batches())

    assert np.concatenate([step.photos for step in steps]).tolist() == list(range(37))
    assert torch.equal(torch.cat([step.batch.images for step in steps]), torch.from_numpy(loader.pixels))


def test_the_first_photos_alone() -> None:
    few = Run().train.shortened(5)

    assert len(few) == 5 and few.pixels.shape[0] == 5 and few.steps == 1


def test_a_stage_of_whole_photos_gets_them_as_they_are_embedded() -> None:
    run = Run()
    loader = replace(run.train, method=run.method)
    stage = run.method.stages(SHORT)[0]

    step = loader.for_stage(replace(stage, whole=True)).make(1, 0)

    assert torch.equal(step.batch.images, torch.from_numpy(loader.pixels[step.photos]))
    larger = replace(loader, pixels=np.repeat(np.repeat(loader.pixels, 2, 2), 2, 3))
    smaller = larger.for_stage(replace(stage, whole=True)).make(1, 0).batch.images
    assert smaller.shape == step.batch.images.shape
    assert torch.allclose(smaller.mean((2, 3)), (step.batch.images / 255).mean((2, 3)), atol=0.02)
