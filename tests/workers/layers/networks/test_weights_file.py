"""workers/layers/networks/weights_file.py: tensors of a file, and no code of it."""

import hashlib
import os
from pathlib import Path

import pytest
import torch

from schemas.errors import CheckpointError
from workers.layers.networks.weights_file import read


def test_the_state_and_the_hash_of_the_bytes_come_back(tmp_path: Path) -> None:
    path = tmp_path / "weights.pth"
    torch.save({"a": torch.arange(3)}, path)

    state, sha256 = read(str(path))

    assert state["a"].tolist() == [0, 1, 2]
    assert sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert read(str(path), sha256)[1] == sha256


def test_other_bytes_than_those_expected_are_not_even_read(tmp_path: Path) -> None:
    path = tmp_path / "weights.pth"
    path.write_bytes(b"no weights at all")

    with pytest.raises(CheckpointError, match=r"its bytes hash to .*, not abcdefabcdef"):
        read(str(path), "abcdef" * 10)
    with pytest.raises(CheckpointError, match="is no state dict"):
        read(str(path))


class Dangerous:
    """Unpickled in the ordinary way, it would make a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.folder),)


def test_a_file_that_would_run_code_is_refused_and_runs_none(tmp_path: Path) -> None:
    path, made = tmp_path / "weights.pth", tmp_path / "made"
    torch.save({"a": Dangerous(made)}, path)

    with pytest.raises(CheckpointError, match="is no state dict"):
        read(str(path))
    assert not made.exists()


@pytest.mark.parametrize("what", [[1, 2], torch.zeros(3), "text"])
def test_what_is_no_mapping_is_no_state(tmp_path: Path, what: object) -> None:
    path = tmp_path / "weights.pth"
    torch.save(what, path)

    with pytest.raises(CheckpointError, match="is no state dict"):
        read(str(path))


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="no such weights file"):
        read(str(tmp_path / "nowhere.pth"))
    with pytest.raises(CheckpointError, match="cannot be read"):
        read(str(tmp_path))
