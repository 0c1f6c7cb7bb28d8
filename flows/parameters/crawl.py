"""What `crawl` and `import` can be told."""

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from crawlers.extract.language import tag_of
from crawlers.state.budget import MOST_BYTES, MOST_PHOTOS
from flows.parameters.fields import Contact, FailedShare, Lake, Schedule, Shops, Urls
from flows.parameters.option import Option, Words
from flows.parameters.stage_parameters import RECORDED, StageParameters
from schemas.errors import UsageError
from schemas.reject import REASONS


class CrawlParameters(StageParameters):
    """What the words of `revisit` mean stands in crawlers/state/recrawl_policy.py.

    A profile is a file of crawlers/profiles/shop_profile.py; crawlers/shops/<name>.yaml is found by itself.
    """

    urls: Urls = None
    shops: Shops = None
    schedule: Schedule = None
    lake: Lake = ""
    contact: Annotated[Contact, RECORDED] = ""
    limit: Annotated[
        int | None, Field(ge=1, description="Products per shop at most."), Option(bounded=False), RECORDED
    ] = None
    revisit: Annotated[
        Literal["full", "changed", "list"],
        Field(description="Of a shop crawled before: everything, what changed, or the pages of --only."),
        RECORDED,
    ] = "changed"
    only: Annotated[
        tuple[str, ...] | None,
        Field(description="Addresses of product pages, for the revisit `list`."),
        Option(help="File of page addresses, one a line, for --revisit list.", words=Words.LINES),
        RECORDED,
    ] = None
    retry: Annotated[
        tuple[str, ...] | None,
        Field(description="Try again what the newest crawl refused for these reasons."),
        Option(help="Try again what was refused for these reasons: timeout,http_5xx.", words=Words.COMMA),
        RECORDED,
    ] = None
    language: Annotated[
        str,
        Field(description="Language to read, such as de or en-gb; the shop's main one if not given."),
        RECORDED,
    ] = ""
    profile: Annotated[
        str | None, Field(description="YAML profile for a shop without structured data."), RECORDED
    ] = None
    floor: Annotated[
        float | None,
        Field(ge=0.0, le=1.0, description="Least share of pages that must succeed; 0.8 if no profile says."),
        RECORDED,
    ] = None
    failed_share: FailedShare = 0.5
    most_photos: Annotated[
        int, Field(ge=1, description="Photos to ask one shop for at most."), Option(bounded=False), RECORDED
    ] = MOST_PHOTOS
    most_bytes: Annotated[
        int, Field(ge=1, description="Bytes to receive of one shop at most."), Option(bounded=False), RECORDED
    ] = MOST_BYTES

    @field_validator("retry")
    @classmethod
    def _are_reasons(cls, reasons: tuple[str, ...] | None) -> tuple[str, ...] | None:
        if unknown := [reason for reason in reasons or () if reason not in REASONS]:
            raise UsageError(f"--retry {unknown[0]}", f"no such reason; there are {', '.join(REASONS)}")
        return reasons

    @field_validator("language")
    @classmethod
    def _is_tag(cls, language: str) -> str:
        if language and not (tag := tag_of(language)):
            raise UsageError(f"--language {language}", "no language tag; write de, en-gb or zh-hant")
        return tag if language else ""

    def recorded(self) -> dict[str, Any]:
        """Return what a crawl's manifest keeps; what is retried is a list of pages, whatever else was said."""
        return super().recorded() | {
            "revisit": "list" if self.retry else self.revisit,
            "only": list(self.only or ()),
            "retry": list(self.retry or ()),
            "profile": str(Path(self.profile).resolve()) if self.profile else "",
        }


class ImportParameters(StageParameters):
    """A catalogue of Parquet, CSV or JSON lines; crawlers/datasets/product_file.py says which columns it has.

    Or the folder of a published benchmark, whose files crawlers/datasets/deepfashion reads.
    The contact is for photo hosts, where the column `image` holds http(s) addresses; `photos_at` is an address
    whose host may be a private one, for such photos.
    """

    path: Annotated[
        str,
        Field(description="Parquet, CSV or JSON lines: a file, a folder or a glob; or a benchmark's folder."),
        Option(argument=True),
    ]
    shop: Annotated[str, Field(description="Name of the shop the products belong to."), RECORDED]
    mapping: Annotated[
        dict[str, str] | None,
        Field(
            description="Our names for its columns; `a+b` joins two (of `image`, lists both), `a:|` and `a:json` cut"
            " one into a list."
        ),
        Option(
            help="Our names for its columns: title=name,product_id=sku+colour,tags=labels:|.",
            flags=("--map",),
            words=Words.COMMA_PAIRS,
        ),
        RECORDED,
    ] = None
    encoding: Annotated[
        str, Field(description="Of CSV: cp949, utf-16; told by the file itself."), RECORDED
    ] = ""
    delimiter: Annotated[str, Field(description="Of CSV: `;` or tab; told by the file itself."), RECORDED] = (
        ""
    )
    benchmark: Annotated[
        Literal["", "deepfashion-c", "in-shop", "consumer2shop"],
        Field(description="The published benchmark whose folder it is."),
        RECORDED,
    ] = ""
    cut: Annotated[
        bool | None,
        Field(description="Of a benchmark: cut garments out by their boxes; as its papers do by default."),
        RECORDED,
    ] = None
    lake: Lake = ""
    contact: Contact = ""
    photos_at: Annotated[
        str, Field(description="An address whose host may be a private one, for photos."), Option(absent=True)
    ] = ""

    @model_validator(mode="after")
    def _is_one_or_the_other(self) -> Self:
        if self.benchmark and (self.mapping or self.encoding or self.delimiter):
            raise UsageError(f"--benchmark {self.benchmark}", "has its own files; nothing of them is mapped")
        if self.cut is not None and not self.benchmark:
            raise UsageError("--cut", "is for a --benchmark, whose files say where garments are")
        return self

    def recorded(self) -> dict[str, Any]:
        """Return what the manifest of an import keeps, with the file's full path."""
        path = str(Path(self.path).expanduser().resolve())
        return super().recorded() | {"path": path, "mapping": dict(self.mapping or {}), "source": "import"}
