"""What an answer says for the next request of its address (RFC 9110, 8.8; RFC 9111, 4.2). No Scrapy here."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Validators:
    """What an answer says for the next request: ETag, Last-Modified, and until when (ms) it need not be asked."""

    etag: str = ""
    last_modified: str = ""
    fresh_until: int | None = None


NOTHING = Validators()
