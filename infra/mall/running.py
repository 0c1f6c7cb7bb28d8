"""A mall in a process of its own, so that drawing and serving take nothing from the crawler's."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from threading import Timer
from types import TracebackType
from typing import IO

from infra.mall.trade import MallSpec, Shop
from schemas.errors import InputError

ROOT = Path(__file__).parents[2]  # the repository: `python -m infra.mall` is found from here
START_SECONDS = 120.0


@dataclass
class RunningMall:
    """A mall that serves until `stop()`, or until this process ends. Usable as a context manager."""

    process: subprocess.Popen[str]
    shops: tuple[Shop, ...]

    @property
    def urls(self) -> list[str]:
        """The shops' addresses, without a slash at the end."""
        return [shop.url for shop in self.shops]

    def stop(self) -> None:
        """Close the shops; twice is harmless."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()

    def __enter__(self) -> "RunningMall":
        """Itself; it serves already."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the shops."""
        self.stop()


def start(spec: MallSpec | None = None) -> RunningMall:
    """Start a mall and wait until it serves. Raises InputError with the mall's own words if it does not."""
    command = [sys.executable, "-m", "infra.mall", "--die-with-parent", *arguments(spec or MallSpec())]
    with TemporaryFile("w+") as complaints:
        process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=complaints, text=True
        )
        assert process.stdout is not None
        line = _first_line(process, process.stdout)
        if not line:
            process.kill()
            process.wait()
            process.stdout.close()
            complaints.seek(0)
            said = complaints.read().strip().splitlines()
            raise InputError("mall", said[-1] if said else f"did not start within {START_SECONDS:.0f} s")
    shops = tuple(Shop(**shop) for shop in json.loads(line)["shops"])
    return RunningMall(process, shops)


def _first_line(process: subprocess.Popen[str], stdout: IO[str]) -> str:
    """The line of addresses; empty if the mall ended or took too long."""
    limit = Timer(START_SECONDS, process.kill)
    limit.start()
    try:
        return stdout.readline()
    finally:
        limit.cancel()


def arguments(spec: MallSpec) -> list[str]:
    """The spec as `python -m infra.mall` wants it."""
    words = ["--products", str(spec.products), "--seed", str(spec.seed), "--shops", ",".join(spec.shops)]
    words += [
        "--port",
        str(spec.port),
        "--size",
        "{}x{}".format(*spec.size),
        "--draw-ahead",
        str(spec.draw_ahead),
    ]
    if spec.catalogue_file:
        words += ["--catalog", str(Path(spec.catalogue_file).absolute())]
    for field, column in spec.mapping.items():
        words += ["--map", f"{field}={column}"]
    return words
