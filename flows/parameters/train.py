"""What `train` can be told."""

from typing import Annotated

from pydantic import Field

from flows.parameters.fields import Gpus, LabelRun, Lake, Method, MethodSettings, Workers
from flows.parameters.option import Option
from flows.parameters.stage_parameters import RECORDED, StageParameters


class TrainParameters(StageParameters):
    """Zero epochs in `settings` keep the first weights, which is the untrained network of the reports.

    Several workers are the same method as one: a step's batch is of all together. On a GPU there is one to each; on
    CPUs each computes with one thread, and there is one per core as far as each has 8 photos of a batch and 2,000 to
    draw over all epochs. Of a train run to start from, the Config is the default and the words it knew keep their
    vectors. Decoded photos are kept on disk for the next training; more of them than may lie there are decoded anew
    each epoch. What a search over rate, decay and batch finds best is trained with.
    """

    method: Annotated[Method, RECORDED, Option(argument=True)] = "house"
    labels: LabelRun = None
    settings: MethodSettings = None
    parent: Annotated[
        str | None, Field(description="Train run to start from."), Option(flags=("--from",))
    ] = None
    search: Annotated[int, Field(ge=0, description="Settings to try first, on a few thousand photos.")] = 0
    workers: Annotated[Workers, RECORDED] = "auto"
    gpus: Annotated[Gpus, RECORDED] = ""
    checkpoint_minutes: Annotated[float, Field(ge=0.0, description="What a kill can cost at most.")] = 10.0
    cache_gib: Annotated[
        float | None,
        Field(
            ge=0.0,
            description="Disk for decoded photos of all trainings; VITRINE_PIXEL_CACHE_GIB by default.",
        ),
    ] = None
    lake: Lake = ""
