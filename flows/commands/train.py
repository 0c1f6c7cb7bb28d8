"""Learn a photo embedding from the words of the newest label run."""

from collections.abc import Callable
from typing import Any

from flows import terminal
from flows.options import command_of, on_prefect
from flows.parameters.train import TrainParameters

POSITION = 80


def _flow() -> Callable[..., dict[str, Any]]:
    from flows.learn.train import train

    return train


def _show(result: dict[str, Any]) -> None:
    if trials := result.pop("trials", []):
        columns = list(trials[0])
        terminal.rows_table("tried, best first", columns, [[row[name] for name in columns] for row in trials])
    terminal.fields_table("trained", result)


command = command_of(TrainParameters, on_prefect(_flow), _show)
