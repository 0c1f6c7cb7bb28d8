"""What a sweep that is run by a schedule can be told."""

from typing import Annotated

from pydantic import Field

from flows.parameters.fields import Lake, Milvus
from flows.parameters.stage_parameters import StageParameters


class SweepParameters(StageParameters):
    """Runs that are old and needed by nothing go; what is live, was judged last, or is read by those, stays."""

    keep: Annotated[
        str,
        Field(
            pattern=r"^\s*\d{1,5}\s*[hdwHDW]\s*$",
            description="How long a run stays that nothing needs: 30d, 12h.",
        ),
    ] = "30d"
    dry_run: Annotated[bool, Field(description="Say what would go; remove nothing.")] = False
    milvus: Milvus = ""
    lake: Lake = ""
