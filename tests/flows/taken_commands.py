"""Whether the program of a command line takes it."""

from typing import Any

from typer.main import get_command

from flows.command_files import app


def refused(words: list[str]) -> str:
    """Parse a command line as its program does: why it would refuse it, empty where it would not."""
    try:
        _parse(words)
    except (Exception, SystemExit) as why:
        return f"{' '.join(words)}: {why!r}"
    return ""


def _parse(words: list[str]) -> None:
    program, *rest = words
    if program == "vitrine":
        group: Any = get_command(app)
        if rest == ["--help"]:
            return
        with group.make_context("vitrine", list(rest)) as context:
            name, command, left = group.resolve_command(context, list(rest))
            command.make_context(name, left, parent=context)
    elif program == "prefect":
        from prefect.cli._app import _app

        _app.parse_args(rest, exit_on_error=False, print_error=False)
    elif program == "ray":
        from ray.scripts.scripts import cli

        cli.commands[rest[0]].make_context(rest[0], rest[1:])
    else:
        assert program in ("python", "wget", "test"), words
