"""workers/layers/attributes/region_descriptor.py: where parts are, and what each histogram tells apart."""

from itertools import pairwise

import numpy as np
import torch

from workers.layers.attributes.region_descriptor import (
    GRADIENTS,
    HISTOGRAMS,
    MAPPED,
    describe,
    gradients,
    length,
    parts_of,
    patches_of,
)

SKIN = (0.85, 0.62, 0.50)


def plain(*colours: tuple[float, float, float], side: int = 32) -> np.ndarray:
    """(N, 1, side, side, 3) of one colour each."""
    return np.broadcast_to(np.array(colours)[:, None, None, None], (len(colours), 1, side, side, 3)).copy()


def test_parts_are_the_whole_photo_the_box_of_all_landmarks_and_a_window_at_each() -> None:
    places = torch.tensor([[[-0.5, 0.0], [0.5, 0.75]]])

    boxes = parts_of(places, 0.25)

    assert boxes.tolist() == [
        [[-1, -1, 1, 1], [-0.75, -0.25, 0.75, 1], [-0.75, -0.25, -0.25, 0.25], [0.25, 0.5, 0.75, 1]]
    ]
    assert parts_of(torch.zeros(2, 0, 2), 0.25).tolist() == [[[-1, -1, 1, 1]] * 2] * 2


def test_patches_show_what_lies_in_their_boxes() -> None:
    images = torch.rand(2, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    boxes = torch.tensor([[[-1.0, -1, 1, 1], [0, -1, 1, 0]]]).expand(2, -1, -1)

    patches = patches_of(images, boxes, 16)
    corner = patches_of(images, boxes[:, 1:], 8)

    np.testing.assert_allclose(patches[:, 0], images.permute(0, 2, 3, 1), atol=1e-6)
    np.testing.assert_allclose(corner[:, 0], images[:, :, :8, 8:].permute(0, 2, 3, 1), atol=1e-6)


def test_a_description_has_its_length_whatever_the_photo_and_each_photo_is_described_by_itself() -> None:
    patches = np.random.default_rng(0).uniform(0, 1, (3, 4, 32, 32, 3))
    patches[1] = 0

    told = describe(patches)

    assert told.shape == (3, length(2)) and np.isfinite(told).all()
    np.testing.assert_array_equal(describe(patches[1:2])[0], told[1])


def test_the_inner_product_is_about_the_chi_square_kernel_of_histograms() -> None:
    patches = np.random.default_rng(1).uniform(0, 1, (2, 1, 32, 32, 3)) ** [[[[[1.0]]]], [[[[3.0]]]]]

    told = describe(patches)

    kinds = len(HISTOGRAMS)
    assert abs(told[0] @ told[0] - kinds) < 0.15 * kinds  # each histogram with itself: 1
    assert told[0] @ told[1] < 0.9 * kinds
    assert len(told[0]) == sum(HISTOGRAMS) * MAPPED


def test_colours_stripes_and_skin_are_told_apart() -> None:
    striped = plain((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
    striped[0, :, ::4] = striped[1, :, :, ::4] = 0.9
    patches = np.concatenate([plain((0.8, 0.1, 0.1), (0.1, 0.1, 0.8), SKIN, (0.85, 0.62, 0.95)), striped])

    told = describe(patches).reshape(6, -1)

    starts = np.cumsum((0, *HISTOGRAMS))
    bins = told.reshape(6, MAPPED, sum(HISTOGRAMS))
    colour, _, _, edges, skin = (bins[..., first:end] for first, end in pairwise(starts))
    assert not np.allclose(colour[0], colour[1]) and np.allclose(edges[0], edges[1])
    assert not np.allclose(skin[2], skin[3])
    assert np.allclose(colour[4], colour[5]) and not np.allclose(edges[4], edges[5])


def test_gradients_of_the_whole_photo_follow_where_it_changes() -> None:
    images = torch.zeros(2, 3, 64, 64)
    images[0, :, :, 20:], images[1, :, 20:] = 1, 1

    told = gradients(images)

    assert told.shape == (2, GRADIENTS)
    one = told[0].reshape(8, 8, 8)
    assert one[:, 2].any(1).all() and not one[:, 5:].any()
    assert not np.allclose(told[0], told[1])
