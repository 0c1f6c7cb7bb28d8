"""flows/running/watchdog.py: work that hangs is ended, work that counts on is not, however long it takes."""

import signal
import subprocess
import sys
import threading
import time

import pytest

from flows.progress import Stage, moved
from flows.running import watchdog as dog
from flows.running.watchdog import watchdog
from schemas.errors import StalledError
from tests.flows.processes import ROOT


@pytest.mark.parametrize(
    "hang",
    [
        lambda: time.sleep(60),
        lambda: threading.Event().wait(60),
        lambda: subprocess.run(["sleep", "60"], check=False),
        lambda: [None for _ in iter(int, 1)],
    ],
    ids=["sleeps", "waits", "waits for a process", "computes"],
)
def test_work_without_progress_is_ended_in_one_line(hang: object) -> None:
    begun = time.monotonic()

    with pytest.raises(StalledError, match=r"^label: no progress for 0\.3 s, ended$"), watchdog("label", 0.3):
        hang()  # type: ignore[operator]

    assert time.monotonic() - begun < 10


def test_work_that_gets_further_takes_as_long_as_it_takes() -> None:
    step = Stage("embed", 20, "photos")
    begun = time.monotonic()
    with watchdog("embed", 0.4):
        for _ in range(10):
            time.sleep(0.1)
            step.advance()

    assert step.done == 10 and time.monotonic() - begun > 2 * 0.4


def test_a_note_alone_is_no_progress() -> None:
    step = Stage("embed", 20, "photos")
    with pytest.raises(StalledError), watchdog("embed", 0.3):
        for n in range(100):
            time.sleep(0.1)
            step.advance(0, note=f"{n} photos/s")


def test_the_signal_is_given_back_and_nothing_is_raised_later() -> None:
    before = signal.getsignal(dog.SIGNAL)
    for _ in range(20):
        with watchdog("label", 0.05):
            moved()
        assert signal.getsignal(dog.SIGNAL) == before
    time.sleep(0.2)


def test_work_that_hears_no_signal_ends_with_its_process() -> None:
    program = (
        "import signal, time; from flows.running import watchdog as dog; dog.GRACE_S = 0.3\n"
        "signal.pthread_sigmask(signal.SIG_BLOCK, [dog.SIGNAL])\n"
        "with dog.watchdog('train', 0.2): time.sleep(60)"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=30, check=False
    )

    assert done.returncode == 1
    assert done.stderr.splitlines() == ["train: no progress for 0.2 s, ended", "train: hears no signal, the whole process is ended"]  # fmt: skip # noqa: E501
