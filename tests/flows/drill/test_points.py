"""flows/drill: an index or a publish that is killed between two of its calls, and given again, ends the same."""

from pathlib import Path

import pytest

from flows.drill.drill import run_drill
from flows.drill.moments import Moment
from flows.drill.points import POINTS


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_a_stage_killed_at_every_named_point_leaves_what_an_undisturbed_one_leaves(tmp_path: Path) -> None:
    moments = [Moment(stage, point=point) for stage in ("index", "publish") for point in POINTS[stage]]

    result = run_drill(moments, products=24, seed=5, keep=str(tmp_path / "drill"))

    assert result["same"] == result["in_time"] == len(moments) == 9
    committed = {each["kill"] for each in result["each"] if each["committed"]}
    assert committed == {"index@committed", "publish@pointed", "publish@followed", "publish@dropping"}
