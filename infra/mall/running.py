"""A mall in a process of its own, so that drawing and serving take nothing from the crawler's."""

import json
import subprocess
import sys
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from threading import Timer
from types import TracebackType
from typing import IO, Any

from infra.mall.changes import Changes
from infra.mall.counting import ADVANCE, RESET, STATS
from infra.mall.trade import MallSpec, Shop
from schemas.errors import InputError

ROOT = Path(__file__).parents[2]  # the repository: `python -m infra.mall` is found from here
START_SECONDS = 120.0


@dataclass
class RunningMall:
    """A mall that serves until `stop()`, or until this process ends. Usable as a context manager."""

    process: subprocess.Popen[str]
    shops: tuple[Shop, ...]
    canary_url: str = ""
    "of the listener that nobody may connect to; empty without faults"

    @property
    def urls(self) -> list[str]:
        """The shops' addresses, without a slash at the end."""
        return [shop.url for shop in self.shops]

    def stats(self, number: int, by_path: bool = False) -> dict[str, Any]:
        """The counters of one shop, the canary's among them."""
        return _asked(f"{self.shops[number].url}{STATS}{'?paths=1' if by_path else ''}")

    def reset(self) -> None:
        """Every shop's counters to nothing."""
        for shop in self.shops:
            _asked(shop.url + RESET, b"")

    def advance(self, seed: int) -> dict[str, Changes]:
        """Let a day pass in every shop: what changed, by shop."""
        said = _asked(f"{self.shops[0].url}{ADVANCE}?seed={seed}", b"")
        return {name: Changes.of_json(changes) for name, changes in said.items()}

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
    said = json.loads(line)
    return RunningMall(process, tuple(Shop(**shop) for shop in said["shops"]), said.get("canary", ""))


def _asked(url: str, body: bytes | None = None) -> dict[str, Any]:
    """The mall's answer: GET, or POST with a body."""
    with urllib.request.urlopen(url, body) as answer:
        found: dict[str, Any] = json.load(answer)
        return found


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
    words += ["--faults"] if spec.faults else []
    words += ["--assortment", spec.assortment]
    if spec.catalogue_file:
        words += ["--catalog", str(Path(spec.catalogue_file).absolute())]
    for field, column in spec.mapping.items():
        words += ["--map", f"{field}={column}"]
    return words
