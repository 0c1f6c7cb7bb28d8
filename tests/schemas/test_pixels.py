"""schemas/pixels.py: 16 bits become 8, and clear stays clear."""

import numpy as np
from PIL import Image

from schemas.pixels import decoder_words, eight_bits


def test_the_upper_bits_are_kept() -> None:
    image = Image.fromarray(np.array([[0, 255, 256, 65_535]], np.uint16))

    assert np.asarray(eight_bits(image)).tolist() == [[0, 0, 1, 255]]


def test_a_level_that_means_clear_becomes_alpha() -> None:
    image = Image.fromarray(np.array([[7, 30_000]], np.uint16))
    image.info["transparency"] = 7

    seen = eight_bits(image)

    assert seen.mode == "LA" and np.asarray(seen)[0, :, 1].tolist() == [0, 255]


def test_other_pictures_are_left_alone() -> None:
    image = Image.new("RGB", (2, 2))

    assert eight_bits(image) is image


def test_a_message_names_no_buffer() -> None:
    assert (
        decoder_words(OSError("cannot identify image file <_io.BytesIO object at 0x7f>"))
        == "cannot identify image file"
    )
    assert decoder_words(KeyError()) == "KeyError"
