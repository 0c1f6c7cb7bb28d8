"""flows/cli.py and flows/commands in real processes: what there is, and options refused before anything starts."""

import json
import os
import subprocess
import sys
from pathlib import Path
from pkgutil import iter_modules

import pytest

from flows import commands
from tests.flows.command_line import vitrine
from tests.flows.processes import ROOT

COMMANDS = "demo mall doctor crawl import changes label train embed index evaluate crawl-and-index search report runs"
COMMANDS += " rejects deploy"


def refusal(*words: str) -> str:
    done = vitrine(*words, "--json")
    assert done.returncode == 1, done.stderr
    message: str = json.loads(done.stdout)["error"]["message"]
    assert done.stderr.splitlines() == [f"vitrine: {message}"]
    return message


def test_help_lists_every_command_in_the_order_of_their_use() -> None:
    done = vitrine("--help")

    lines = done.stdout.partition("Commands")[2].splitlines()
    listed = [line[2:].split()[0] for line in lines if line[:2] == "│ " and line[2] not in " "]
    assert [name for name in listed if name in COMMANDS.split()] == COMMANDS.split()
    assert set(listed) == {
        name.rstrip("_").replace("_", "-") for _, name, _ in iter_modules(commands.__path__)
    }


def test_pages_to_revisit_need_the_strategy_that_reads_them(tmp_path: Path) -> None:
    pages = tmp_path / "pages.txt"
    pages.write_text("# nothing yet\n\n")

    assert "--revisit list" in refusal("crawl", "http://127.0.0.1:1", "--only", str(pages))
    assert "--revisit list" in refusal("crawl", "http://127.0.0.1:1", "--revisit", "list")
    assert "no address" in refusal("crawl", "http://127.0.0.1:1", "--revisit", "list", "--only", str(pages))
    assert "No such file" in refusal(
        "crawl", "http://127.0.0.1:1", "--revisit", "list", "--only", f"{pages}x"
    )


def test_a_reason_to_retry_is_one_that_rejects_have() -> None:
    message = refusal("crawl", "http://127.0.0.1:1", "--retry", "timeout,weather")

    assert "weather" in message and "http_5xx" in message


@pytest.mark.parametrize("words", [("--revisit", "never"), ("--floor", "1.5")])
def test_a_value_outside_its_choices_is_a_usage_error(words: tuple[str, ...]) -> None:
    done = vitrine("crawl", "http://127.0.0.1:1", *words)

    assert done.returncode == 2
    assert words[0] in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize(("given", "used"), [({}, "PASSIVE"), ({"OMP_WAIT_POLICY": "active"}, "active")])
def test_threads_of_torch_wait_passively_unless_the_environment_says_otherwise(
    given: dict[str, str], used: str
) -> None:
    others = {name: value for name, value in os.environ.items() if name != "OMP_WAIT_POLICY"}
    program = (
        "import atexit, os, sys; from flows.cli import main; sys.argv = ['vitrine', '--help']; "
        "atexit.register(lambda: print(os.environ['OMP_WAIT_POLICY'], 'torch' in sys.modules)); main()"
    )

    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=others | given,
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.splitlines()[-1] == f"{used} False"
