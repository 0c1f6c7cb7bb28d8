import inspect
import pickle
from typing import Any

import pytest

import schemas.errors
from schemas.errors import PipelineError

CLASSES = [
    found
    for _, found in inspect.getmembers(schemas.errors, inspect.isclass)
    if issubclass(found, PipelineError) and found is not PipelineError
]
VALUES: dict[Any, Any] = {str: "a thing", int: 7, tuple[str, ...]: ("one", "two")}


def one_of(kind: type[PipelineError]) -> PipelineError:
    """An instance with an argument of the declared type for every parameter, transient where it can be."""
    parameters = inspect.signature(kind).parameters
    positional = [VALUES[p.annotation] for name, p in parameters.items() if name != "transient"]
    return kind(*positional, **({"transient": True} if "transient" in parameters else {}))


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_an_error_survives_the_trip_from_a_worker_with_its_fields(kind: type[PipelineError]) -> None:
    error = one_of(kind)

    arrived = pickle.loads(pickle.dumps(error))

    assert type(arrived) is kind
    assert vars(arrived) == vars(error)
    assert arrived.transient == error.transient
    assert str(arrived) == str(error)


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_an_error_says_one_line_that_names_the_thing_at_fault(kind: type[PipelineError]) -> None:
    error = one_of(kind)

    assert "\n" not in str(error)
    assert "a thing" in str(error)


def test_every_error_is_listed_in_the_tree_at_the_top() -> None:
    listed = schemas.errors.__doc__ or ""

    assert [
        kind.__name__ for kind in CLASSES if kind.__name__[0] != "_" and kind.__name__ not in listed
    ] == []


def test_an_error_is_transient_only_where_that_is_said() -> None:
    assert not any(kind.transient for kind in CLASSES)
    assert not schemas.errors.LakeError("lake", "is empty").transient
    assert schemas.errors.LakeError("lake", "does not answer", transient=True).transient
