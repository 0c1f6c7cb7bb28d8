"""A training on streamed photos: stopped anywhere and gone on with, it ends as one that was left alone."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.fs as pafs
import pytest
import torch

from schemas.image_ids import joined
from tests.workers.data.stored_photos import stored
from tests.workers.training.tiny_training import CPU, Run, StoppedError
from workers.data.dataset import Dataset
from workers.data.decode_lane import DecodeLane
from workers.data.streamed_loader import StreamedLoader
from workers.training.words.word_results import WordMeasure

PHOTOS, EACH, SIZE = 37, 6, 8
pytestmark = pytest.mark.usefixtures("ray_here")


def run(folder: Path) -> Run:
    """A training whose photos lie in a file, one of them none."""
    if not (lake := folder / "lake").exists():
        lake.mkdir()
    slices = stored(lake, PHOTOS, EACH, broken=(7,)).slices
    found = Run(photos=PHOTOS)
    shard = found.loaders[0]
    dataset = Dataset(joined(one.ids for one in slices), shard.dataset.columns)
    lane = DecodeLane(pafs.LocalFileSystem(), slices, SIZE, 2)
    found.loaders[0] = StreamedLoader(replace(shard, pixels=shard.pixels[:0], dataset=dataset), lane)
    return found


@pytest.mark.parametrize("checkpoints", [2, 7])
def test_a_stopped_training_goes_on_in_the_middle_of_an_epoch(tmp_path: Path, checkpoints: int) -> None:
    calm, stopped, again = run(tmp_path), run(tmp_path), run(tmp_path)
    whole = calm.run(tmp_path)
    with pytest.raises(StoppedError):
        stopped.run(tmp_path, checkpoints)

    resumed = again.run(tmp_path, resume=True)

    assert resumed.images == whole.images
    assert [row["loss"] for row in resumed.history] == [row["loss"] for row in whole.history]
    expected = calm.method.state_dict()
    assert all(torch.equal(value, expected[name]) for name, value in again.method.state_dict().items())


def test_words_are_measured_on_the_first_photos(tmp_path: Path) -> None:
    streamed = run(tmp_path)
    train, held_out = streamed.loaders
    measure = WordMeasure(streamed.method, CPU, half=False, world=1)

    results = measure.results(train, held_out, typical=0.5)

    few = train.shortened(PHOTOS)
    assert isinstance(few.pixels, np.ndarray) and 0 < len(few) < PHOTOS
    assert results.positives.sum() == len(few.dataset.sparse("words").ids)
    assert np.isfinite(results.offsets).all()
