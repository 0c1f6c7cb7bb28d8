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


def _check(parameters: TrainParameters) -> None:
    """Judge what was said of the method; torch, which that needs, takes seconds, so only where something was said."""
    if parameters.settings or parameters.method != TrainParameters.model_fields["method"].default:
        from workers.contract.registry import settings_of

        settings_of(parameters.method, parameters.settings)


command = command_of(TrainParameters, on_prefect(_flow), _show, check=_check)
