"""Describing clothing by hand: regions that follow landmarks, what the fit takes, and that garments are described."""

from typing import Any

import numpy as np
import pytest
import torch

from schemas.annotation import LANDMARKS
from schemas.errors import InputError
from tests.workers.contract.labelled_photos import pixels
from tests.workers.methods.drawn_garments import drawn_garments, landmark_error
from workers.contract import Batch, LabelSpace, Sparse
from workers.data.dataloader import BatchLoader
from workers.layers.attributes.region_descriptor import length
from workers.methods.wtbi_describer import TRAINING, Config, Method
from workers.training.fit import fit
from workers.training.train_loop import Progress

LABELS = LabelSpace(
    categories=("dress", "tee"),
    attributes=("colour: blue", "colour: red", "dotted"),
    landmarks=("hem", "neck"),
)


def describer(labels: LabelSpace = LABELS, **changes: Any) -> Method:
    return Method(Config(**({"image_size": 32} | changes)), labels)


def batch(count: int = 8, first: int = 0) -> Batch:
    numbers = torch.arange(first, first + count)
    landmarks = torch.full((count, 2, 3), -1.0)
    landmarks[:, 0] = torch.tensor([0.25, 0.5, 1.0])
    columns = {
        "category": numbers % 3 - 1,
        "attributes": Sparse(torch.arange(count), numbers % 2),
        "landmarks": landmarks,
    }
    return Batch(torch.from_numpy(pixels(count, 32, seed=first)), columns)


def test_before_it_has_learnt_anything_a_vector_is_what_the_photo_looks_like() -> None:
    method = describer()

    vectors, told = method.embed(batch()), method.predict(batch())

    assert method.dim == length(2) and vectors.shape == (8, method.dim) and method.origin == "no weights"
    torch.testing.assert_close(vectors.norm(dim=1), torch.ones(8))
    torch.testing.assert_close(told["category"].exp(), torch.full((8, 2), 0.5))  # nothing is known
    assert not told["landmarks"].any()


def test_chances_of_a_kind_are_one_in_all_after_the_fit_and_follow_the_frequencies() -> None:
    method = describer()

    losses = method.fit([batch(), batch(first=8)])

    told = method.predict(batch())
    torch.testing.assert_close(told["category"].exp().sum(1), torch.ones(8))
    torch.testing.assert_close(told["attributes"][:, :2].exp().sum(1), torch.ones(8))
    torch.testing.assert_close(told["attributes"][:, 2].exp(), torch.ones(8))  # the only one of its kind
    assert losses.keys() == {"places", "attributes"} and losses["places"] < 1e-9
    torch.testing.assert_close(told["landmarks"][:, 0], torch.tensor([0.25, 0.5, 1.0]).expand(8, 3))
    assert not told["landmarks"][:, 1].any()  # never shown


def test_it_takes_no_more_photos_than_it_is_told_to_and_those_in_their_order() -> None:
    some, first = describer(photos=12), describer()

    some.fit([batch(), batch(first=8), batch(first=16)])
    first.fit([batch(), batch(4, first=8)])

    assert all(torch.equal(one, other) for one, other in zip(some.buffers(), first.buffers(), strict=True))


def test_parts_follow_the_landmarks_that_are_told() -> None:
    method, one = describer(), batch()
    before = method.embed(one)
    method.places.copy_(torch.tensor([0.0, 0.0, -0.75, 0.75]))

    moved = method.embed(one)

    parts = before.view(8, 3, 4, -1)  # three numbers of the kernel's map, four parts
    assert moved.shape == before.shape and not torch.allclose(before, moved)
    ratio = before.norm() / moved.norm()
    torch.testing.assert_close(ratio, torch.tensor(1.0))
    whole, landmark = (moved.view(8, 3, 4, -1)[:, :, part] for part in (0, 2))
    cosine = torch.nn.functional.cosine_similarity
    torch.testing.assert_close(cosine(whole.flatten(1), parts[:, :, 0].flatten(1)), torch.ones(8))
    torch.testing.assert_close(cosine(landmark.flatten(1), parts[:, :, 2].flatten(1)), torch.ones(8))
    assert (cosine(moved.view(8, 3, 4, -1)[:, :, 3].flatten(1), parts[:, :, 3].flatten(1)) < 0.999).all()


def test_without_landmarks_and_categories_the_whole_photo_is_described() -> None:
    method = describer(LabelSpace(attributes=LABELS.attributes))
    method.fit([batch().with_columns(landmarks=torch.zeros(8, 0, 3))])

    assert method.predict(batch()).keys() == {"attributes"} and method.dim == length(0)
    with pytest.raises(
        InputError, match="wtbi_describer: learns from attributes, and the photos have no attributes"
    ):
        describer(LabelSpace())


@pytest.mark.slow
def test_it_describes_drawn_garments_better_than_their_frequencies_and_finds_their_landmarks() -> None:
    photos, known, labels = drawn_garments(90, 1, 96)
    others, true, theirs = drawn_garments(40, 2, 96)
    method = describer(labels, image_size=96, regularisation=1.0)
    row = fit(method, BatchLoader(photos, known.select(method.reads), 64), Progress(), 1)

    told = method.predict(Batch(torch.from_numpy(others)))
    # Names are another catalogue's in `true`: of each name the place that this one has.
    place = torch.tensor(
        [labels.categories.index(name) if name in labels.categories else -1 for name in theirs.categories]
    )
    category = place[torch.from_numpy(true.dense("category"))]
    right = (told["category"].argmax(1) == category)[category >= 0].float().mean()
    counts = np.bincount(known.dense("category"), minlength=len(labels.categories))
    usual = (category == int(counts.argmax())).float().mean()
    landmarks = torch.from_numpy(known.dense("landmarks"))
    seen = landmarks[:, :, 2:] == 1
    mean = (landmarks * seen).sum(0) / seen.sum(0)
    held = torch.from_numpy(true.dense("landmarks"))
    assert tuple(sorted(LANDMARKS)) == labels.landmarks == theirs.landmarks
    assert right > 3 * usual, (right, usual)
    assert landmark_error(told["landmarks"], held) < 0.6 * landmark_error(mean.expand_as(held), held)
    assert row["phase"] == "fit" and TRAINING.epochs == 1
