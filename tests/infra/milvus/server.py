"""A real Milvus server for tests: standalone Milvus 2.3.5 as PyPI has it, on a port of loopback.

`make milvus` (of `make test-all`) installs it beside the environment: it wants old packages, so it has one of its own.
Standalone Milvus listens on all interfaces, ten ports. So it runs in a network and among processes of its own, where
loopback is all there is, and socat hands its one port out; ended, all of it is.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from pymilvus import MilvusClient
from pymilvus.exceptions import MilvusException

from tests.flows.processes import free_port

SERVER = Path(sys.prefix, "milvus", "bin", "milvus-server")
ENDS_WITH_US = ["setpriv", "--pdeathsig", "KILL"]  # also where the tests are killed
APART = [
    *ENDS_WITH_US,
    "unshare",
    "--map-root-user",
    "--net",
    "--pid",
    "--mount-proc",
    "--fork",
    "--kill-child=SIGKILL",
]
SEEN_MS = (
    500  # searches see a server as it was so long ago: 5,000 by default, which every load would wait for
)
INSIDE = (
    f'ip link set lo up; "$0" --data "$1" --extra-config common.gracefulTime={SEEN_MS} & '
    'exec socat UNIX-LISTEN:"$2",fork TCP:127.0.0.1:19530'
)
STARTS_S = 180.0  # on a busy machine; 10 on a quiet one


def why_not() -> str:
    """What keeps a server from being started here; empty where nothing does."""
    if not SERVER.exists() or not all(map(shutil.which, ("socat", "ip", "unshare", "setpriv"))):
        return "a Milvus server is not installed: make milvus"
    if subprocess.run([*APART, "true"], capture_output=True, check=False).returncode:
        return "this machine lets nobody have a network apart, which a Milvus server needs in tests"
    return ""


class MilvusServer:
    """One server on one folder; `address` stays the same from one `start` to the next."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._port = folder, free_port()
        self._started: list[subprocess.Popen[bytes]] = []
        self.address = f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        """Start it on what its folder holds, and wait until it answers."""
        socket = self._folder / "milvus.sock"
        socket.unlink(missing_ok=True)
        self._run([*APART, "sh", "-c", INSIDE, str(SERVER), str(self._folder / "data"), str(socket)])
        self._run(
            [
                *ENDS_WITH_US,
                "socat",
                f"TCP-LISTEN:{self._port},bind=127.0.0.1,reuseaddr,fork",
                f"UNIX-CONNECT:{socket}",
            ]
        )
        until = time.monotonic() + STARTS_S
        while not self._answers():
            if time.monotonic() > until:
                raise RuntimeError(f"Milvus does not answer:\n{(self._folder / 'log').read_text()[-2000:]}")
            time.sleep(0.2)

    def kill(self) -> None:
        """SIGKILL to all of it, at once."""
        for process in self._started:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self._started.clear()

    def _run(self, command: list[str]) -> None:
        with (self._folder / "log").open("ab") as log:
            self._started.append(
                subprocess.Popen(
                    command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
                )
            )

    def _answers(self) -> bool:
        try:
            with closing(MilvusClient(self.address, timeout=2)) as client:
                client.list_collections(timeout=2)
        except MilvusException:
            return False
        return True


@contextmanager
def milvus_server(folder: Path) -> Iterator[MilvusServer]:
    """A server that answers, on an empty folder."""
    server = MilvusServer(folder)
    try:
        server.start()
        yield server
    finally:
        server.kill()
