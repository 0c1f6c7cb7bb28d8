"""flows/command_files.py: a file in flows/commands is a command; nothing of it is imported before it is called."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from flows import command_files, commands

PRESS = '''
"""Press every label run flat."""

POSITION = 75

def command(times: int = 1) -> None:
    """Press."""
    print("pressed", times)
'''


@pytest.fixture
def pressed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of commands behind ours, as if its files lay beside them."""
    monkeypatch.setattr(commands, "__path__", [*commands.__path__, str(tmp_path)])
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        if name.startswith("flows.commands."):
            del sys.modules[name]


def listed(output: str) -> list[str]:
    lines = output.partition("Commands")[2].splitlines()
    return [line[2:].split()[0] for line in lines if line[:2] == "│ " and line[2] not in " "]


def run(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(command_files.app, list(words), env={"COLUMNS": "140"})
    return done.exit_code, done.output


def test_a_new_file_is_a_command_in_its_place_with_its_help(pressed: Path) -> None:
    (pressed / "press_flat.py").write_text(PRESS)

    _, output = run("--help")

    order = listed(output)
    assert order.index("press-flat") == order.index("label") + 1 == order.index("train") - 1
    assert "Press every label run flat." in output
    assert "flows.commands.press_flat" not in sys.modules
    assert run("press-flat", "--times", "3") == (0, "pressed 3\n")


def test_a_file_without_a_position_stands_at_the_end_and_one_that_breaks_hurts_only_itself(
    pressed: Path,
) -> None:
    (pressed / "zoom_.py").write_text('"""Zoom."""\n\nimport no_such_module\n')

    code, output = run("--help")

    assert code == 0 and listed(output)[-1] == "zoom"
    assert run("zoom")[0] == 1
    assert run("runs", "--help")[0] == 0


def test_a_word_that_is_no_command_is_bad_usage_and_the_nearest_is_named() -> None:
    code, output = run("trian")

    assert code == 2
    assert "train" in output


def test_every_command_of_ours_says_what_it_does_and_where_it_stands() -> None:
    group = command_files.CommandFiles()
    names = group.list_commands(None)

    places = [
        command.position
        for name in names
        if isinstance(command := group.commands[name], command_files.Unread)
    ]
    assert len(places) == len(names) == len(set(places))
    assert max(places) < command_files.LAST
    assert all(group.commands[name].help for name in names)
