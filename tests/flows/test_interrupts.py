"""Ctrl-C and SIGTERM: one line, one JSON object, nothing left running, whatever the command is doing."""

import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from infra.lake import Lake
from tests.flows.marked_command import Command, catalogue
from tests.flows.processes import wait_until
from tests.flows.tarpit import tarpit

pytestmark = [
    pytest.mark.slow,
    pytest.mark.long,
    pytest.mark.timeout(600),
    pytest.mark.skipif(sys.platform != "linux", reason="reads /proc"),
]
SMALL = ["--set", "backbone=resnet18", "--set", "weights=random", "--set", "image_size=64"]
LONG = [*SMALL, "--set", "epochs=500", "--set", "batch=8"]
BRIEF = [*SMALL, "--set", "epochs=1", "--set", "frozen_epochs=0"]


@pytest.fixture
def command(tmp_path: Path) -> Iterator[Callable[..., Command]]:
    started: list[Command] = []

    def start(*words: str, **env: str) -> Command:
        started.append(Command(tmp_path, *words, **env))
        return started[-1]

    yield start
    for each in started:
        each.kill()


@pytest.fixture(scope="module")
def stocked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake of a few photos, with labels and a network that has learnt next to nothing."""
    folder = tmp_path_factory.mktemp("stocked")
    words = (("import", catalogue(folder), "--shop", "s"), ("label",), ("train", "corbiere", *BRIEF))
    for each in words:
        Command(folder, *each, "--lake", str(folder / "lake")).done()
    return folder / "lake"


@pytest.fixture
def trained(stocked: Path, tmp_path: Path) -> str:
    """A copy of it."""
    return str(shutil.copytree(stocked, tmp_path / "lake"))


@pytest.mark.parametrize(
    ("signum", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["ctrl-c", "sigterm"]
)
def test_a_crawl_ends_at_once_with_all_it_started(
    signum: signal.Signals, code: int, command: Callable[..., Command], tmp_path: Path
) -> None:
    with tarpit() as hangs:
        crawl = command("crawl", f"one={hangs.url}", f"two={hangs.url}two/", "--lake", str(tmp_path / "lake"))
        wait_until(lambda: len(hangs.held) == 2, 120)  # both hang in the middle of what they ask
        assert sum("crawl_process" in line for line in crawl.marked().values()) == 4  # each with its reader

        crawl.end(signum, code)


def test_ctrl_c_ends_a_crawl_that_waits_to_be_tried_again(
    command: Callable[..., Command], tmp_path: Path
) -> None:
    """Prefect waits for the next attempt in a thread that hears nothing."""
    dead = "http://127.0.0.1:9/"
    crawl = command("crawl", f"dead={dead}", "--lake", str(tmp_path / "lake"), VITRINE_RETRY_DELAYS="300")
    wait_until(lambda: "tried again" in crawl.said.read_text(), 120)

    assert dead in crawl.end(signal.SIGINT, 130)


def test_ctrl_c_while_prefect_starts(command: Callable[..., Command], tmp_path: Path) -> None:
    crawl = command("crawl", "dead=http://127.0.0.1:9/", "--lake", str(tmp_path / "lake"))
    wait_until(lambda: any("private_api" in line for line in crawl.marked().values()), 60)

    crawl.end(signal.SIGINT, 130)
    assert Lake(str(tmp_path / "lake")).unfinished() == 0  # no crawl was begun


@pytest.mark.parametrize(
    ("signum", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["ctrl-c", "sigterm"]
)
def test_a_training_ends_at_once_with_ray(
    signum: signal.Signals, code: int, command: Callable[..., Command], trained: str
) -> None:
    def told() -> int:
        """Event files that tell of an epoch: one begins with 88 bytes."""
        files = Path(trained).glob("run=*/tensorboard/events.*")
        return sum(path.stat().st_size > 200 for path in files)

    before = told()
    train = command("train", "corbiere", *LONG, "--lake", trained)
    wait_until(lambda: told() > before, 300)

    train.end(signum, code)
    assert Lake(trained).unfinished() == 1  # which the same command goes on with


def test_ctrl_c_while_photos_are_embedded_and_while_each_command_waits_for_prefect(
    command: Callable[..., Command], trained: str, tmp_path: Path
) -> None:
    """Also what comes before Prefect: files, columns and settings are judged, runs of the lake are read."""
    embed = command("embed", "--lake", trained)
    wait_until(lambda: any("raylet" in line for line in embed.marked().values()), 120)
    embed.end(signal.SIGINT, 130)
    embed = command("embed", "--lake", trained)
    embed.done()
    said = embed.said.read_text()
    assert all(line.startswith(("waiting: ", "embed: ")) for line in said.splitlines()), said

    for words in (
        ("import", catalogue(tmp_path, products=30), "--shop", "s"),
        ("label",),
        ("train", "corbiere", *LONG),
        ("embed",),
        ("index",),
        ("evaluate",),
        ("crawl-and-index", "dead=http://127.0.0.1:9/"),
        ("demo",),
    ):
        each = command(*words, "--lake", trained)
        wait_until(lambda each=each: any("private_api" in line for line in each.marked().values()), 60)
        each.end(signal.SIGINT, 130)


def test_ctrl_c_after_the_training_of_a_whole_chain(command: Callable[..., Command], tmp_path: Path) -> None:
    """Ray Train puts a handler of its own in the way of Ctrl-C and leaves it there."""
    demo = command("demo", "--products", "40", "--lake", str(tmp_path / "lake"))
    wait_until(lambda: "embed" in demo.said.read_text(), 400)

    demo.end(signal.SIGINT, 130)
    flows = {run.flow for run in Lake(str(tmp_path / "lake")).runs()}
    assert "train" in flows and not {"embed", "index", "evaluate"} & flows


def test_ctrl_c_ends_the_doctor_in_the_middle_of_a_page(command: Callable[..., Command]) -> None:
    with tarpit() as hangs:
        doctor = command("doctor", hangs.url)
        wait_until(lambda: len(hangs.held) == 1, 60)

        doctor.end(signal.SIGINT, 130)
        assert len(hangs.held) == 1  # nothing else was asked on the way out
