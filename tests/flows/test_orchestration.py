"""flows/orchestration.py: whose API is used, where a private one lives, and which errors are tried again."""

import json
import os
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from prefect.states import Completed, Failed

from flows.orchestration import configured_api, our_error, worth_retrying
from schemas.errors import InputError, LakeError, StalledError
from tests.flows.processes import ROOT

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


def test_an_api_is_named_by_the_environment_or_by_a_profile_that_the_environment_names(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert configured_api() == ""
    (home / "profiles.toml").write_text(PROFILES)
    assert configured_api() == ""  # that it is active is meant for other work of the user's
    monkeypatch.setenv("PREFECT_PROFILE", "work")
    assert configured_api() == "http://work.test/api"
    monkeypatch.setenv("PREFECT_PROFILE", "play")
    assert configured_api() == ""
    monkeypatch.setenv("PREFECT_API_URL", "http://mine.test/api")
    assert configured_api() == "http://mine.test/api"


def test_profiles_that_cannot_be_read_name_none(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "profiles.toml").write_text("active = [")
    monkeypatch.setenv("PREFECT_PROFILE", "work")

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
        (Failed(data=LakeError("s3://lake", "cannot be read", transient=True)), True),
        (Failed(data=LakeError("lake", "is empty")), False),
        (Failed(data=StalledError("acme", "no progress for 15 minutes, ended")), False),
        (Failed(data=KeyError("width")), False),
        (Failed(data=ConnectionResetError()), True),
        (Failed(data=PermissionError(13, "denied")), False),
        (Completed(data=3), False),
    ],
    ids=repr,
)
def test_only_what_passes_by_itself_is_tried_again(state: object, again: bool) -> None:
    assert worth_retrying(None, None, state) is again


STARTS = (
    "import json, os, sys; from flows.orchestration import PrivateApi; api = PrivateApi(); api.wait();"
    "print(json.dumps({name: os.environ.get(name) for name in sys.argv[1:]}), flush=True); api.stop()"
)


def private(env: dict[str, str], *names: str) -> dict[str, str]:
    """What the environment says once a private API has come up in a process of its own."""
    clean = {
        name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "VITRINE_"))
    }
    done = subprocess.run(
        [sys.executable, "-c", STARTS, *names], cwd=ROOT, env=clean | {"PYTHONPATH": str(ROOT)} | env,
        capture_output=True, text=True, timeout=200, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    said: dict[str, str] = json.loads(done.stdout)
    return said


def test_a_users_own_server_and_database_are_neither_used_nor_touched(tmp_path: Path) -> None:
    mine = tmp_path / "home" / ".prefect"
    mine.mkdir(parents=True)
    (mine / "profiles.toml").write_text(PROFILES)
    (mine / "prefect.db").write_text("mine")
    env = {
        "HOME": str(tmp_path / "home"),
        "PREFECT_API_DATABASE_CONNECTION_URL": f"sqlite:///{mine}/prefect.db",
    }

    said = private(env, "PREFECT_API_URL", "PREFECT_HOME", "PREFECT_API_DATABASE_CONNECTION_URL")

    assert said["PREFECT_API_URL"].startswith("http://127.0.0.1:")
    assert Path(said["PREFECT_HOME"]) == mine / "vitrine"
    assert said["PREFECT_API_DATABASE_CONNECTION_URL"] is None
    assert (mine / "prefect.db").read_text() == "mine"
    assert (mine / "vitrine" / "prefect.db").exists()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["HOME", "PREFECT_HOME"])
def test_a_home_that_cannot_be_written_gives_way_to_a_temporary_one(name: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")  # as unwritable as a read-only one, also for root

    said = private({name: str(tmp_path / "file" / "home")}, "PREFECT_HOME")

    assert "vitrine-prefect-" in said["PREFECT_HOME"]
    assert not Path(said["PREFECT_HOME"]).exists()  # gone with the command
