"""flows/terminal.py: what a shop wrote is shown, and neither obeyed nor read as markup."""

import io
import json
import logging
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from flows import printable, terminal
from flows.progress import Stage
from tests.flows.processes import ROOT

ATTACKS = {
    "clears the screen": "\x1b[2JRed dress",
    "sets the title": "\x1b]0;owned\x07Red dress",
    "one byte escape": "\x9b2JRed dress",
    "turns the order": "Red \u202edress\u202c\u2066",
    "a second line": "Red\r\nvitrine: all went well\ndress",
    "line separator": "Red\u2028dress",
    "overwrites": "Red dress\rBlue\b\b\b",
    "a hyperlink": "\x1b]8;;http://evil.example\x1b\\Red dress\x1b]8;;\x1b\\",
    "invisible": "Re\u200bd dre\u2060ss\ufeff",
    "markup": "[red]Red dress[/red] [link=http://evil.example]x[/link] [/]",
    "half a character": "Red \ud800 dress",
}


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    written = io.StringIO()
    monkeypatch.setattr(terminal, "results", Console(file=written, width=400, force_terminal=False))
    return written


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_cell_shows_the_words_and_nothing_else(attack: str, shown: io.StringIO) -> None:
    words = ATTACKS[attack]

    terminal.rows_table("hits", ["title"], [[words]])
    terminal.fields_table("one", {"title": words, "reasons": {words: 1}})

    lines = shown.getvalue().splitlines()
    assert len(lines) == 6  # two titles, a header, and one line per row
    assert all(char.isprintable() for line in lines for char in line)
    if attack == "markup":
        assert words in shown.getvalue()


def test_a_log_line_stays_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    terminal.Lines()
    try:
        logging.getLogger("vitrine.progress").info("%s", "a\x1b[2J\nvitrine: done\u202e")
    finally:
        logging.getLogger("vitrine").handlers = []
        logging.getLogger("vitrine").propagate = True

    assert capsys.readouterr().err == "a[2J vitrine: done\n"


def test_at_a_terminal_a_wait_has_a_line_of_its_own_and_leaves_none(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Console(file=io.StringIO(), width=140, force_terminal=True, color_system=None)
    monkeypatch.setattr(terminal, "people", screen)
    bars = terminal.Bars()

    with bars.wait("Ray starts"), bars.watch(Stage("embed", 2, "photos")):
        pass

    drawn = screen.file.getvalue()  # type: ignore[attr-defined]
    assert "Ray starts" in drawn and "0/?" not in drawn
    last = drawn.rpartition("\x1b[2K")[2]
    assert "embed" in last and "Ray starts" not in last


def test_words_of_every_script_stay_as_they_are() -> None:
    words = "Größe 38 – 紺 👗 свитер فستان שמלה"

    assert printable.harmless(words) == words


@given(st.text())
def test_what_is_shown_is_always_printable(text: str) -> None:
    assert printable.harmless(text).isprintable()


@pytest.mark.parametrize(
    ("judged", "status"),
    [
        ({"published": True, "dry_run": False, "would_publish": True}, 0),
        ({"published": False, "dry_run": True, "would_publish": True}, 0),
        ({"published": False, "dry_run": True, "would_publish": False}, 3),
        ({"published": False, "dry_run": False, "would_publish": False}, 3),
    ],
)
@pytest.mark.parametrize("in_a_chain", [False, True])
def test_what_is_not_good_enough_to_go_live_ends_with_3(
    judged: dict[str, bool], status: int, in_a_chain: bool
) -> None:
    result: dict[str, object] = judged | {"why": "worse in category=Dresses"}
    program = (
        "from flows import printable, terminal; "
        f"terminal.command(True, lambda: { ({'publish': result} if in_a_chain else result)!r}, print)"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert done.returncode == status and json.loads(done.stdout)
    assert done.stderr == ("vitrine: not published: worse in category=Dresses\n" if status else "")


@pytest.mark.parametrize(
    ("to", "status", "why"),
    [
        (">/dev/full", 1, "vitrine: the result cannot be written to stdout (No space left on device)\n"),
        (">&-", 0, ""),
        ("| true", 1, ""),
    ],
)
@pytest.mark.parametrize("as_json", [False, True])
def test_a_result_that_nobody_can_take_is_one_line_at_most(
    to: str, status: int, why: str, as_json: bool
) -> None:
    program = (
        "from flows import printable, terminal; "
        f"terminal.command({as_json}, lambda: {{'rows': 'x' * 200_000}}, lambda it: terminal.results.print(it))"
    )

    done = subprocess.run(
        ["bash", "-c", f'"$0" -c "$1" {to}; exit ${{PIPESTATUS[0]}}', sys.executable, program],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert (done.returncode, done.stderr) == (status, why)
