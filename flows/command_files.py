"""The command line: each command is a file of flows/commands, found by its name.

A file is read without being imported until its command is called, so that `vitrine --help` answers at once
and `vitrine search` starts neither Prefect nor Ray. What it says at its head is the command's help; its
`POSITION` is where the command stands in the list; its `command` is what typer calls.
"""

import ast
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from flows import commands

# What typer raises for words that are no command. It carries click within, under a name of its own.
_Unusable: type[Exception] = typer.BadParameter.__mro__[1]
LAST = 1_000  # where a file without a POSITION stands


class Unread(TyperCommand):
    """A command whose file has not been imported: its name, and once it is listed its help and place."""

    def __init__(self, name: str, module: str) -> None:
        super().__init__(name)
        self.module = module
        self.position = LAST

    def list(self) -> tuple[int, str]:
        """Read help and position off the file's source; return what the list is sorted by."""
        tree = ast.parse(_source(self.module).read_text("utf-8"))
        self.help = ast.get_docstring(tree)
        for node in tree.body:
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "POSITION":
                self.position = int(ast.literal_eval(node.value))
        return self.position, str(self.name)

    def loaded(self) -> Any:
        """Import the file and return its command."""
        module = import_module(f"{commands.__name__}.{self.module}")
        single = typer.Typer(rich_markup_mode="rich", add_completion=False, pretty_exceptions_enable=False)
        single.command(self.name, help=module.__doc__)(module.command)
        return typer.main.get_command(single)


class CommandFiles(TyperGroup):
    """The commands of flows/commands: `import_.py` is `import`, `crawl_and_index.py` is `crawl-and-index`."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        for _, module, _ in iter_modules(commands.__path__):
            name = module.rstrip("_").replace("_", "-")
            self.commands[name] = Unread(name, module)

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names in the order of their use."""
        return [
            name
            for _, name in sorted(each.list() for each in self.commands.values() if isinstance(each, Unread))
        ]

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Import the one command that is called."""
        name, command, rest = super().resolve_command(ctx, args)
        return name, command.loaded() if isinstance(command, Unread) else command, rest


app = typer.Typer(
    cls=CommandFiles,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)


@app.callback()
def vitrine() -> None:
    """Crawl clothing shops, learn from their own words, publish a photo index that says how good it is."""


def run(words: list[str]) -> int:
    """Call the command that the words name; returns its exit status, 2 after one line where they are no command."""
    try:
        return typer.main.get_command(app).main(words, prog_name="vitrine", standalone_mode=False) or 0
    except typer.Abort:
        return 130
    except _Unusable as error:
        if not words:  # the help has been shown
            return 2
        from flows import terminal

        terminal.refuse_usage(_said(error), "--json" in words)
        return 2


def _said(error: Any) -> str:
    """Word what typer refuses, with the command it speaks of."""
    called = error.ctx.command_path if error.ctx is not None else "vitrine"
    why = error.format_message().rstrip(".").replace("Input should be", "must be")
    return f"{why}; see {called} --help"


def _source(module: str) -> Path:
    return next(path for folder in commands.__path__ if (path := Path(folder) / f"{module}.py").exists())
