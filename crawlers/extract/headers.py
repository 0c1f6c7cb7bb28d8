"""A header of an answer as text that may be stored and sent back."""

from scrapy.http import Response

_LONGEST = 500  # characters; a longer validator is no validator


def header_of(answer: Response | None, name: str) -> str:
    """Read a header; empty where it, or the answer, is missing, and where it is too long or not printable."""
    value = answer.headers.get(name) if answer is not None else None
    text = value.decode("latin-1").strip() if value else ""
    return text if len(text) <= _LONGEST and text.isprintable() else ""
