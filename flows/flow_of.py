"""A Prefect flow whose parameters are the fields of a model.

Prefect reads a flow's parameters from the signature and the docstring of its function. Both are made of the
model here, so that a parameter is flat (`--param gpus=0`), described and bounded in the deployment's schema,
and what is wrong with a value is said in one line by us, not by Prefect's own check before.
"""

import inspect
from collections.abc import Callable
from typing import Annotated, Any, TypeVar

from prefect import Flow, flow
from prefect.task_runners import ThreadPoolTaskRunner
from prefect.utilities.hashing import file_hash
from pydantic.fields import FieldInfo

from flows.metrics import traces
from flows.metrics.delivered import told_at_end
from flows.parameters.option import Option
from flows.parameters.stage_parameters import StageParameters
from flows.running.endings import heard_here
from flows.running.run_logs import shown_in_prefect
from infra.settings import load_settings

traces.begin()
P = TypeVar("P", bound=StageParameters)
R = TypeVar("R")


def flow_of(parameters: type[P], name: str) -> Callable[[Callable[[P], R]], Flow[..., R]]:
    """Decorate a function of one model as the flow `name`, called with the model's fields as keywords."""

    def declare(body: Callable[[P], R]) -> Flow[..., R]:
        def run(**given: Any) -> R:
            lake = str(given.get("lake") or "")
            with (
                shown_in_prefect(),
                heard_here(),
                told_at_end(name, lake),
                traces.traced(name, lake=lake) as span,
            ):
                result = body(parameters.read(given))
                if isinstance(result, dict) and "run_id" in result:
                    span.set_attribute("vitrine.run_id", result["run_id"])
                return result

        run.__name__, run.__qualname__, run.__module__ = body.__name__, body.__qualname__, body.__module__
        run.__doc__ = f"{inspect.getdoc(body)}\n\n{_described(parameters)}"
        vars(run)["__signature__"] = _signature(parameters)
        # By default a flow's version is the hash of the file of its function, which would be this file.
        version = file_hash(inspect.getfile(body))
        side_by_side: Any = ThreadPoolTaskRunner(max_workers=load_settings().crawls_at_once)
        return flow(name=name, version=version, task_runner=side_by_side, validate_parameters=False)(run)

    return declare


def _signature(parameters: type[StageParameters]) -> inspect.Signature:
    """The fields as keyword-only parameters; a description is no part of it, see `_described`."""
    return inspect.Signature(
        [
            inspect.Parameter(
                name,
                inspect.Parameter.KEYWORD_ONLY,
                default=inspect.Parameter.empty if field.is_required() else field.default,
                annotation=_annotation(field),
            )
            for name, field in parameters.model_fields.items()
        ]
    )


def _annotation(field: FieldInfo) -> Any:
    """The field's type with its bounds, without what only the command line and the manifest ask for."""
    bounds = tuple(each for each in field.metadata if not isinstance(each, Option | str))
    return Annotated[(field.annotation, *bounds)] if bounds else field.annotation


def _described(parameters: type[StageParameters]) -> str:
    """The fields as the `Args:` of a docstring in Google's form, which is where Prefect looks for descriptions."""
    lines = [f"    {name}: {field.description}" for name, field in parameters.model_fields.items()]
    return "\n".join(["Args:", *lines])
