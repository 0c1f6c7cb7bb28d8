"""flows/crawl/crawl_subprocess.py: a process that hangs is ended with all it started, one that gets further is not."""

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from flows.crawl import crawl_subprocess
from flows.crawl.crawl_subprocess import converse
from schemas.errors import LakeError, StalledError
from tests.flows.processes import is_running, wait_until

SAYS = (
    "import json, os, subprocess, sys, time\n"
    "def progress(done, note=''): print(json.dumps({'progress': "
    "{'stage': 'page', 'done': done, 'total': 9, 'note': note}}), flush=True)\n"
    "def child():\n"
    "    pid = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']).pid\n"
    "    open(os.environ['PID_FILE'], 'w').write(str(pid))\n"
    "request = json.loads(sys.stdin.readline())\n"
)


@pytest.fixture
def says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Let another program stand in for the crawl's process, and a crawl be ended after a second without progress."""
    monkeypatch.setenv("VITRINE_CRAWL_STALL_MINUTES", str(1 / 60))
    monkeypatch.setenv("PID_FILE", str(tmp_path / "pid"))
    real = subprocess.Popen

    def stand_in(program: str) -> None:
        def start(command: list[str], **options: Any) -> "subprocess.Popen[Any]":
            return real([sys.executable, "-c", SAYS + program], **options)

        monkeypatch.setattr(crawl_subprocess.subprocess, "Popen", start)

    return stand_in


def grandchild(tmp_path: Path) -> int:
    return int((tmp_path / "pid").read_text())


@pytest.mark.parametrize(
    "program",
    [
        "child(); time.sleep(600)",
        "child(); progress(1); time.sleep(600)",
        "child()\nwhile True: progress(1, str(time.time())); time.sleep(0.1)",
        "child(); sys.stdout.write('{\"prog'); sys.stdout.flush(); time.sleep(600)",
    ],
    ids=["never says a word", "stops in the middle", "says only how fast it is", "stops within a line"],
)
def test_a_crawl_without_progress_is_ended_whole_and_says_so(program: str, says: Any, tmp_path: Path) -> None:
    says(program)
    begun = time.monotonic()

    with pytest.raises(StalledError) as ended:
        converse({}, "acme")

    assert (
        str(ended.value).startswith("acme: no progress for 0.0166667 minutes") and not ended.value.transient
    )
    assert time.monotonic() - begun < 10
    wait_until(lambda: not is_running(grandchild(tmp_path)))


def test_a_crawl_that_gets_further_takes_as_long_as_it_takes(says: Any, tmp_path: Path) -> None:
    says("for n in range(8): progress(n); time.sleep(0.4)\nprint(json.dumps({'done': {'products': 8}}))")

    assert converse({}, "acme") == {"products": 8}


def test_what_a_crawl_leaves_running_is_ended_with_it(says: Any, tmp_path: Path) -> None:
    says("child(); print(json.dumps({'done': {}}))")

    assert converse({}, "acme") == {}
    wait_until(lambda: not is_running(grandchild(tmp_path)))


@pytest.mark.parametrize("transient", [True, False])
def test_an_error_of_the_process_is_the_same_error_here(transient: bool, says: Any) -> None:
    told = {"type": "LakeError", "args": ["lake", "is full"], "transient": transient}
    says(f"print(json.dumps({{'error': {told}}}))")

    with pytest.raises(LakeError, match="lake: is full") as raised:
        converse({}, "acme")

    assert raised.value.transient is transient


def test_a_bug_is_told_with_its_last_words(says: Any) -> None:
    says("raise KeyError('width')")

    with pytest.raises(RuntimeError, match="the crawl of acme broke with code 1") as broke:
        converse({}, "acme")

    assert "KeyError: 'width'" in str(broke.value)
