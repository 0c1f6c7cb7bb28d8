"""flows/drill/moments.py and final_tables.py: moments as they are written or drawn, and what makes tables differ."""

import importlib
import signal
import subprocess
import sys

import pytest

from flows.drill.final_tables import difference
from flows.drill.moments import STAGES, Moment, drawn, moment, stages
from flows.drill.points import POINTS
from infra.machine import ROOT
from schemas.errors import UsageError


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("embed:37%", Moment("embed", 0.37)),
        ("embed/actor:80%", Moment("embed", 0.8, actor=True)),
        (" crawl:0.5% ", Moment("crawl", 0.005)),
        ("publish@pointed", Moment("publish", point="pointed")),
    ],
)
def test_a_moment_is_read_and_written_alike(written: str, read: Moment) -> None:
    assert moment(written) == read
    assert str(read) == written.strip()


@pytest.mark.parametrize(
    "written",
    [
        "embed",
        "embed:37",
        "bake:5%",
        "embed:101%",
        "train/actor:5%",
        ":5%",
        "publish@",
        "index@pointed",
        "embed@sent",
        "index/actor@sent",
    ],
)
def test_anything_else_is_refused_in_one_line(written: str) -> None:
    with pytest.raises(UsageError, match="--kill"):
        moment(written)


def test_a_seed_draws_the_same_moments_of_every_stage() -> None:
    moments = drawn(20, 7)

    assert moments == drawn(20, 7) != drawn(20, 8)
    assert {each.stage for each in moments} == set(STAGES)
    assert {each.actor for each in moments if each.stage == "embed"} == {False, True}
    assert all(0 <= each.share <= 1 for each in moments)


def test_kills_of_some_stages_alone_are_drawn_at_shares_and_at_every_named_point() -> None:
    moments = drawn(50, 7, stages(["publish", "embed", "index"]))

    assert [each.stage for each in moments[:3]] == ["embed", "index", "publish"]
    for name, points in POINTS.items():
        struck = [each for each in moments if each.stage == name]
        assert {each.point for each in struck if each.point} == set(points)
        assert len({each.share for each in struck if not each.point}) > 5


def test_stages_are_all_where_none_is_named_and_others_are_refused() -> None:
    assert stages([]) == STAGES
    with pytest.raises(UsageError, match="--stage bake"):
        stages(["bake"])


def test_a_process_ends_as_by_sigkill_where_it_comes_to_a_point() -> None:
    code = "import sys; from flows.drill.points import end_at; end_at('json:JSONEncoder.encode');"
    code += (
        "import json; print(json.loads('[1]'), flush=True); json.JSONEncoder().encode([]); print('beyond')"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout) == (-signal.SIGKILL, "[1]\n"), done.stderr


@pytest.mark.parametrize("point", [point for points in POINTS.values() for point in points.values()])
def test_every_point_is_a_call_that_there_is(point: str) -> None:
    module, _, names = point.partition(":")
    found = importlib.import_module(module)
    for name in names.split("."):
        found = getattr(found, name)
    assert callable(found)


def test_rows_that_are_missing_and_rows_that_are_there_twice_make_a_difference() -> None:
    wanted = {"vectors": [("a", (1.0,)), ("b", (2.0,))], "rejects": []}

    assert difference({"vectors": [("b", (2.0,)), ("a", (1.0,))], "rejects": []}, wanted) == ""
    twice = {"vectors": [("a", (1.0,)), ("a", (1.0,)), ("b", (2.5,))], "rejects": []}
    assert difference(twice, wanted) == "vectors: 1 of 2 rows missing, 2 too many"
    assert difference(wanted | {"strangers": ["c"]}, wanted) == "strangers: 0 of 0 rows missing, 1 too many"
