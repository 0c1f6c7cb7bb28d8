"""What several tests stand on: one Prefect API for the session, so that each command does not start its own."""

import os
from collections.abc import Iterator

# Before anything imports torch: threads that wait for each other spinning, in tests that run beside servers and
# Ray's workers, make minutes of seconds. Child processes inherit it.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

import pytest
from hypothesis import HealthCheck, settings

from flows.orchestration import PrivateApi

# The same cases on every machine, however busy: new ones are for tests/bench/extract_fuzz.py.
settings.register_profile(
    "steady", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("steady")


@pytest.fixture(scope="session")
def prefect_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A real Prefect API on loopback; yields the environment that finds it."""
    before = dict(os.environ)
    os.environ["PREFECT_HOME"] = str(tmp_path_factory.mktemp("prefect"))
    os.environ.pop("PREFECT_API_URL", None)
    api = PrivateApi()
    api.wait()
    yield {name: os.environ[name] for name in ("PREFECT_HOME", "PREFECT_API_URL")}
    api.stop()
    os.environ.clear()
    os.environ.update(before)
