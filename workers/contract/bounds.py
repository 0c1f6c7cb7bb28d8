"""What a method's settings may be: types with bounds, checked before anything is started for them.

A field of a `Config` or of `Training` is declared with one of these, and `registry.settings_of` refuses what is out
of bounds by the setting's name. Plain types have no bounds.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Annotated, Any, Literal, get_type_hints

from pydantic import Field, TypeAdapter, ValidationError

from schemas.errors import UsageError

# A network that halves its maps five times has nothing left to see below; above, one photo fills a GPU.
ImageSize = Annotated[int, Field(ge=16, le=2048)]
Batch = Annotated[int, Field(ge=1, le=65_536)]
Epochs = Annotated[int, Field(ge=0, le=100_000)]
Count = Annotated[int, Field(ge=1, le=1_000_000)]
CountOrNone = Annotated[int, Field(ge=0, le=1_000_000)]
Cells = Annotated[int, Field(ge=1, le=16)]
Scales = Annotated[int, Field(ge=1, le=5)]  # a grid of 5 x 5 has 625 pairs of cells
Layers = Annotated[int, Field(ge=1, le=64)]
Seed = Annotated[int, Field(ge=0, lt=2**32)]
Rate = Annotated[float, Field(gt=0, le=1_000)]
Share = Annotated[float, Field(ge=0, le=1)]
Part = Annotated[float, Field(gt=0, le=1)]
Decay = Annotated[float, Field(ge=0, lt=1)]
Weight = Annotated[float, Field(ge=0, le=1_000)]
Scale = Annotated[float, Field(gt=0, le=1_000)]
# A choice of names. workers/layers/networks/backbone.py builds them, and knows which names of timm there are.
Backbone = Annotated[
    str,
    Field(
        pattern=r"^(resnet18|resnet50|efficientnet_lite0|efficientnet_lite2|googlenet|nin|alexnet|timm:.+)$"
    ),
]
Vgg = Literal["vgg11", "vgg13", "vgg16", "vgg19"]
Pooling = Literal["gap", "gem", "max"]
Sampling = Literal["words", "photos", "pk", "pairs"]
Optimiser = Literal["sgd", "adamw", "muon"]
Schedule = Literal["plateau", "cosine"]

_KINDS = {"int_parsing": "int", "int_from_float": "int", "int_type": "int", "bool_parsing": "bool"}
_KINDS |= {"float_parsing": "float", "float_type": "float", "bool_type": "bool", "string_type": "text"}


def checked(owner: type, what: str, values: Mapping[str, object]) -> dict[str, object]:
    """Convert values to the types of the fields of `owner`, so that `--set batch=64` works.

    what  the method, for the error
    Raises UsageError for the first value that is of another type or out of bounds.
    """
    return {name: _checked(_adapter(owner, name), f"{what} {name}", value) for name, value in values.items()}


@lru_cache(maxsize=1_000)
def _adapter(owner: type, name: str) -> TypeAdapter[Any]:
    return TypeAdapter(get_type_hints(owner, include_extras=True)[name])


def _checked(adapter: TypeAdapter[Any], what: str, value: object) -> object:
    try:
        return adapter.validate_python(value)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
    if kind := _KINDS.get(fault["type"]):
        raise UsageError(what, f"{value!r} is no {kind}")
    if fault["type"] == "string_pattern_mismatch":  # a choice of names
        names = fault["ctx"]["pattern"].strip("^()$").replace(".+", "<name>").split("|")
        raise UsageError(f"{what} {value}", f"there are {', '.join(names)}")
    why = fault["msg"].replace("Input should be", "must be")
    raise UsageError(f"{what} {value}", f"{why}{_range(adapter)}")


def _range(adapter: TypeAdapter[Any]) -> str:
    """Both bounds of a number, of which an error names the one that was passed."""
    schema = adapter.json_schema()
    low = schema.get("minimum", schema.get("exclusiveMinimum"))
    high = schema.get("maximum", schema.get("exclusiveMaximum"))
    return "" if low is None or high is None else f" ({low:,} to {high:,})"
