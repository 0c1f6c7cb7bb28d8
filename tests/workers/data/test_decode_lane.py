"""workers/data/decode_lane.py and streamed_loader.py: photos decoded by Ray Data, as batches equal to kept ones."""

import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.fs as pafs
import pytest
import torch

from infra.ray_runtime.cluster import Cluster
from schemas.errors import ImageError
from schemas.image_ids import hex_of_ids, joined
from tests.workers.data.stored_photos import Stored, stored
from tests.workers.training.tiny_training import Config, Run
from workers.contract import Trains
from workers.data import streamed_loader
from workers.data.columns import Csr
from workers.data.dataloader import BatchLoader
from workers.data.dataset import Dataset
from workers.data.decode import decode
from workers.data.decode_lane import DecodeLane
from workers.data.streamed_loader import StreamedLoader

SIZE, PHOTOS, EACH, BATCH = 8, 90, 7, 8
pytestmark = pytest.mark.usefixtures("ray_here")


def known(lake: Stored) -> Dataset:
    """What is known of the photos, in the order of the slices."""
    random = np.random.default_rng(0)
    bags = [np.sort(random.choice(5, 2, replace=False)) for _ in lake.photos]
    words = {"words": Csr.of(bags, 5), "product": np.arange(len(lake.photos)) // 3}
    return Dataset(joined(one.ids for one in lake.slices), words)


def pixels(lake: Stored) -> np.ndarray:
    empty = np.zeros((3, SIZE, SIZE), np.uint8)
    photos = (empty if data.startswith(b"no photo") else decode("", data, SIZE) for data in lake.photos)
    return np.stack(list(photos))


def both(lake: Stored, method: Trains | None = None) -> tuple[StreamedLoader, BatchLoader]:
    """The streamed loader, and one of the same photos in memory."""
    nothing = np.empty((0, 3, SIZE, SIZE), np.uint8)
    streamed = StreamedLoader(
        BatchLoader(nothing, known(lake), BATCH, seed=1, method=method),
        DecodeLane(pafs.LocalFileSystem(), lake.slices, SIZE, 2),
    )
    return streamed, replace(streamed.shard, pixels=pixels(lake))


def lanes() -> list[str]:
    """Threads of ours and of Ray Data that read on."""
    names = [thread.name for thread in threading.enumerate()]
    return [name for name in names if name.startswith(("windows", "batches", "StreamingExecutor"))]


def same(one: torch.Tensor, other: torch.Tensor) -> bool:
    return one.dtype == other.dtype and torch.equal(one, other)


@pytest.mark.parametrize("sampling", ["words", "photos", "pk"])
def test_batches_equal_those_of_kept_photos_in_the_same_order_also_from_the_middle(
    tmp_path: Path, sampling: str
) -> None:
    run = Run(config=Config(sampling=sampling))
    streamed, kept = both(stored(tmp_path, PHOTOS, EACH), run.method)
    streamed = streamed.for_stage(run.step.stages[-1])
    kept = replace(kept, order=streamed.order)
    assert streamed.steps == kept.steps > 8

    for start in (0, 5):
        steps = list(streamed.batches(2, start))
        assert [step.number for step in steps] == list(range(start, kept.steps))
        for step in steps:
            expected = kept.make(2, step.number)
            np.testing.assert_array_equal(step.photos, expected.photos)
            ours, theirs = step.batch.tensors(), expected.batch.tensors()
            assert ours.keys() == theirs.keys()
            assert all(same(ours[name], theirs[name]) for name in ours)


def test_a_photo_that_is_none_is_replaced_by_the_next_of_its_batch_with_its_word(tmp_path: Path) -> None:
    broken = (3, 4, 50)
    lake = stored(tmp_path, PHOTOS, EACH, broken)
    streamed, _ = both(lake)
    streamed = streamed.for_stage(Run(config=Config(sampling="photos")).step.stages[-1])
    every = pixels(lake)

    for step in streamed.batches(1):
        wanted = streamed.shard.drawn(1, step.number)
        assert wanted.words is not None
        good = [n for n in range(len(wanted.photos)) if wanted.photos[n] not in broken]
        instead = [next((m for m in good if m >= n), good[0]) for n in range(len(wanted.photos))]
        np.testing.assert_array_equal(step.photos, wanted.photos[instead])
        np.testing.assert_array_equal(step.batch.images.numpy(), every[step.photos])
        assert step.batch.tensors()["word"].tolist() == wanted.words[instead].tolist()
    assert streamed.undecodable == set(broken)


def test_a_batch_without_a_photo_is_an_error_that_names_one(tmp_path: Path) -> None:
    lake = stored(tmp_path, BATCH, EACH, tuple(range(BATCH)))

    with pytest.raises(ImageError, match=f"as do all {BATCH} photos") as e:
        list(both(lake)[0].batches())

    assert e.value.image in hex_of_ids(joined(one.ids for one in lake.slices))


def test_in_the_shard_s_order_every_photo_comes_once_and_the_first_few_lie_in_memory(tmp_path: Path) -> None:
    lake = stored(tmp_path, PHOTOS, EACH, broken=(2,))
    streamed, _ = both(stored(tmp_path, PHOTOS, EACH, seed=1))
    steps = list(streamed.plain().batches())
    assert np.concatenate([step.photos for step in steps]).tolist() == list(range(PHOTOS))

    few = both(lake)[0].shortened(10)

    assert len(few) == len(few.pixels) == 9
    np.testing.assert_array_equal(few.pixels, np.delete(pixels(lake), 2, 0)[:9])
    assert few.names(np.arange(9)) == hex_of_ids(np.delete(known(lake).ids, 2)[:9])


def test_who_leaves_an_epoch_early_waits_for_no_more_photos(tmp_path: Path, ray_here: Cluster) -> None:
    streamed, kept = both(stored(tmp_path, PHOTOS, EACH))

    steps = streamed.batches()
    first = next(steps)
    assert lanes()
    steps.close()

    np.testing.assert_array_equal(first.batch.images.numpy(), kept.pixels[:BATCH])
    assert not lanes()


def test_a_window_is_bounded_in_photos_in_bytes_and_as_a_share_of_an_epoch() -> None:
    photos, size = streamed_loader.WINDOW_PHOTOS, streamed_loader.WINDOW_BYTES

    assert streamed_loader.window_of(10**6, 64) == photos
    assert streamed_loader.window_of(10**6, 1024) == size // (3 * 1024**2)
    assert streamed_loader.window_of(8_000, 64) == 1_000
