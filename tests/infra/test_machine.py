"""infra/machine.py: who owns an open run, told from real processes; and what the manifest says of this machine."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from infra.machine import ROOT, Owner, code_version, describe_machine, state_folder

ASK = "from infra.machine import Owner; import json; print(json.dumps(Owner.here().as_dict()), flush=True); input()"


def test_a_process_is_alive_until_it_ends_also_as_a_zombie() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", ASK], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None and process.stdin is not None
        owner = Owner.of(json.loads(process.stdout.readline()))
        while_running = owner.is_alive()
        process.stdin.write("\n")
        process.stdin.close()
        process.stdout.read()  # ends with the process, which nobody has waited for yet
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        as_zombie = owner.is_alive()

    assert owner.pid == process.pid
    assert while_running is True
    assert as_zombie is False
    assert owner.is_alive() is False


def test_a_later_process_with_the_same_pid_is_another_one() -> None:
    here = Owner.here()

    assert here.is_alive() is True
    assert replace(here, pid_started=here.pid_started + 1).is_alive() is False


@pytest.mark.parametrize("place", [{"host": "elsewhere"}, {"boot": "another boot"}])
def test_of_another_machine_or_boot_nothing_is_known(place: dict[str, str]) -> None:
    assert replace(Owner.here(), **place).is_alive() is None


def test_without_a_start_time_a_pid_that_answers_counts_as_alive() -> None:
    here = replace(Owner.here(), pid_started=0)
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        ended.wait()

    assert here.is_alive() is True
    assert replace(here, pid=1).is_alive() is True  # not ours to signal, and there
    assert replace(here, pid=ended.pid).is_alive() is False


def test_an_owner_is_read_as_it_was_written() -> None:
    here = Owner.here()

    assert Owner.of(here.as_dict() | {"flow": "label"}) == here


def test_the_manifest_says_what_ran_where() -> None:
    machine = describe_machine()

    assert machine["cores"] == len(os.sched_getaffinity(0))
    assert machine["memory_gib"] > 0
    assert all(machine["libraries"][name] for name in ("ray", "torch", "pyarrow", "pymilvus"))
    assert code_version()["vitrine"]


def test_state_lies_where_the_desktop_standard_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert state_folder() == tmp_path / "vitrine"
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert state_folder() == tmp_path / ".local" / "state" / "vitrine"
