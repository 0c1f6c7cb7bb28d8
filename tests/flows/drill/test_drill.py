"""flows/drill/drill.py: an embedding is killed as a whole and by an actor, with real commands, and ends the same."""

from pathlib import Path

import pytest

from flows.drill.drill import run_drill
from flows.drill.moments import Moment

pytestmark = [
    pytest.mark.slow,
    pytest.mark.long,
    pytest.mark.timeout(1800),
    pytest.mark.usefixtures("prefect_api"),
]


def test_killed_embeddings_leave_the_vectors_of_an_undisturbed_one(tmp_path: Path) -> None:
    moments = [Moment("embed", 0.37), Moment("embed", 0.2, actor=True)]

    result = run_drill(moments, products=40, seed=3, keep=str(tmp_path / "drill"))

    assert (result["kills"], result["same"]) == (2, 2)
    assert not list((tmp_path / "drill").glob("struck-*"))
