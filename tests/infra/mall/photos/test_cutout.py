"""Where the garment is in each photo, checked on the drawing itself: the landmarks and the box lie on its mask."""

from collections import Counter

import numpy as np
import pytest

from infra.mall.catalogue import DrawnCatalogue, draw_catalogue
from infra.mall.garments.design import CATEGORIES
from infra.mall.photos import camera
from schemas.annotation import LANDMARKS

SIZE = (240, 300)
VIEWS = ("front", "back", "flat", "detail", "customer-1", "customer-2")


@pytest.fixture(scope="module")
def drawn() -> DrawnCatalogue:
    return draw_catalogue(2 * len(CATEGORIES), 5, size=SIZE)


@pytest.mark.parametrize("view", VIEWS)
def test_landmarks_lie_on_the_garment_near_its_edge_and_in_its_box(drawn: DrawnCatalogue, view: str) -> None:
    seen: Counter[str] = Counter()
    for item in drawn.items:
        assert item.truth is not None
        taken = camera.take(item.truth, view, SIZE)
        mask = np.asarray(taken.mask) > 127
        box = taken.box
        assert mask.shape == SIZE[::-1] and box is not None
        rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
        assert (box.left * SIZE[0], box.right * SIZE[0]) == pytest.approx((columns[0], columns[-1] + 1))
        assert (box.top * SIZE[1], box.bottom * SIZE[1]) == pytest.approx((rows[0], rows[-1] + 1))
        reach = (
            0.14 * min(SIZE) * (2.4 if view == "detail" else 1)
        )  # a cuff's width, and what a mark is moved inwards
        for mark in taken.landmarks:
            x, y = mark.x * SIZE[0], mark.y * SIZE[1]
            assert near(mask, x, y, 2.5), f"{mark} of {item.truth} lies beside the garment in {view}"
            assert near(~np.pad(mask, 40), x + 40, y + 40, reach), (
                f"{mark} of {item.truth} is no edge in {view}"
            )
            seen[mark.name] += 1
    assert set(seen) == (set(LANDMARKS) if view != "detail" else set(seen)) and seen


def test_left_is_the_pictures_left_in_every_shop_photo(drawn: DrawnCatalogue) -> None:
    for item in drawn.items:
        assert item.truth is not None
        for view in ("front", "back", "flat"):
            places = {mark.name: mark.x for mark in camera.take(item.truth, view, SIZE).landmarks}
            pairs = {name.partition(" ")[2] for name in places}
            assert all(places[f"left {pair}"] < places[f"right {pair}"] for pair in pairs)


def near(mask: np.ndarray, x: float, y: float, reach: float) -> bool:
    """Whether a pixel of the mask has its centre within `reach` of a point."""
    rows, columns = np.nonzero(mask)
    return bool((np.hypot(columns + 0.5 - x, rows + 0.5 - y) <= reach).any())
