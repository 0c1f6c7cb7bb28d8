"""`vitrine train` with settings that cannot be: refused in seconds, before Prefect and Ray start."""

import json
from pathlib import Path

import pytest

from tests.flows.command_line import imported_by, vitrine


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--set", "image_size=0"), "image_size 0: must be greater than or equal to 16"),
        pytest.param(("--set", "optimiser=foo"), "must be 'sgd', 'adamw' or 'muon'", marks=pytest.mark.slow),
        pytest.param(("corbiere", "--set", "batch=0"), "corbiere batch 0: must be", marks=pytest.mark.slow),
        (("nobody",), "no method named 'nobody'"),
    ],
)
def test_settings_are_judged_before_anything_starts(tmp_path: Path, words: tuple[str, ...], why: str) -> None:
    command = ("train", *words, "--lake", f"{tmp_path}/lake", "--json")

    done = vitrine(*command)

    assert done.returncode == 2 and "Traceback" not in done.stderr
    assert why in json.loads(done.stdout)["error"]["message"]
    assert not (tmp_path / "lake").exists()


def test_neither_prefect_nor_ray_is_imported_for_a_refusal(tmp_path: Path) -> None:
    command = ("train", "--set", "image_size=-5", "--lake", f"{tmp_path}/lake", "--json")

    assert not {"prefect", "ray"} & imported_by(*command)
