"""A Prefect task of a stage: tried again where its error passes by itself, ended where it gets no further.

What it had begun in the lake is left for the next attempt.
"""

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from prefect import Task, task

from flows.orchestration import worth_retrying
from flows.running.night import leaving_behind
from flows.running.watchdog import watchdog
from infra.settings import load_settings

P = ParamSpec("P")
R = TypeVar("R")


def stage_task(
    name: str | None = None, run_name: str | None = None
) -> Callable[[Callable[P, R]], Task[P, R]]:
    """Decorate a function as a task that is tried again after each of the settings' `retry_delays`.

    name      the task's name; by default the function's
    run_name  name of each run, a pattern over the function's parameters: `crawl {shop}`
    """
    settings = load_settings()

    def declare(body: Callable[P, R]) -> Task[P, R]:
        said = name or body.__name__.replace("_", " ")

        @functools.wraps(body)
        def watched(*args: P.args, **kwargs: P.kwargs) -> R:
            with watchdog(said, 60 * settings.stage_stall_minutes), leaving_behind():
                return body(*args, **kwargs)

        return task(
            name=name,
            task_run_name=run_name,
            retries=len(settings.retry_delays),
            retry_delay_seconds=list(settings.retry_delays),
            retry_condition_fn=worth_retrying,
        )(watched)

    return declare
