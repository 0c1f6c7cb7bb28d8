"""What `embed`, `index`, `evaluate` and `search` can be told."""

from typing import Annotated

from pydantic import Field

from flows.parameters.fields import Gpus, LabelRun, Lake, Milvus, TrainRun, Truth, TruthColumns
from flows.parameters.option import Option, Words
from flows.parameters.stage_parameters import RECORDED, StageParameters

PART_ROWS = 5_000


class EmbedParameters(StageParameters):
    """A method without weights is embedded with instead of a train run."""

    train: TrainRun = None
    labels: LabelRun = None
    method: Annotated[str | None, Field(description="A method without weights, such as histogram.")] = None
    splits: Annotated[
        tuple[str, ...] | None,
        Field(description="Only photos of these splits; all by default."),
        Option(absent=True),
        RECORDED,
    ] = None
    gpus: Annotated[Gpus, RECORDED] = ""
    part_rows: Annotated[int, Field(ge=1, description="Vectors per part: what a kill can cost.")] = PART_ROWS
    lake: Lake = ""


class IndexParameters(StageParameters):
    """The collection is that of the embed run's fingerprint; it lies beside the lake by default."""

    embed: Annotated[str | None, Field(description="Embed run; the newest by default.")] = None
    milvus: Milvus = ""
    lake: Lake = ""


class EvaluateParameters(StageParameters):
    """The truth is scored against, never learnt from, but for the probe.

    A probe learns from the train split's values of each column; then the baselines embed those photos too.
    """

    train: TrainRun = None
    labels: Annotated[str | None, Field(description="Label run; the one trained on by default.")] = None
    baselines: Annotated[bool, Field(description="Also an untrained network and a colour histogram.")] = True
    truth: Annotated[Truth, RECORDED] = None
    columns: Annotated[
        TruthColumns,
        Option(help="Columns of the truth to score, by comma; a+b for both together.", words=Words.COMMA),
        RECORDED,
    ] = None
    truth_key: Annotated[str, Field(description="Its column with the shop's product id.")] = "product_id"
    synonyms: Annotated[str | None, Field(description="YAML file with other names of labels."), RECORDED] = (
        None
    )
    probe: Annotated[bool, Field(description="Also a linear probe on each column."), RECORDED] = True
    gpus: Gpus = ""
    lake: Lake = ""


class SearchParameters(StageParameters):
    """A photo file or words, one of the two; the filter is over the fields of schemas.entity."""

    image: Annotated[str | None, Field(description="A photo file."), Option(argument=True)] = None
    words: Annotated[str | None, Field(description='Words instead of a photo: "red summer dress".')] = None
    where: Annotated[
        str,
        Field(description="Milvus filter: price >= 0 and price < 50; in_stock == true or in_stock is null."),
    ] = ""
    k: Annotated[int, Field(ge=1, description="Products wanted."), Option(flags=("-k",), bounded=False)] = 20
    milvus: Milvus = ""
    lake: Lake = ""
