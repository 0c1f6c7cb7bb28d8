"""Score the search on held-out products, beside what chance and colour find."""

from collections.abc import Callable
from typing import Any

from flows.options import command_of, on_prefect
from flows.parameters.retrieval import EvaluateParameters
from flows.shown_results import show_scores

POSITION = 110


def _flow() -> Callable[..., dict[str, Any]]:
    from flows.retrieval.evaluate import evaluate

    return evaluate


def _check(parameters: EvaluateParameters) -> None:
    from flows.retrieval.ground_truth import check_files

    check_files(parameters)


command = command_of(EvaluateParameters, on_prefect(_flow), show_scores, check=_check)
