"""The shape of every stage's parameters: a frozen pydantic model whose fields are described once.

A field is three things. To Prefect it is a parameter of the flow, with description and bounds
(flows/flow_of.py). To the command line it is an option of the same name, unless an `Option` beside it says
otherwise (flows/options.py). To a run's manifest it is a value to keep, where `RECORDED` stands
beside it. Neither Prefect nor typer is imported here.
"""

from collections.abc import Mapping
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from flows.parameters.option import Option
from schemas.errors import UsageError

RECORDED = "recorded in the manifest"


class StageParameters(BaseModel):
    """What a stage can be told. Frozen: a stage hands the same model on, or makes another one of it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> Self:
        """Make the model of what a user gave. Raises UsageError naming the first value at fault."""
        try:
            return cls(**given)
        except ValidationError as error:
            faults = error.errors(include_url=False)
        fault = faults[0]
        name = str(fault["loc"][0]) if fault["loc"] else ""
        # A value that may be of several types has a fault for each.
        of_it = [each["msg"] for each in faults if each["loc"][:1] == fault["loc"][:1]]
        why = ", or ".join(message.removeprefix("Value error, ") for message in of_it)
        why = why.replace("Input should be", "must be", 1).replace("Input should be ", "")
        if fault["type"] == "missing":
            raise UsageError(option_name(cls, name), "is needed")
        field = cls.model_fields.get(name)
        shown = f" {fault['input']}" if field is not None and field.repr else ""
        raise UsageError(f"{option_name(cls, name)}{shown}", why)

    def recorded(self) -> dict[str, Any]:
        """Return what a run's manifest keeps of the parameters, as JSON holds it."""
        kept = {name for name, field in type(self).model_fields.items() if RECORDED in field.metadata}
        return self.model_dump(mode="json", include=kept)

    def flat(self) -> dict[str, Any]:
        """Return the fields by name, as the flow takes them."""
        return {name: getattr(self, name) for name in type(self).model_fields}


def option_of(model: type[StageParameters], name: str) -> Option:
    """Return how the command line asks for the field `name`."""
    field = model.model_fields.get(name)
    options = [each for each in field.metadata if isinstance(each, Option)] if field else []
    return options[-1] if options else Option()


def option_name(model: type[StageParameters], name: str) -> str:
    """Return what a user calls the field `name`: its option on the command line."""
    option = option_of(model, name)
    if option.argument or option.absent:
        return name
    return option.flags[0] if option.flags else f"--{name.replace('_', '-')}"
