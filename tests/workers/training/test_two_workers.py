"""Two processes that share a batch over gloo equal one process with the joined batch."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[3]


def learnt(
    method: str, world: int, place: Path, program: str = "tests.workers.training.two_workers"
) -> list[dict[str, Any]]:
    """What each of so many processes has learnt."""
    command = [sys.executable, "-m", program, method, str(place)]
    env = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    processes = [
        subprocess.Popen(
            [*command, str(rank), str(world)],
            cwd=ROOT,
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for rank in range(world)
    ]
    outcomes = []
    for process in processes:
        out, err = process.communicate(timeout=500)
        assert process.returncode == 0, err.decode()[-3000:]
        outcomes.append(json.loads(out))
    return outcomes


@pytest.mark.parametrize("method", ["tiny", "house"])
def test_two_workers_equal_one_with_the_joined_batch(method: str, tmp_path: Path) -> None:
    outcomes = learnt(method, 2, tmp_path / "meet")
    (alone,) = learnt(method, 1, tmp_path)

    for told in outcomes:
        np.testing.assert_allclose(told["losses"], alone["losses"], atol=1e-9, rtol=0)
        for name, weights in alone["weights"].items():
            np.testing.assert_allclose(told["weights"][name], weights, atol=1e-9, rtol=0, err_msg=name)
    assert [told["held_out"] for told in outcomes] == [10, 10] and alone["held_out"] == 20
    assert outcomes[0]["validation"] == pytest.approx(outcomes[1]["validation"])
