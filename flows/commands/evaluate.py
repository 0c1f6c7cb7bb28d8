"""Score the search on held-out products, beside what chance and colour find."""

from collections.abc import Callable
from typing import Any

from flows import terminal
from flows.options import command_of, on_prefect
from flows.parameters.retrieval import EvaluateParameters
from flows.shown_results import show_scores

POSITION = 110


def _flow() -> Callable[..., dict[str, Any]]:
    from flows.retrieval.judging.evaluate import evaluate

    return evaluate


def _benchmark() -> Callable[..., dict[str, Any]]:
    from flows.retrieval.protocols.evaluation import evaluate_benchmark

    return evaluate_benchmark


def _work(parameters: EvaluateParameters) -> dict[str, Any]:
    return on_prefect(_benchmark if parameters.benchmark else _flow)(parameters)


def _show(result: dict[str, Any]) -> None:
    if "benchmark" not in result:
        show_scores(result)
        return
    wanted = [row for row in result["scores"] if "recall-" not in row["metric"] or "micro" in row["metric"]]
    terminal.fields_table("benchmark", {name: value for name, value in result.items() if name != "scores"})
    show_scores({"scores": [row | {"slice": "all", "metric": _metric(row)} for row in wanted]})


def _metric(row: dict[str, Any]) -> str:
    return row["metric"] if row["slice"] == "all" else f"{row['metric']}, {row['slice']}"


def _check(parameters: EvaluateParameters) -> None:
    from flows.retrieval.judging.ground_truth import check_files

    check_files(parameters)


command = command_of(EvaluateParameters, _work, _show, check=_check)
