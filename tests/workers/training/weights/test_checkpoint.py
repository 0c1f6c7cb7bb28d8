"""workers/training/weights/checkpoint.py: a file that says what it is, and bytes that are refused."""

import json
from dataclasses import replace
from pathlib import Path

import pyarrow.fs as pafs
import pytest
from safetensors.torch import save

from schemas.errors import CheckpointError
from workers.contract import LabelSpace
from workers.training.weights.checkpoint import Checkpoint, load, pack, unpack, untrained

SMALL = {"backbone": "resnet18", "weights": "random", "image_size": 32, "epochs": 3}
LABELS = LabelSpace(("blue", "red"))


@pytest.fixture(scope="module")
def first() -> Checkpoint:
    return untrained("corbiere", SMALL, LABELS)


def packed(checkpoint: Checkpoint) -> bytes:
    return pack(checkpoint.module, checkpoint.settings, checkpoint.labels, checkpoint.origin)


def test_equal_methods_give_equal_bytes_and_come_back_ready(first: Checkpoint, tmp_path: Path) -> None:
    data = packed(first)
    path = tmp_path / f"{first.sha256}.safetensors"
    path.write_bytes(data)

    again = load(pafs.LocalFileSystem(), str(path))

    assert packed(again) == data and again.sha256 == first.sha256
    assert (again.name, again.words, again.origin) == ("corbiere", ("blue", "red"), "random")
    assert again.settings == first.settings and not again.module.training


def test_a_header_of_an_older_vitrine_is_read(first: Checkpoint) -> None:
    about = {
        "method": "corbiere",
        "config": first.settings.flat(),
        "words": ["blue", "red"],
        "origin": "random",
    }
    data = save(dict(first.module.state_dict()), {"vitrine": json.dumps(about)})

    old = unpack(data, "an old file")

    assert old.settings == first.settings and old.labels == LABELS


def test_other_bytes_another_hash_and_another_shape_are_refused_in_one_line(first: Checkpoint) -> None:
    data = packed(first)
    smaller = replace(first, labels=LabelSpace(("blue",)))
    for bad, expected, why in (
        (data[:1000], "", "is no vitrine checkpoint"),
        (data, "0" * 64, "its bytes hash to"),
        (packed(smaller), "", "weights of another shape"),
    ):
        with pytest.raises(CheckpointError, match=why) as caught:
            unpack(bad, "a file", expected)
        assert "\n" not in str(caught.value)


def test_a_method_without_weights_has_no_hash() -> None:
    assert untrained("histogram").sha256 == "none"
