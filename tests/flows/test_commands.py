"""flows/cli.py and flows/commands in real processes: what there is, and options refused before anything starts."""

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from pkgutil import iter_modules

import pytest

from flows import commands
from flows.commands.demo import to_try
from infra.lake import Lake
from tests.flows.command_line import vitrine
from tests.flows.crawled_lake import catalogue, crawled
from tests.flows.processes import ROOT

COMMANDS = (
    "demo mall doctor crawl import changes label train embed index evaluate publish rollback crawl-and-index"
)
COMMANDS += " retrain search serve report runs rejects sweep forget deploy"


def refusal(*words: str, code: int = 2) -> str:
    done = vitrine(*words, "--json")
    assert done.returncode == code, done.stderr
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
    listed = ("crawl", "http://127.0.0.1:1", "--revisit", "list", "--only")
    assert "no address" in refusal(*listed, str(pages), code=1)
    assert "No such file" in refusal(*listed, f"{pages}x", code=1)


def test_a_reason_to_retry_is_one_that_rejects_have() -> None:
    message = refusal("crawl", "http://127.0.0.1:1", "--retry", "timeout,weather")

    assert "weather" in message and "http_5xx" in message


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("crawl", "http://127.0.0.1:1", "--revisit", "never"), "Invalid value for '--revisit'"),
        (
            ("crawl", "http://127.0.0.1:1", "--floor", "1.5"),
            "must be less than or equal to 1",
        ),  # typer's bound
        (("crawl", "http://127.0.0.1:1", "--limit", "0"), "--limit 0: must be greater than"),  # the model's
        (("crawl", "http://127.0.0.1:1", "--limit", "many"), "unable to parse string as an integer"),
        (("crawl",), "no shop named"),
        (("crawl", "notaurl"), "notaurl: not an http(s) address"),
        (("crawl", "ftp://127.0.0.1:1"), "not an http(s) address"),
        (("crawl", "http://[127.0.0.1"), "not an address"),
        (("crawl", "a b=http://127.0.0.1:1"), "shop name 'a b'"),
        (("doctor", "notaurl"), "notaurl: not an http(s) address"),
        (("runs", "--lake", "/mistyped"), "--lake /mistyped: there is no lake there"),
        (("import",), "Missing argument"),
        (("search",), "needs a photo or --words"),
        (("publish", "--force"), "--force: needs --why with the reason"),
        (("publish", "--margin", "0"), "--margin 0.0: must be greater than 0"),
        (("publish", "--metric", "fame"), "Invalid value for '--metric'"),
        (("runs", "--zzz"), "No such option: --zzz; see vitrine runs --help"),
        (("changes", "--since", "soon"), "is no date"),
        (("rejects", "--reason", "weather"), "no such reason"),
        (("press",), "No such command 'press'; see vitrine --help"),
    ],
)
def test_a_command_line_that_cannot_be_is_one_line_and_ends_with_2(words: tuple[str, ...], why: str) -> None:
    assert why in refusal(*words)


def test_a_result_is_on_stdout_and_all_else_on_stderr(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    crawl = crawled(lake, "s", catalogue(3))

    done = vitrine("runs", "--lake", lake.uri)

    assert done.returncode == 0 and done.stderr == ""
    (line,) = (line for line in done.stdout.splitlines() if crawl in line)
    assert " crawl " in line


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


@pytest.mark.parametrize("lake", ["lake", "/srv/our lake", "s3://shop/lake?region=eu&scheme=https"])
def test_the_search_that_a_demo_names_is_one_command_to_a_shell(lake: str) -> None:
    words = shlex.shlex(to_try(lake), posix=True, punctuation_chars=True)
    words.whitespace_split = True

    assert list(words) == ["vitrine", "search", "--words", "red dress", "--lake", lake]
