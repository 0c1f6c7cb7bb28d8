"""A real PostgreSQL on loopback, of its own folder and port, for as long as a test lasts."""

import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.flows.processes import free_port, started, wait_until

_DEBIAN = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
PROGRAMS = _DEBIAN[-1] if _DEBIAN else Path(shutil.which("initdb") or "nowhere/initdb").parent
USER = "prefect"


@contextmanager
def postgres() -> Iterator[str]:
    """A database `postgres` whose user has to give a password; yields its address, `user:password@host:port/name`."""
    folder = Path(
        tempfile.mkdtemp(prefix="postgres-", dir="/tmp")
    )  # a socket lies in it: its name has to be short
    password, port = secrets.token_hex(12), free_port()
    (folder / "password").write_text(password)
    as_user = _as_user(folder)
    data, options = folder / "data", ["--auth=scram-sha-256", "--pwfile", str(folder / "password")]
    try:
        made = [*as_user, str(PROGRAMS / "initdb"), "-D", str(data), "-U", USER, *options]
        subprocess.run(made, check=True, capture_output=True, cwd=folder)
        command = [*as_user, str(PROGRAMS / "postgres"), "-D", str(data), "-p", str(port), "-k", str(folder)]
        command += ["-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"]
        with started(command, os.environ, folder / "log") as process:
            wait_until(lambda: process.poll() is not None or _answers(port), 60, (folder / "log").read_text)
            assert process.poll() is None, (folder / "log").read_text()
            yield f"{USER}:{password}@127.0.0.1:{port}/postgres"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def rows(address: str, query: str) -> list[str]:
    """Lines that a query gives."""
    command = [str(PROGRAMS / "psql"), f"postgresql://{address}", "-At", "-c", query]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()


def _answers(port: int) -> bool:
    command = [str(PROGRAMS / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port)]
    return subprocess.run(command, check=False).returncode == 0


def _as_user(folder: Path) -> list[str]:
    """What makes a command one of another user, where this one is root, whom PostgreSQL refuses."""
    if os.geteuid():
        return []
    shutil.chown(folder, "postgres", "postgres")
    shutil.chown(folder / "password", "postgres", "postgres")
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
