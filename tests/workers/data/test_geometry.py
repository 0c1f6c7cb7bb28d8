"""workers/data/geometry.py: places go where the picture's pixels go."""

import io

import numpy as np
import pytest
import torch
from PIL import Image

from workers.data.decode import decode
from workers.data.geometry import fitted, in_square, moved, moved_boxes, moved_landmarks

NAN = float("nan")
HALF_RIGHT = torch.tensor([[[1.0, 0.0, 0.5], [0.0, 1.0, 0.0]]])  # shows what lay half a side further right
MIRROR = torch.tensor([[[-1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]])


@pytest.mark.parametrize(("width", "height"), [(60, 90), (90, 60), (64, 64), (37, 90), (300, 200)])
@pytest.mark.parametrize("side", [32, 48, 97])
def test_a_mark_in_a_photo_lies_in_the_square_where_its_place_says(
    width: int, height: int, side: int
) -> None:
    x, y = 0.7, 0.2
    picture = np.zeros((height, width, 3), np.uint8)
    column, row = int(x * width), int(y * height)
    picture[row - 3 : row + 4, column - 3 : column + 4] = 255
    x, y = (column + 0.5) / width, (row + 0.5) / height  # the mark's middle
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "PNG")

    square = decode("", file.getvalue(), side)[0].astype(float)

    place = in_square(np.array([[[x, y]]], np.float32), np.array([[width, height]], np.int32), side)[0, 0]
    rows, columns = np.indices(square.shape) + 0.5
    seen = np.array([(columns * square).sum(), (rows * square).sum()]) / square.sum() * 2 / side - 1
    np.testing.assert_allclose(place, seen, atol=0.6 / side)


def test_a_photo_is_fitted_whole_in_the_middle() -> None:
    assert fitted(100, 50, 40) == (0, 10, 40, 20)
    assert fitted(1, 1000, 40) == (19, 0, 1, 40)


def test_places_move_against_the_map_of_the_picture() -> None:
    places = torch.tensor([[[0.5, 0.25], [0.0, -1.0]]])

    torch.testing.assert_close(moved(places, HALF_RIGHT), torch.tensor([[[0.0, 0.25], [-0.5, -1.0]]]))
    torch.testing.assert_close(moved(places, MIRROR), torch.tensor([[[-0.5, 0.25], [0.0, -1.0]]]))


def test_a_landmark_that_leaves_the_picture_is_hidden_and_one_not_known_stays_so() -> None:
    landmarks = torch.tensor([[[-0.9, 0.0, 1.0], [0.9, 0.0, 1.0], [-0.9, 0.0, -1.0], [0.9, 0.0, 0.0]]])

    seen = moved_landmarks(landmarks, HALF_RIGHT)[0, :, 2]

    assert seen.tolist() == [0, 1, -1, 0]


def test_in_a_mirrored_picture_left_is_right() -> None:
    landmarks = torch.tensor([[[-0.5, 0.1, 1.0], [0.0, 0.2, 1.0], [0.4, 0.3, 0.0]]])  # left, middle, right

    turned = moved_landmarks(landmarks, MIRROR, (2, 1, 0))

    expected = torch.tensor([[[-0.4, 0.3, 0.0], [0.0, 0.2, 1.0], [0.5, 0.1, 1.0]]])
    torch.testing.assert_close(turned, expected)
    assert torch.equal(moved_landmarks(landmarks, HALF_RIGHT, (2, 1, 0))[:, :, 1], landmarks[:, :, 1])


def test_a_box_is_cut_at_the_sides_and_gone_where_nothing_is_left() -> None:
    boxes = torch.tensor([[-0.2, -0.5, 0.3, 0.5], [-1.0, -0.5, -0.6, 0.5], [NAN] * 4])

    cut = moved_boxes(boxes, torch.cat([HALF_RIGHT] * 3))

    torch.testing.assert_close(cut[0], torch.tensor([-0.7, -0.5, -0.2, 0.5]))
    assert cut[1:].isnan().all()
