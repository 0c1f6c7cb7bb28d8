"""flows/flow_of.py against a real Prefect API: the schema a deployment shows, and what a run is given."""

from collections.abc import Iterator
from importlib import import_module
from typing import Annotated, Any

import pytest
from prefect.client.orchestration import get_client
from prefect.exceptions import ParameterBindError
from prefect.settings import PREFECT_API_URL, PREFECT_LOGGING_TO_API_ENABLED, temporary_settings
from pydantic import Field

from flows.flow_of import flow_of
from flows.parameters.option import Option
from flows.parameters.stage_parameters import RECORDED, StageParameters
from schemas.errors import InputError

FLOWS = [
    "flows.crawl.crawl_shops:crawl",
    "flows.crawl.import_products:import_products",
    "flows.learn.label:label",
    "flows.learn.train:train",
    "flows.retrieval.embedding.embed:embed",
    "flows.retrieval.indexing.index:index",
    "flows.retrieval.judging.evaluate:evaluate",
    "flows.crawl_and_index:crawl_and_index",
]


class Kiln(StageParameters):
    """A stage that fires pots."""

    clay: Annotated[tuple[str, ...], Field(description="What is fired."), Option(argument=True), RECORDED]
    hours: Annotated[int, Field(ge=1, description="How long: at least an hour.")] = 8
    glaze: Annotated[str | None, Field(description="What covers it.")] = None


@flow_of(Kiln, name="fire")
def fire(parameters: Kiln) -> dict[str, Any]:
    """Fire some pots."""
    return {"fired": parameters}


@pytest.fixture
def served(prefect_api: dict[str, str]) -> Iterator[None]:
    """This process's flows run on the session's API: Prefect was imported, and read its settings, before it."""
    url = prefect_api["PREFECT_API_URL"]
    with temporary_settings({PREFECT_API_URL: url, PREFECT_LOGGING_TO_API_ENABLED: False}):
        yield


def test_a_schema_has_flat_names_descriptions_bounds_and_what_is_needed() -> None:
    schema = fire.parameters

    assert list(schema.properties) == ["clay", "hours", "glaze"]
    assert schema.required == ["clay"]
    assert schema.properties["clay"]["description"] == "What is fired."
    assert schema.properties["hours"]["description"] == "How long: at least an hour."
    assert (schema.properties["hours"]["minimum"], schema.properties["hours"]["default"]) == (1, 8)


@pytest.mark.parametrize("path", FLOWS)
def test_every_parameter_of_every_flow_is_described(path: str) -> None:
    module, _, name = path.partition(":")

    found = getattr(import_module(module), name)

    assert found.parameters.properties
    assert all(each.get("description") for each in found.parameters.properties.values())
    assert found.fn.__module__ == module and found.version


def test_a_run_is_given_the_model_and_prefect_keeps_the_flat_values(served: None) -> None:
    state = fire(clay=["red"], hours=3, return_state=True)

    assert state.result() == {"fired": Kiln(clay=("red",), hours=3)}
    with get_client(sync_client=True) as client:
        run = client.read_flow_run(state.state_details.flow_run_id)
    assert run.parameters == {"clay": ["red"], "hours": 3, "glaze": None}


def test_a_bad_value_fails_the_run_in_one_line_of_ours(served: None) -> None:
    state = fire(clay=["red"], hours=0, return_state=True)

    assert state.is_failed()
    assert "--hours 0: must be greater than or equal to 1" in str(state.message)
    with pytest.raises(InputError, match="--hours 0"):
        fire(clay=["red"], hours=0)


def test_a_name_that_is_no_parameter_is_refused(served: None) -> None:
    with pytest.raises(ParameterBindError, match="colour"):
        fire(clay=["red"], colour="blue")
