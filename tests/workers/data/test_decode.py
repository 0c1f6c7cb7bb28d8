"""workers/data/decode.py: every format, one geometry, and bytes that are no picture."""

import io

import numpy as np
import pytest
from PIL import Image

from crawlers.photos.photo import inspect
from schemas.errors import ImageError
from schemas.image_ids import ids_of_hex
from workers.data.decode import decode, decode_all, preprocessing


def picture(
    kind: str = "JPEG", size: tuple[int, int] = (60, 90), mode: str = "RGB", **options: object
) -> bytes:
    image = Image.new("RGB", size, (200, 30, 30)).convert(mode)
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "AVIF"])
def test_every_format_becomes_the_same_square(kind: str) -> None:
    pixels = decode("a", picture(kind), 32)

    assert pixels.shape == (3, 32, 32)
    assert pixels.dtype == np.uint8
    assert abs(pixels[:, 16, 16].astype(int) - [200, 30, 30]).max() < 12


@pytest.mark.parametrize("mode", ["L", "P", "CMYK"])
def test_other_colour_modes_are_read(mode: str) -> None:
    kind = "JPEG" if mode in ("L", "CMYK") else "PNG"

    assert decode("a", picture(kind, mode=mode), 16).shape == (3, 16, 16)


def test_nothing_is_cut_and_nothing_squeezed() -> None:
    image = Image.new("RGB", (100, 200), "white")
    image.paste("black", (0, 0, 100, 100))
    file = io.BytesIO()
    image.save(file, "PNG")

    pixels = decode("a", file.getvalue(), 64)

    assert (
        pixels[0, 10, 20] < 10 and pixels[0, 50, 20] > 245
    )  # halves of the picture, 32 px wide in the middle
    border = pixels[0, :, 5]
    assert border.min() == border.max() and 60 < border[0] < 200  # the mean of the border


def test_transparency_becomes_white() -> None:
    file = io.BytesIO()
    Image.new("RGBA", (20, 20), (0, 0, 0, 0)).save(file, "PNG")

    assert decode("a", file.getvalue(), 8).min() == 255


def test_a_photo_taken_sideways_stands_upright() -> None:
    image = Image.new("RGB", (80, 40), "white")
    image.paste("black", (0, 0, 40, 40))
    exif = Image.Exif()
    exif[274] = 6  # turn 90 degrees clockwise to see it upright
    file = io.BytesIO()
    image.save(file, "JPEG", exif=exif)

    pixels = decode("a", file.getvalue(), 80)

    assert pixels[0, 10, 40] < 40 and pixels[0, 70, 40] > 215


@pytest.mark.parametrize("data", [b"", b"<html>", picture()[:400], picture("PNG")[:60]])
def test_bytes_that_are_no_whole_picture_are_an_error_with_a_reason(data: bytes) -> None:
    with pytest.raises(ImageError) as error:
        decode("the-id", data, 32)

    assert error.value.reason == "decode"
    assert error.value.image == "the-id"


def test_one_bad_photo_does_not_stop_the_others() -> None:
    names = ["0a" * 32, "0b" * 31 + "00", "0c" * 32]

    results = decode_all(ids_of_hex(names), [picture(), b"?", picture()], 8)

    assert [isinstance(result, ImageError) for result in results] == [False, True, False]
    assert isinstance(results[1], ImageError) and results[1].image == names[1]


def test_size_and_normalisation_are_part_of_what_was_done_to_the_pixels() -> None:
    assert preprocessing(64) != preprocessing(224)
    assert preprocessing(64, "mean 0 std 1") != preprocessing(64, "mean 0 std 2")


def deep(clear: int | None = None) -> bytes:
    """A 16-bit grey ramp; `clear` is the level that means transparent."""
    levels = np.repeat(np.linspace(0, 65_535, 64).astype(np.uint16)[None], 64, 0)
    file = io.BytesIO()
    image = Image.fromarray(levels)
    image.save(file, "PNG", **({} if clear is None else {"transparency": clear}))
    return file.getvalue()


@pytest.mark.parametrize("clear", [None, 0])
def test_16_bits_of_grey_mean_the_same_at_the_crawl_and_for_a_vector(clear: int | None) -> None:
    pixels = decode("a", deep(clear), 64)
    facts = inspect(deep(clear), "a", 32)

    ramp = np.linspace(0, 255, 64)
    if clear is not None:
        ramp[0] = 255  # transparency is white
    assert abs(pixels[0, 32].astype(int) - ramp)[1:].max() < 12
    seen = np.frombuffer(facts.thumbnail, np.uint8).reshape(8, 8, 3)[4, :, 0].astype(int)
    assert abs(seen - ramp.reshape(8, 8).mean(1)).max() < 12


def test_what_is_no_picture_is_told_without_an_address_of_memory() -> None:
    with pytest.raises(ImageError) as caught:
        decode("README.md", b"# words", 32)

    assert "0x" not in str(caught.value) and "cannot identify image file" in str(caught.value)


def textured(size: tuple[int, int], **options: object) -> bytes:
    coarse = Image.fromarray(np.random.default_rng(5).integers(0, 256, (9, 7, 3), np.uint8))
    file = io.BytesIO()
    coarse.resize(size, Image.Resampling.BICUBIC).save(file, "JPEG", quality=90, **options)
    return file.getvalue()


@pytest.mark.parametrize("size", [(60, 90), (64, 64), (100, 127), (70, 300)])
def test_small_jpegs_are_read_as_pillow_reads_them(size: tuple[int, int]) -> None:
    data = textured(size)
    width, height = (max(1, round(side * 64 / max(size))) for side in size)
    with Image.open(io.BytesIO(data)) as image:
        wanted = np.asarray(image.resize((width, height), Image.Resampling.BILINEAR)).astype(int)

    pixels = decode("a", data, 64).transpose(1, 2, 0).astype(int)

    top, left = (64 - height) // 2, (64 - width) // 2
    assert abs(pixels[top : top + height, left : left + width] - wanted).max() <= 1


def test_a_jpeg_is_the_same_picture_on_both_sides_of_the_size_from_which_it_is_drafted() -> None:
    near, drafted = (decode("a", textured((side, side)), 64).astype(int) for side in (127, 128))

    assert abs(near - drafted).mean() < 2


def test_a_small_jpeg_without_its_end_is_an_error_in_pillow_s_words() -> None:
    data = textured((60, 90))

    with pytest.raises(ImageError, match="truncated"):
        decode("a", data[: len(data) // 2], 64)
