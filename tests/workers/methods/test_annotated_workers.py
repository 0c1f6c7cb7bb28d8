"""Methods of annotations: two processes that share a batch, of whose labels each has others, equal one process."""

from pathlib import Path

import pytest

from tests.workers.training.test_two_workers import learnt

PROGRAM = "tests.workers.methods.annotated_workers"


@pytest.mark.slow
@pytest.mark.parametrize("method", ["fashion_grammar", "fashionnet"])
def test_two_workers_equal_one_with_the_joined_batch(method: str, tmp_path: Path) -> None:
    outcomes = learnt(method, 2, tmp_path / "meet", PROGRAM)
    (alone,) = learnt(method, 1, tmp_path, PROGRAM)

    for told in outcomes:
        for step, expected in zip(told["losses"], alone["losses"], strict=True):
            assert step == pytest.approx(expected, abs=1e-9)
        assert told["weights"] == pytest.approx(alone["weights"], abs=1e-9)
