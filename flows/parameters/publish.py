"""What `publish`, `rollback` and the chain of both, `retrain`, can be told."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from flows.parameters.fields import (
    Gpus,
    Lake,
    Method,
    MethodSettings,
    Milvus,
    Rarest,
    TestShare,
    TextFields,
    Truth,
    TruthColumns,
    Workers,
)
from flows.parameters.option import Option, Words
from flows.parameters.stage_parameters import RECORDED, StageParameters
from schemas.errors import UsageError
from workers.data.split import TEST_SHARE
from workers.retrieval.gate import MARGIN, SMALLEST

Alias = Annotated[
    str, Field(description="Milvus alias that outsiders ask; it is moved last.", pattern=r"^[A-Za-z_]\w*$")
]
Margin = Annotated[
    float, Field(gt=0.0, lt=1.0, description="Loss that is still no loss: a share of the queries, 0.02.")
]


class PublishParameters(StageParameters):
    """The index of an evaluated model goes live where it is whole, quick, and not worse than what is live."""

    evaluation: Annotated[
        str | None, Field(description="Evaluate run of the candidate; the newest by default.")
    ] = None
    index: Annotated[str | None, Field(description="Its index run; the newest of that model by default.")] = (
        None
    )
    metric: Annotated[
        Literal["recall", "mrr"], Field(description="What the queries are judged by."), RECORDED
    ] = "recall"
    k: Annotated[
        int, Field(ge=1, description="Of recall: products found among the first k photos."), RECORDED
    ] = 20
    margin: Annotated[Margin, RECORDED] = MARGIN
    smallest: Annotated[
        int, Field(ge=2, description="Near-duplicate groups that a slice needs to be judged."), RECORDED
    ] = SMALLEST
    most_lost: Annotated[
        float,
        Field(ge=0.0, le=1.0, description="Share of the live index's entities that may be gone."),
        RECORDED,
    ] = 0.5
    dry_run: Annotated[
        bool, Field(description="Judge and record, and leave what is live as it is."), RECORDED
    ] = False
    force: Annotated[bool, Field(description="Publish what is judged worse, too; needs --why."), RECORDED] = (
        False
    )
    why: Annotated[str, Field(description="Reason to be kept with the verdict."), RECORDED] = ""
    alias: Annotated[Alias, RECORDED] = "live"
    milvus: Milvus = ""
    lake: Lake = ""

    @model_validator(mode="after")
    def _forced_with_a_reason(self) -> "PublishParameters":
        if self.force and not self.why.strip():
            raise UsageError("--force", "needs --why with the reason")
        return self


class RollbackParameters(StageParameters):
    """What was live before goes live again; given twice it comes back to where it was."""

    why: Annotated[str, Field(description="Reason to be kept with the change."), RECORDED] = ""
    alias: Annotated[Alias, RECORDED] = "live"
    milvus: Milvus = ""
    lake: Lake = ""


class RetrainParameters(StageParameters):
    """The newest catalogues are labelled and learnt from anew; the new model goes live only where it is no worse."""

    method: Annotated[Method, Option()] = "house"
    settings: MethodSettings = None
    fields: TextFields = None
    rarest: Annotated[Rarest, Option(absent=True)] = 2
    test_share: Annotated[TestShare, Option(absent=True)] = TEST_SHARE
    workers: Workers = 1
    gpus: Gpus = ""
    truth: Truth = None
    columns: Annotated[
        TruthColumns, Option(help="Columns of the truth to score, by comma.", words=Words.COMMA)
    ] = None
    margin: Margin = MARGIN
    milvus: Milvus = ""
    lake: Lake = ""
