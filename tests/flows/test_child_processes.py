"""flows/child_processes.py: whole groups end, and nothing is left, however we end ourselves."""

import os
import signal
import subprocess
import sys
import threading
from contextvars import copy_context

import pytest

from flows.child_processes import children, end_group, ending_together
from tests.flows.processes import ROOT, is_running, wait_until

SPAWNS = (
    "import subprocess, sys; child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']);"
    "print(child.pid, flush=True); import time; time.sleep(float(sys.argv[1]))"
)


def started(seconds: float = 600) -> tuple["subprocess.Popen[str]", int]:
    """A child that has a child; and that one's pid."""
    process = children().start(
        [sys.executable, "-c", SPAWNS, str(seconds)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    return process, int(process.stdout.readline())


def test_a_child_has_a_group_of_its_own_and_ends_with_all_it_started() -> None:
    process, grandchild = started()
    assert os.getpgid(process.pid) == process.pid != os.getpgid(0)

    children().end(process)

    assert process.returncode == -signal.SIGKILL
    wait_until(lambda: not is_running(grandchild))


def test_what_a_child_leaves_running_is_ended_too() -> None:
    process, grandchild = started(0)
    wait_until(lambda: not is_running(process.pid))
    assert is_running(grandchild)

    children().end(process)
    end_group(process)

    assert process.returncode == 0
    wait_until(lambda: not is_running(grandchild))


def test_an_error_ends_what_was_started_within_in_other_threads_too_and_starts_no_more() -> None:
    outside, _ = started()
    inside: list[subprocess.Popen[str]] = []
    refused: list[BaseException] = []

    with pytest.raises(ZeroDivisionError), ending_together():
        context = copy_context()
        thread = threading.Thread(target=lambda: context.run(lambda: inside.append(started()[0])))
        thread.start()
        thread.join()
        raise ZeroDivisionError

    def late() -> None:
        try:
            context.run(started)
        except BaseException as error:
            refused.append(error)

    late()
    assert inside[0].returncode == -signal.SIGKILL
    assert isinstance(refused[0], KeyboardInterrupt)
    assert outside.poll() is None
    children().end(outside)


@pytest.mark.skipif(sys.platform != "linux", reason="a child dies with its parent on Linux only")
def test_a_child_ends_with_its_parent_however_that_ends() -> None:
    child = (
        "import sys, time; from flows.child_processes import end_with_parent; end_with_parent(int(sys.argv[1]));"
        "print('ready', flush=True); time.sleep(600)"
    )
    program = (
        "import os, subprocess, sys, time; from flows.child_processes import children;"
        f"child = children().start([sys.executable, '-c', {child!r}, str(os.getpid())], stdout=subprocess.PIPE);"
        "child.stdout.readline(); print(child.pid, flush=True); time.sleep(600)"
    )
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, env=env)
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    assert is_running(pid)

    parent.kill()
    parent.wait()

    wait_until(lambda: not is_running(pid))


def test_a_child_whose_parent_has_gone_before_it_asked_ends_at_once() -> None:
    program = "from flows.child_processes import end_with_parent; end_with_parent(1234567); print('alive')"

    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stdout) == (-signal.SIGKILL, "")
