"""What several tests stand on: one Prefect API and one Ray for the session, and who shares a process with whom.

A failure is printed as it comes: who waits for an hour, or a machine that ends a run at its limit, knows it then.
"""

import atexit
import json
import os
import shutil
import tempfile
import urllib.request
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

# Before anything imports torch: threads that wait for each other spinning, in tests that run beside servers and
# Ray's workers, make minutes of seconds. Child processes inherit it.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

# Decoded photos of the tests' trainings do not belong among a person's own.
if "VITRINE_PIXEL_CACHE" not in os.environ:
    _pixels = os.environ["VITRINE_PIXEL_CACHE"] = tempfile.mkdtemp(prefix="vitrine-pixels-")
    atexit.register(shutil.rmtree, _pixels, ignore_errors=True)

import pytest
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadFileScheduling

from flows.orchestration import PrivateApi
from infra.milvus.store import VectorStore
from infra.ray_runtime import cluster
from infra.ray_runtime.cluster import Cluster
from tests.flows.processes import wait_until
from tests.infra.milvus.server import MilvusServer, milvus_server, why_not
from tests.workers.contract.labelled_photos import METHODS

SHARED = ("ray_here", "milvus_address")  # fixtures of a process that take long to set up
API = "VITRINE_TESTS_PREFECT"  # what the environment of a run's processes says of the Prefect API of all of them

# The same cases on every machine, however busy: new ones are for tests/bench/extract_fuzz.py.
settings.register_profile(
    "steady", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("steady")


@pytest.fixture(scope="session")
def prefect_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A real Prefect API on loopback; yields the environment that finds it.

    Where several processes run the tests it is the one of them all: to start one costs as much as ten commands.
    """
    before, api = dict(os.environ), None
    if API in os.environ:
        os.environ |= json.loads(os.environ[API])
        wait_until(lambda: answers(f"{os.environ['PREFECT_API_URL']}/health"), 300)
    else:
        api = begun_api(tmp_path_factory.mktemp("prefect"))
        api.wait()
    yield {name: os.environ[name] for name in ("PREFECT_HOME", "PREFECT_API_URL")}
    if api is not None:
        api.stop()
    os.environ.clear()
    os.environ.update(before)


def begun_api(home: Path) -> PrivateApi:
    """A Prefect API that starts, and is in the environment of this process."""
    os.environ["PREFECT_HOME"] = str(home)
    os.environ.pop("PREFECT_API_URL", None)
    return PrivateApi()


def answers(url: str) -> bool:
    """Whether a GET is answered."""
    try:
        with urllib.request.urlopen(url, timeout=5):
            return True
    except OSError:
        return False


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes(config: pytest.Config) -> None:
    """Start the Prefect API of all processes of this run before them; it comes up while they collect."""
    before, home = dict(os.environ), tempfile.mkdtemp(prefix="vitrine-prefect-")
    api = begun_api(Path(home))
    told = {name: value for name, value in os.environ.items() if before.get(name) != value}
    os.environ.clear()
    os.environ.update(before | {API: json.dumps(told)})
    config.add_cleanup(lambda: shutil.rmtree(home, ignore_errors=True))
    config.add_cleanup(api.stop)


class FailuresAtOnce:
    """Prints a test's failure when it is known, not in the end."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        terminal = self.config.pluginmanager.get_plugin("terminalreporter")
        if report.failed and terminal is not None:
            terminal.write_line(f"\n{report.nodeid} failed in {report.when} after {report.duration:.0f} s:")
            terminal.write_line(report.longreprtext[-3000:])


def pytest_configure(config: pytest.Config) -> None:
    """Register what prints failures, in the one process that prints."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(FailuresAtOnce(config))


@pytest.fixture(scope="session")
def ray_here() -> Iterator[Cluster]:
    """Ray for the session: its workers find the tests' methods, and each test pays for its own work only."""
    before = os.environ.get("PYTHONPATH", "")
    os.environ["PYTHONPATH"] = f"{METHODS.parent}{os.pathsep}{before}"
    started = cluster.start("")
    os.environ["PYTHONPATH"] = before
    yield started
    cluster.stop()


@pytest.fixture(scope="session")
def real_milvus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MilvusServer]:
    """A real Milvus server for the session."""
    if why := why_not():
        pytest.skip(why)
    with milvus_server(tmp_path_factory.mktemp("milvus")) as started:
        yield started


@pytest.fixture(params=["lite", pytest.param("server", marks=pytest.mark.slow)])
def milvus_address(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Where an empty Milvus is, which the settings name, too: Milvus Lite, then a server."""
    address = str(tmp_path / "index" / "milvus.db")
    if request.param == "server":
        address = request.getfixturevalue("real_milvus").address
        with VectorStore(address) as store:
            for collection in store.collections():
                store.drop(collection)
    monkeypatch.setenv("VITRINE_MILVUS_URI", address)
    return address


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """A case of bytes bears no bytes in its name: a gzip file holds its time, and no two processes would agree."""
    return argname if isinstance(val, bytes) else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest begins first: with several processes nobody waits for it in the end."""
    slow_files = {item.path for item in items if item.get_closest_marker("slow")}

    def rank(item: pytest.Item) -> list[bool]:
        shared = [name not in getattr(item, "fixturenames", ()) for name in SHARED]
        return [*shared, item.path not in slow_files]

    items.sort(key=rank)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadFileScheduling:
    """Tests of a file stay in one process, and those of all files that share a Ray, or a Prefect API."""

    @cache
    def group_of(file: str) -> str:
        text = (config.rootpath / file).read_text()
        return next((name for name in SHARED if name in text), file)

    class ByFile(LoadFileScheduling):  # type: ignore[misc]
        def _split_scope(self, nodeid: str) -> str:
            return group_of(nodeid.partition("::")[0])

    return ByFile(config, log)
