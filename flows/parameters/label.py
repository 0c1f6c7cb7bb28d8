"""What `label` can be told."""

from typing import Annotated

from pydantic import Field, field_validator

from flows.parameters.fields import Lake, Rarest, TestShare, TextFields
from flows.parameters.option import Option, Words
from flows.parameters.stage_parameters import RECORDED, StageParameters
from schemas.errors import InputError
from workers.data.split import TEST_SHARE
from workers.text.words import FIELDS


class LabelParameters(StageParameters):
    """Which crawls are labelled, and which words of theirs are kept."""

    crawls: Annotated[
        tuple[str, ...] | None,
        Field(description="Crawl ids; the newest of every shop by default."),
        Option(flags=("--crawl",), words=Words.REPEATED),
    ] = None
    fields: Annotated[TextFields, RECORDED] = None
    vocabulary: Annotated[int, Field(description="Most words kept."), RECORDED] = 30_000
    rarest: Annotated[Rarest, RECORDED] = 2
    test_share: Annotated[TestShare, RECORDED] = TEST_SHARE
    lake: Lake = ""

    @field_validator("fields")
    @classmethod
    def _hold_words(cls, fields: tuple[str, ...] | None) -> tuple[str, ...] | None:
        if unknown := set(fields or ()) - set(FIELDS):
            raise InputError(f"field {min(unknown)}", f"words come from {', '.join(FIELDS)}")
        return fields

    @property
    def columns(self) -> list[str]:
        """The columns learnt from: those named, or all."""
        return list(self.fields or FIELDS)

    def recorded(self) -> dict[str, object]:
        """Return what the manifest of a label run keeps: the columns by name also where nobody named them."""
        return super().recorded() | {"fields": self.columns}
