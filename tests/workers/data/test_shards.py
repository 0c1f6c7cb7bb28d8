"""workers/data/shards.py: slices of the lake read and decoded in order."""

from pathlib import Path

import numpy as np
import pyarrow.fs as pafs
import pytest

from schemas.ids import image_id
from schemas.image_ids import hex_of_ids
from tests.workers.data.stored_photos import stored
from workers.data.decode import decode
from workers.data.shards import decoded


@pytest.mark.parametrize("threads", [1, 3])
def test_every_photo_comes_in_order_as_pixels_or_as_an_error(tmp_path: Path, threads: int) -> None:
    lake = stored(tmp_path, 9, 3, broken=(4,))
    photos, slices = lake.photos, lake.slices

    found = list(decoded(pafs.LocalFileSystem(), slices, 8, threads))

    assert [hex_of_ids(some.ids) for some in found] == [hex_of_ids(one.ids) for one in slices]
    assert [some.decodes.tolist() for some in found] == [[True] * 3, [True, False, True], [True] * 3]
    assert [error.image for some in found for error in some.errors] == [image_id(photos[4])]
    for number, some in enumerate(found):
        good = [photo for photo in photos[3 * number : 3 * number + 3] if not photo.startswith(b"no photo")]
        np.testing.assert_array_equal(some.pixels, np.stack([decode("", photo, 8) for photo in good]))
