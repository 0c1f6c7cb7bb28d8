"""flows/orchestration.py: whose API is used, which errors are tried again, and what ends with its parent."""

import os
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from prefect.states import Completed, Failed

from flows.orchestration import configured_api, die_with_parent, our_error, worth_retrying
from schemas.errors import InputError, LakeError
from tests.flows.processes import ROOT, is_running, wait_until

PROFILES = """
active = "work"

[profiles.work]
PREFECT_API_URL = "http://work.test/api"

[profiles.play]
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path))
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    monkeypatch.delenv("PREFECT_PROFILE", raising=False)
    return tmp_path


def test_an_api_is_named_by_the_environment_or_else_by_the_active_profile(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert configured_api() == ""
    (home / "profiles.toml").write_text(PROFILES)
    assert configured_api() == "http://work.test/api"
    monkeypatch.setenv("PREFECT_PROFILE", "play")
    assert configured_api() == ""
    monkeypatch.setenv("PREFECT_API_URL", "http://mine.test/api")
    assert configured_api() == "http://mine.test/api"


def test_profiles_that_cannot_be_read_name_none(home: Path) -> None:
    (home / "profiles.toml").write_text("active = [")

    assert configured_api() == ""


def test_the_private_api_answers_and_is_what_prefect_is_told(prefect_api: dict[str, str]) -> None:
    with urllib.request.urlopen(f"{prefect_api['PREFECT_API_URL']}/health", timeout=30) as answer:
        assert answer.read() == b"true"
    assert prefect_api["PREFECT_API_URL"].startswith("http://127.0.0.1:")
    assert Path(prefect_api["PREFECT_HOME"], "vitrine-api.log").exists()


def test_our_error_is_found_behind_what_wraps_it() -> None:
    ours = LakeError("lake", "is empty")

    class OfRayError(Exception):
        cause = ours

    class OfTrainError(Exception):
        worker_failures: dict[int, Exception]

    of_train = OfTrainError("two workers failed")
    of_train.worker_failures = {0: ValueError(), 1: OfRayError()}
    chained = RuntimeError("later")
    chained.__cause__ = ours
    circle = RuntimeError("its own cause")
    circle.__context__ = circle

    assert our_error(ours) is our_error(OfRayError()) is our_error(of_train) is our_error(chained) is ours
    assert our_error(circle) is None


@pytest.mark.parametrize(
    ("state", "again"),
    [
        (Failed(data=InputError("--shop", "is needed")), False),
        (Failed(data=KeyError("width")), True),
        (Completed(data=3), True),
    ],
)
def test_what_a_user_must_mend_is_not_tried_again(state: object, again: bool) -> None:
    assert worth_retrying(None, None, state) is again


@pytest.mark.skipif(sys.platform != "linux", reason="a child dies with its parent on Linux only")
def test_a_child_ends_with_its_parent_however_that_ends() -> None:
    program = (
        "import subprocess, sys, time; from flows.orchestration import die_with_parent;"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'],"
        " preexec_fn=die_with_parent); print(child.pid, flush=True); time.sleep(600)"
    )
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, env=env)
    assert parent.stdout is not None and callable(die_with_parent)
    child = int(parent.stdout.readline())
    assert is_running(child)

    parent.kill()
    parent.wait()

    wait_until(lambda: not is_running(child))
