"""workers/retrieval/embed.py: a photo is embedded as what its domain says, and what cannot be read is refused."""

import hashlib
import io
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.fs as pafs
import pyarrow.parquet as pq
import pytest
import torch
from PIL import Image

from schemas.ids import image_id
from schemas.image_ids import hex_of_ids, ids_of_hex
from schemas.row_slice import RowSlice
from workers.contract import NO_LABELS, Batch, registry
from workers.data.decode import decode
from workers.retrieval.embed import STAGES, Embed
from workers.training.weights.checkpoint import pack, unpack

SETTINGS = {
    "backbone": "resnet18",
    "weights": "random",
    "image_size": 32,
    "cells": 1,
    "fc1": 32,
    "fc2": 8,
}


def photo(n: int) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (20, 24), (40 * n, 200 - 30 * n, 90)).save(file, "PNG")
    return file.getvalue()


PHOTOS = {image_id(data): data for data in map(photo, range(5))}
NAMES = list(PHOTOS)


@pytest.fixture(scope="module")
def method() -> Any:
    made: Any = registry.build(registry.settings_of("darn", SETTINGS), NO_LABELS).eval()
    with torch.no_grad():
        made.street.first.weight.mul_(-1)  # both networks begin as one
    return made


def checkpoint(method: Any, folder: Path) -> str:
    data = pack(method, registry.settings_of("darn", SETTINGS), NO_LABELS, "random")
    path = folder / f"{unpack(data, 'darn').sha256}.safetensors"
    path.write_bytes(data)
    return str(path)


def vectors(method: Any, names: list[str], domain: int) -> np.ndarray:
    pixels = torch.from_numpy(np.stack([decode(name, PHOTOS[name], 32) for name in names]))
    with torch.no_grad():
        found: np.ndarray = method.embed(Batch(pixels, {"domain": torch.full((len(names),), domain)})).numpy()
    return found


def tool(method: Any, folder: Path, **options: Any) -> Embed:
    encoder = {"checkpoint": checkpoint(method, folder), "method": "darn"}
    written = {"write": lambda number, ids, vectors: (number, ids, vectors)} | options
    return Embed(pafs.LocalFileSystem(), encoder, **written)


def stored(path: Path, names: list[str], photos: list[bytes], group: int = 2) -> list[RowSlice]:
    """A part of photos, some in a row group, and where they lie."""
    pq.write_table(pa.table({"bytes": photos}), path, row_group_size=group, compression="none")
    starts = range(0, len(names), group)
    return [
        RowSlice(
            str(path),
            n,
            np.arange(len(names[at : at + group]), dtype=np.int32),
            ids_of_hex(names[at : at + group]),
        )
        for n, at in enumerate(starts)
    ]


def test_customers_photos_are_embedded_as_such_and_all_others_as_the_shop_s(
    method: Any, tmp_path: Path
) -> None:
    street = [NAMES[1], NAMES[4]]
    embed = tool(method, tmp_path, street=np.sort(ids_of_hex(street)))

    done = embed.embed(7, stored(tmp_path / "images.parquet", NAMES, list(PHOTOS.values())))

    number, ids, found = done.part
    assert (number, hex_of_ids(ids), done.refused, done.vectors) == (7, NAMES, [], 5)
    shop, customers = vectors(method, NAMES, 0), vectors(method, NAMES, 1)
    assert np.abs(shop - customers).max() > 0.1  # and bfloat16, where it pays, is off by less than 0.01
    for n, name in enumerate(NAMES):
        np.testing.assert_allclose(found[n], (customers if name in street else shop)[n], atol=2e-2)
    np.testing.assert_allclose(embed.encoder.one("asked", PHOTOS[NAMES[0]]), customers[0], atol=2e-2)
    assert done.bytes == sum(map(len, PHOTOS.values()))
    assert all(done.seconds[stage] > 0 for stage in STAGES)


def test_a_photo_that_does_not_decode_and_a_row_group_that_cannot_be_read_cost_only_their_own(
    method: Any, tmp_path: Path
) -> None:
    names = [*NAMES, *(hashlib.sha256(bytes([n])).hexdigest() for n in range(3))]
    photos = [*PHOTOS.values(), b"no photo", b"lies in the way " * 9, PHOTOS[NAMES[0]]]
    path = tmp_path / "images.parquet"
    slices = stored(path, names, photos, group=3)
    column = pq.ParquetFile(path).metadata.row_group(2).column(0)
    data = bytearray(path.read_bytes())
    place = column.data_page_offset
    data[place : place + 24] = b"\xff" * 24
    path.write_bytes(data)

    done = tool(method, tmp_path).embed(0, slices)

    assert hex_of_ids(done.part[1]) == NAMES
    assert [(photo.image_id, photo.reason) for photo in done.refused] == [
        (names[6], "unreadable"), (names[7], "unreadable"), (names[5], "decode"),
    ]  # fmt: skip
    assert "row group 2" in done.refused[0].detail
    with pytest.raises(OSError):
        tool(method, tmp_path).embed(0, [RowSlice(str(tmp_path / "gone"), 0, slices[0].rows, slices[0].ids)])


def test_a_row_group_is_read_once_and_a_call_without_photos_writes_nothing(
    method: Any, tmp_path: Path
) -> None:
    written: list[int] = []
    embed = tool(method, tmp_path, write=lambda number, ids, vectors: written.append(len(ids)))

    done = embed.embed(0, stored(tmp_path / "none.parquet", NAMES[:2], [b"?", b""]))

    assert (done.vectors, written, done.part) == (0, [], None)
    embed.embed(0, stored(tmp_path / "images.parquet", NAMES, list(PHOTOS.values())))
    assert written == [5]
