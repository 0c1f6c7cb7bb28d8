"""Two processes that share gradients over gloo equal one process with the joined batch."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.workers.training.two_workers import learn

ROOT = Path(__file__).resolve().parents[3]


def test_two_workers_equal_one_with_the_joined_batch(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.workers.training.two_workers", str(tmp_path / "meet")]
    env = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    processes = [
        subprocess.Popen(
            [*command, str(rank), "2"], cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        for rank in range(2)
    ]
    outcomes = []
    for process in processes:
        out, err = process.communicate(timeout=500)
        assert process.returncode == 0, err.decode()[-3000:]
        outcomes.append(json.loads(out))

    alone = learn(0, 1)

    for told in outcomes:
        np.testing.assert_allclose(told["losses"], alone["losses"], atol=1e-6, rtol=0)
        for name, weights in alone["weights"].items():
            np.testing.assert_allclose(told["weights"][name], weights, atol=1e-6, rtol=0)
    assert [told["held_out"] for told in outcomes] == [10, 10] and alone["held_out"] == 20
    assert outcomes[0]["validation"] == pytest.approx(outcomes[1]["validation"])
