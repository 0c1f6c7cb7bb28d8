import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.machine import ROOT
from infra.ray_runtime import cluster
from infra.ray_runtime.cluster import Cluster, ray_cluster
from schemas.errors import InputError
from tests.flows.processes import is_running, wait_until

LARGE_PAGES = Path("/sys/kernel/mm/transparent_hugepage/enabled")  # asked for where it says madvise
DRIVER = """
import json, os, sys, time
from infra.ray_runtime.cluster import ray_cluster
with ray_cluster("") as joined:
    import ray, ray.data
    @ray.remote
    def say():
        print("a worker speaks")
        map = bytearray(64 << 20)  # as large as a layer's
        large = " hg" in open("/proc/self/smaps").read()
        return os.getpid(), os.environ.get("OMP_WAIT_POLICY"), os.nice(0), large
    pids, waiting, nice, large = zip(*ray.get([say.remote() for _ in range(4)]))
    count = ray.data.range(100).map_batches(lambda batch: batch).count()
    print("REPORT", json.dumps([joined.cores, count, pids, waiting, nice, large]), file=sys.stderr, flush=True)
    if "stay" in sys.argv:
        time.sleep(600)
"""


@pytest.fixture(scope="module", autouse=True)
def without_ray() -> None:
    """Tests before these may have left theirs."""
    cluster.stop()


@pytest.mark.parametrize("address", ["127.0.0.1:9", "ray://127.0.0.1:9", "nonsense"])
def test_an_address_where_no_cluster_answers_is_refused_within_seconds(address: str) -> None:
    begun = time.monotonic()

    with pytest.raises(InputError, match="no Ray cluster answers"):
        cluster.start(address)

    assert time.monotonic() - begun < 10


@pytest.mark.slow
def test_a_server_that_is_no_ray_cluster_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
        code = f"""
from infra.ray_runtime import cluster
cluster.START_S = 5.0
try:
    cluster.start("{address}")
except Exception as error:
    print(repr(error))
"""
        command = [sys.executable, "-c", code]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=100, check=False)

    assert done.stdout == f"InputError('{address}', 'no Ray there after 5 s')\n"


@pytest.fixture(scope="module")
def started() -> Iterator[Cluster]:
    """Ray of this process, started by a thread that has ended since."""
    found: list[Cluster] = []
    thread = threading.Thread(target=lambda: found.append(cluster.start("")))
    thread.start()
    thread.join()
    yield found[0]
    cluster.stop()


@pytest.mark.slow
def test_the_cluster_outlives_the_thread_that_started_it(started: Cluster) -> None:
    import ray

    time.sleep(2)

    assert ray.get(ray.remote(lambda: os.getpid()).remote(), timeout=60) != os.getpid()
    assert not started.remote
    assert ray.cluster_resources()["CPU"] >= cluster.LEAST_CPUS


@pytest.mark.slow
def test_a_second_use_costs_nothing_and_another_address_is_refused(started: Cluster) -> None:
    begun = time.monotonic()

    with ray_cluster() as again:
        assert again is started

    assert time.monotonic() - begun < 0.05
    with pytest.raises(InputError, match="uses a Ray of its own already"):
        cluster.start("127.0.0.1:6379")


@pytest.mark.slow
def test_workers_import_this_repository(started: Cluster) -> None:
    import ray

    def places() -> list[str | None]:
        import schemas
        import workers

        return [schemas.__file__, workers.__file__]

    found = ray.get(ray.remote(places).remote(), timeout=60)

    assert found == [str(ROOT / name / "__init__.py") for name in ("schemas", "workers")]


@pytest.mark.slow
def test_nothing_of_rays_is_printed_and_its_workers_wait_passively_and_ask_for_large_pages() -> None:
    env = {
        name: value for name, value in os.environ.items() if name not in ("OMP_WAIT_POLICY", "GLIBC_TUNABLES")
    }
    done = subprocess.run(
        [sys.executable, "-c", DRIVER], cwd=ROOT, env=env, check=True, capture_output=True, text=True
    )

    assert done.stdout == ""
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    assert len(lines) == 1, done.stderr
    cores, count, _, waiting, nice, large = json.loads(lines[0].removeprefix("REPORT "))
    assert (cores, count) == (len(os.sched_getaffinity(0)), 100)
    assert set(waiting) == {"PASSIVE"}
    assert set(nice) == {os.nice(0)}, "beside a busy process a worker has its share of a core"
    assert set(large) == {LARGE_PAGES.exists() and "[madvise]" in LARGE_PAGES.read_text()}


UNREAPED = """
import ctypes, subprocess, sys, time
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER: orphans come here, and nobody waits for them
driver = subprocess.Popen([sys.executable, "-c", sys.argv[1], "stay"])
print(driver.pid, flush=True)
time.sleep(600)
"""


@pytest.mark.slow
@pytest.mark.parametrize("reaped", [True, False])
def test_a_killed_driver_leaves_no_worker_behind(reaped: bool) -> None:
    """Also in a container whose first process reaps nothing."""
    command = ["-c", DRIVER, "stay"] if reaped else ["-c", UNREAPED, DRIVER]
    streams: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    begun = subprocess.Popen([sys.executable, *command], cwd=ROOT, text=True, **streams)
    assert begun.stdout is not None
    assert begun.stderr is not None
    driver = begun.pid if reaped else int(begun.stdout.readline())
    try:
        pids = json.loads(begun.stderr.readline().removeprefix("REPORT "))[2]
        assert all(is_running(pid) for pid in pids)

        os.kill(driver, signal.SIGKILL)

        wait_until(lambda: not any(is_running(pid) for pid in pids), limit_s=30)
    finally:
        for pid in (driver, begun.pid):
            os.kill(pid, signal.SIGKILL)  # dead already or not: neither has been waited for
        begun.communicate()


STALLED = """
import os, signal, sys, threading, time
from pathlib import Path
from infra.ray_runtime.cluster import ray_cluster

def stop_the_first():
    while True:
        for place in Path("/proc").glob("[0-9]*"):
            try:
                parent = int((place / "stat").read_text().rpartition(")")[2].split()[1])
                if parent == os.getpid() and (place / "comm").read_text() == "raylet\\n":
                    os.kill(int(place.name), signal.SIGSTOP)
                    return
            except OSError:
                continue
        time.sleep(0.001)

threading.Thread(target=stop_the_first, daemon=True).start()
with ray_cluster(""):
    import ray
    print("REPORT", ray.get(ray.remote(lambda: 7).remote()))
"""


@pytest.mark.slow
def test_a_start_whose_servers_are_late_is_tried_again() -> None:
    done = subprocess.run(
        [sys.executable, "-c", STALLED], cwd=ROOT, capture_output=True, text=True, timeout=600, check=False
    )

    assert done.returncode == 0 and "REPORT 7" in done.stdout, done.stderr
