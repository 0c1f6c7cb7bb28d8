"""What is asked, as the address of the page says it: every answer can be linked to, kept and gone back to."""

from typing import Any, Self
from urllib.parse import urlencode

from pydantic import ConfigDict, Field, field_validator, model_validator

from flows.serve.indexes.filters import Filters
from flows.serve.photos.proposed_crop import Box

PAGE = 24
MOST = 96
SMALLEST_SIDE = 0.02  # of a crop, in shares of the photo


class Question(Filters):
    """A search: by a photo that was given (`photo`) or is in the catalogue (`like`), by words, or by both.

    crop  left,top,right,bottom of the photo in shares of its width and height; empty: all of it
    k     products wanted
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    words: str = Field(default="", max_length=300, description="Words: red summer dress.")
    photo: str = Field(default="", pattern="^([0-9a-f]{64})?$", description="Name of a photo that was given.")
    like: str = Field(
        default="", pattern="^([0-9a-f]{64})?$", description="Photo of the catalogue, its SHA-256."
    )
    crop: str = Field(default="", max_length=60, description="left,top,right,bottom in shares, 0 to 1.")
    k: int = Field(default=PAGE, ge=1, le=MOST, description="Products wanted.")

    @model_validator(mode="before")
    @classmethod
    def _blank_is_absent(cls, given: Any) -> Any:
        """A form sends what nobody filled in as an empty text."""
        if not isinstance(given, dict):
            return given
        kept = {name: value for name, value in given.items() if value not in ("", [""])}
        for name in ("shop", "category", "colour"):
            if isinstance(kept.get(name), str):
                kept[name] = [kept[name]]
        return kept

    @field_validator("words")
    @classmethod
    def _words(cls, value: str) -> str:
        return " ".join(value.split())

    @field_validator("crop")
    @classmethod
    def _crop(cls, value: str) -> str:
        if value:
            _box(value)
        return value

    @model_validator(mode="after")
    def _one_photo(self) -> Self:
        if self.photo and self.like:
            raise ValueError("a search has one photo: photo or like")
        return self

    @property
    def asks(self) -> bool:
        """Whether anything is asked."""
        return bool(self.words or self.photo or self.like)

    @property
    def kind(self) -> str:
        """Which chance its scores are judged by: a photo in it makes scores of photos."""
        return "photos" if self.photo or self.like else "words"

    @property
    def box(self) -> Box | None:
        """The crop in shares; None for the whole photo."""
        return _box(self.crop) if self.crop else None

    def url(self, page: str = "/", **changes: Any) -> str:
        """The address of this question, with `changes`."""
        return f"{page}?{self.query(**changes)}"

    def query(self, **changes: Any) -> str:
        """The query string of this question, with `changes`; what stands at its default is left out."""
        told = self.model_dump(exclude_defaults=True) | changes
        pairs: list[tuple[str, str]] = []
        for name, value in told.items():
            values = value if isinstance(value, list) else [value]
            pairs += [(name, _text(each)) for each in values if each not in (None, "", False)]
        return urlencode(pairs)

    def without(self, facet: str, value: str) -> list[str]:
        """The chosen values of a facet but for one."""
        return [each for each in getattr(self, facet) if each != value]


def _text(value: object) -> str:
    if value is True:
        return "true"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _box(text: str) -> Box:
    try:
        left, top, right, bottom = (float(part) for part in text.split(","))
    except ValueError:
        raise ValueError("must be four shares by comma: 0.1,0.1,0.9,0.9") from None
    inside = 0 <= left < right <= 1 and 0 <= top < bottom <= 1
    if not inside or min(right - left, bottom - top) < SMALLEST_SIDE:
        raise ValueError("must lie within the photo, left before right, top above bottom")
    return left, top, right, bottom
