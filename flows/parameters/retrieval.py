"""What `embed`, `index`, `evaluate` and `search` can be told."""

from typing import Annotated, Literal

from pydantic import Field

from flows.parameters.fields import Gpus, LabelRun, Lake, Milvus, TrainRun, Truth, TruthColumns
from flows.parameters.option import Option, Words
from flows.parameters.stage_parameters import RECORDED, StageParameters

PART_ROWS = 5_000
IN_STOCK = "in_stock == true"


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
    retry: Annotated[
        Literal["decode", "unreadable", "crash"] | None,
        Field(description="Take photos again that an earlier run refused for this reason."),
        RECORDED,
    ] = None
    part_rows: Annotated[int, Field(ge=1, description="Vectors per part at most: what a kill can cost.")] = (
        PART_ROWS
    )
    lake: Lake = ""


class IndexParameters(StageParameters):
    """The collection is one of this run's own; it lies beside the lake by default, and is not live yet."""

    embed: Annotated[str | None, Field(description="Embed run; the newest by default.")] = None
    milvus: Milvus = ""
    lake: Lake = ""


class EvaluateParameters(StageParameters):
    """The truth is scored against, never learnt from, but for the probe.

    A probe learns from the train split's values of each column; then the baselines embed those photos too.
    A benchmark has its own truth, queries and gallery: flows/retrieval/protocols.
    """

    train: TrainRun = None
    labels: Annotated[str | None, Field(description="Label run; the one trained on by default.")] = None
    benchmark: Annotated[
        Literal[
            "", "deepfashion-c", "in-shop", "consumer2shop",
            "mall-deepfashion-c", "mall-in-shop", "mall-consumer2shop",
        ],
        Field(description="Score by the rules of this published benchmark; mall-: on drawn garments in its formats."),
        RECORDED,
    ] = ""  # fmt: skip
    gallery: Annotated[
        Literal["test", "val+test"],
        Field(description="Of consumer2shop: the items whose shop photos are searched."),
        RECORDED,
    ] = "test"
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
    live: Annotated[
        bool, Field(description="Also the model that is live, on the same queries, for publish to compare.")
    ] = True
    index: Annotated[
        str | None, Field(description="Index run to search through; the newest of this model by default.")
    ] = None
    where: Annotated[
        tuple[str, ...] | None,
        Field(description=f"Filters to search the index with, too; {IN_STOCK} by default."),
        Option(words=Words.REPEATED),
        RECORDED,
    ] = None
    milvus: Milvus = ""
    gpus: Gpus = ""
    lake: Lake = ""


class SearchParameters(StageParameters):
    """A photo file or words, one of the two; the filter is over the fields of schemas.entity."""

    image: Annotated[str | None, Field(description="A photo file."), Option(argument=True)] = None
    words: Annotated[str | None, Field(description='Words instead of a photo: "red summer dress".')] = None
    change: Annotated[
        dict[str, str] | None,
        Option(help="What shall be otherwise than in the photo, as colour=red.", words=Words.PAIRS),
    ] = None
    where: Annotated[
        str,
        Field(description="Milvus filter: price < 50; in_stock == true or in_stock is null."),
    ] = ""
    index: Annotated[str | None, Field(description="Index run to ask instead of the live one.")] = None
    k: Annotated[int, Field(ge=1, description="Products wanted."), Option(flags=("-k",), bounded=False)] = 20
    milvus: Milvus = ""
    lake: Lake = ""
