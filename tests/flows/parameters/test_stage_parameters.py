"""flows/parameters: a model is read from what a user gave, refused in one line, and recorded in part."""

from typing import Annotated

import pytest
from pydantic import Field, ValidationError

from flows.parameters.option import Option
from flows.parameters.stage_parameters import RECORDED, StageParameters, option_name
from schemas.errors import InputError


class Kiln(StageParameters):
    """A stage that fires pots."""

    clay: Annotated[tuple[str, ...], Field(description="What is fired."), Option(argument=True), RECORDED]
    hours_hot: Annotated[float, Field(ge=0.5, le=90.0, description="How long."), RECORDED] = 8.0
    glaze: Annotated[str | None, Field(description="What covers it."), Option(flags=("--with",))] = None
    key: Annotated[str, Field(description="Opens the kiln.", repr=False, max_length=3)] = ""


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"clay": ["red"], "hours_hot": 100}, "--hours-hot 100: must be less than or equal to 90"),
        ({"clay": ["red"], "hours_hot": "long"}, "--hours-hot long: must be a valid number"),
        ({"clay": ["red"], "glaze": 3}, "--with 3: must be a valid string"),
        ({"clay": 3}, "clay 3: must be a valid tuple"),
        ({}, "clay: is needed"),
        ({"clay": ["red"], "colour": "blue"}, "--colour"),
    ],
)
def test_a_value_at_fault_is_named_as_the_user_knows_it(given: dict[str, object], sentence: str) -> None:
    with pytest.raises(InputError) as refused:
        Kiln.read(given)

    assert str(refused.value).startswith(sentence)
    assert "\n" not in str(refused.value)


def test_a_secret_is_not_shown_where_it_is_refused() -> None:
    with pytest.raises(InputError, match="--key: ") as refused:
        Kiln.read({"clay": ["red"], "key": "hunter2"})

    assert "hunter2" not in str(refused.value)
    assert "hunter2" not in repr(Kiln.model_construct(clay=("red",), key="hunter2"))


def test_only_marked_fields_are_recorded_and_as_json_has_them() -> None:
    assert Kiln(clay=("red", "blue"), glaze="salt").recorded() == {"clay": ["red", "blue"], "hours_hot": 8.0}


def test_flat_is_what_the_model_is_read_from() -> None:
    kiln = Kiln(clay=("red",), hours_hot=2.0)

    assert Kiln.read(kiln.flat()) == kiln


def test_parameters_are_frozen() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Kiln(clay=("red",)).hours_hot = 3.0


def test_an_option_is_named_by_its_field_its_flag_or_itself() -> None:
    assert [option_name(Kiln, name) for name in Kiln.model_fields] == [
        "clay",
        "--hours-hot",
        "--with",
        "--key",
    ]
