"""The parameters that several stages have: described, bounded and named for the command line once."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from flows.parameters.option import CONTACT, LAKE, Option, Words
from infra.settings import load_settings


def _setting(name: str) -> AfterValidator:
    """Let the setting `name` stand where nothing was given: what a machine is told once, no flow is told again."""
    return AfterValidator(lambda given: given or getattr(load_settings(), name))


Lake = Annotated[str, Field(description=LAKE.help, validate_default=True), _setting("lake"), LAKE]
Contact = Annotated[str, Field(description=CONTACT.help, validate_default=True), _setting("contact"), CONTACT]
Urls = Annotated[
    tuple[str, ...] | None,
    Field(description="URL, or name=URL to name the shop."),
    Option(argument=True, words=Words.REPEATED),
]
Shops = Annotated[
    str | None, Field(description="File of shops instead of addresses; see infra/shops.example.yaml.")
]
Schedule = Annotated[str | None, Field(description="Only the shops of the file with this schedule.")]
FailedShare = Annotated[
    float, Field(ge=0.0, le=1.0, description="Share of shops above which failed ones fail the whole.")
]
TextFields = Annotated[
    tuple[str, ...] | None,
    Field(description="Text columns to learn from; all that there are by default."),
    Option(
        help="Text columns to learn from, by comma.",
        default="title,categories,description,tags",
        words=Words.COMMA,
    ),
]
Rarest = Annotated[int, Field(description="Fewest products a kept word stands in.")]
TestShare = Annotated[float, Field(ge=0.0, le=0.9, description="Share of groups held out.")]
Method = Annotated[str, Field(description="A file name under workers/methods.")]
MethodSettings = Annotated[
    dict[str, Any] | None,
    Field(description='Values of the method\'s Config to change: {"epochs": 8}.'),
    Option(help="A value of the method's Config: epochs=8.", flags=("--set",), words=Words.PAIRS),
]
Workers = Annotated[
    Annotated[int, Field(ge=1)] | Literal["auto"],
    Field(
        description="Ray Train workers; auto: one per GPU, else one of a thread per core (gain: docs/MEASURED.md)."
    ),
    Option(words=Words.COUNT),
]
Gpus = Annotated[
    str,
    Field(
        description="auto for all, 0 for CPU, or a number; refuses when there are fewer.",
        validate_default=True,
    ),
    _setting("gpus"),
    Option(env="VITRINE_GPUS"),
]
TrainRun = Annotated[str | None, Field(description="Train run; the newest by default.")]
LabelRun = Annotated[str | None, Field(description="Label run; the newest by default.")]
Truth = Annotated[str | None, Field(description="File with clean columns to score against.")]
TruthColumns = Annotated[
    tuple[str, ...] | None,
    Field(description="Columns of the truth to score; a+b for both together."),
]
Milvus = Annotated[
    str, Field(description="Milvus Lite directory or server URI."), Option(env="VITRINE_MILVUS_URI")
]
