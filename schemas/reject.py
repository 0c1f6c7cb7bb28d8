"""One row per page, row or image that was refused. Nothing is dropped in silence.

Made in one way, as a `Reject`, by everything that reads something foreign. `reason` comes from a fixed list, so that
counts can be compared between runs; `detail` is free text.
"""

from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from schemas.columns import TIME, column, table_schema

REASONS = {
    "robots": "robots.txt forbids it",
    "opted_out": "the shop keeps it from AI: noai or noimageai in a header or a meta tag",
    "address": "the address is private, malformed or of a scheme we do not fetch",
    "timeout": "no answer in time",
    "connection": "connection refused, reset or cut",
    "http_4xx": "the server says it is not there or not ours",
    "http_5xx": "the server failed, also after retries",
    "busy": "the host asks to be left alone for longer than a crawl waits, or answers 429 also after retries",
    "budget": "beyond the photos or bytes that one crawl may take",
    "too_large": "more bytes than allowed, as sent or unpacked",
    "trap": "one of endlessly many pages that lead to no new product",
    "out_of_bounds": "address too long, page too deep, or pages or redirects without end",
    "gone": "the shop says that the product is no longer there",
    "page_incomplete": "a product page without an id or a title",
    "no_product": "an address of a product whose page shows none",
    "consent_wall": "a consent, login or age wall, or a challenge for robots, where a product's page should be",
    "language": "in another language or market than the crawl reads",
    "page_unreadable": "an answer that is not the format it claims",
    "duplicate": "the same product was already read at another address",
    "no_image": "a product without any photo address",
    "placeholder": "a picture whose file is named as one that stands for a missing photo",
    "empty": "no bytes at all",
    "not_an_image": "bytes that are no known image format",
    "truncated": "an image file that ends before its picture does",
    "corrupt": "an image file that no decoder reads to the end",
    "too_small": "an image under the smallest useful size",
    "too_many_pixels": "an image over the pixel limit",
    "extreme_aspect": "an image so long or so wide that it is a banner or a line",
    "single_colour": "an image that shows one colour and nothing else",
    "animated": "an image of several frames",
    "row_unreadable": "a catalogue row, or a cell of it that is needed, that is damaged or has another number of cells",
    "row_incomplete": "a catalogue row without product id, title or image",
    "file_missing": "a catalogue row whose image file is not there",
    "annotation_invalid": "a catalogue row whose landmark or box lies outside the photo, or is no number",
    "decode": "stored bytes that the embedding decoder refuses",
    "unreadable": "stored in a row group that cannot be read",
    "crash": "a photo that ends the process that decodes or embeds it",
    "not_fashion": "a person said on the search page that it is no garment",
    "forgotten": "it was forgotten by `vitrine forget`, and is not to come back",
    "no_photo": "a product none of whose photos could be stored",
}

REJECTS = table_schema(
    "rejects",
    1,
    [
        column(
            "stage", pa.string(), "where it was refused: discover | page | image | import | label | embed"
        ),
        column("reason", pa.string(), f"one of: {', '.join(REASONS)}"),
        column("url", pa.string(), "address, file or image id of the refused thing"),
        column("product_id", pa.string(), "product it belonged to, empty when unknown"),
        column("detail", pa.string(), "what exactly was wrong, in the tool's own words"),
        column("at", TIME, "when it was refused"),
    ],
)

LONGEST_DETAIL = 500  # characters; foreign pages can be long


@dataclass(frozen=True)
class Reject:
    """One refusal, checked: one row of REJECTS.

    stage, reason, url, product_id, detail, at  the columns of REJECTS; `detail` is cut to LONGEST_DETAIL
    Raises ValueError for a reason that is none of REASONS.
    """

    stage: str
    reason: str
    url: str
    product_id: str = ""
    detail: str = ""
    at: datetime = field(default_factory=lambda: datetime.now(UTC), compare=False)

    def __post_init__(self) -> None:
        if self.reason not in REASONS:
            raise ValueError(f"{self.reason!r} is not a reason of schemas.reject")
        object.__setattr__(self, "detail", self.detail[:LONGEST_DETAIL])

    def row(self) -> dict[str, Any]:
        """The same as a row of REJECTS."""
        return asdict(self)
