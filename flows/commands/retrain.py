"""Learn anew from the newest catalogues: label, train, embed, index, evaluate; live only where it is not worse."""

from collections.abc import Callable
from typing import Any

from flows import shown_results
from flows.options import command_of, on_prefect
from flows.parameters.publish import RetrainParameters

POSITION = 122


def _flow() -> Callable[..., dict[str, Any]]:
    from flows.retrain import retrain

    return retrain


def _show(result: dict[str, Any]) -> None:
    shown_results.show_scores(result["evaluate"])
    shown_results.show_verdict(result["publish"])


command = command_of(RetrainParameters, on_prefect(_flow), _show)
