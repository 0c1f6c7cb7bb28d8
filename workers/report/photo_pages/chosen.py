"""Which photos have a page, and which names are told of each."""

from collections.abc import Callable, Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from workers.report.photo_pages.shown import Landmark, Name, Told

PHOTOS = 6
NAMES = 5  # of a kind


def every_nth(image_ids: Collection[str], most: int = PHOTOS) -> tuple[list[str], int]:
    """Of the distinct ids, which are hashes and know nothing of the photo, in order, every n-th; and n."""
    ordered = sorted(set(image_ids))
    every = max(1, len(ordered) // most)
    return ordered[::every][:most], every


def told(
    kind: str,
    names: Sequence[str],
    scores: NDArray[np.float32],
    true: Collection[str],
    short: Callable[[str], str] = str,
    most: int = NAMES,
) -> Told:
    """The names of the largest scores, as shares between the least and the largest score told.

    scores  (len(names),);  short  a name as the page has it
    """
    order = np.argsort(-scores, kind="stable")[:most]
    low, high = float(scores.min(initial=0)), float(scores.max(initial=1e-9))
    width = max(high - low, 1e-9)
    found = [Name(short(names[n]), (float(scores[n]) - low) / width, names[n] in true) for n in order]
    there = {names[n] for n in order}
    return Told(kind, found, [short(name) for name in sorted(set(true) - there)])


def landmarks(
    names: Sequence[str], said: NDArray[np.float32], true: NDArray[np.float64]
) -> tuple[list[Landmark], float | None]:
    """Landmarks told and true, and the mean distance of those that are seen, in sides of the square.

    said  (L, 3) as `Predicts` has them;  true  (L, 3) in half sides, the third 1 where one is seen
    """
    marks, apart = [], []
    for name, (x, y, seen), (right_x, right_y, there) in zip(
        names, said.tolist(), true.tolist(), strict=True
    ):
        place = ((right_x + 1) / 2, (right_y + 1) / 2) if there == 1 else None
        marks.append(Landmark(name, (x + 1) / 2, (y + 1) / 2, seen, place))
        if place:
            apart.append(float(np.hypot(x - right_x, y - right_y)) / 2)
    return marks, float(np.mean(apart)) if apart else None
