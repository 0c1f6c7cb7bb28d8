"""The border to storage. Crawlers know no lake: whoever runs one gives it a `PhotoStore`.

Everything else waits in the crawl's own state until its tables are written (crawlers/state/closing.py).
"""

from collections.abc import Mapping
from typing import Any, Protocol


class PhotoStore(Protocol):
    """Where photos go. Whatever it raises ends the crawl."""

    def has_photo(self, image_id: str) -> bool:
        """Whether these bytes are stored already, now or by an earlier crawl."""

    def add(self, row: Mapping[str, Any]) -> bool:
        """Store one row of schemas.image.IMAGES; True once every row given so far would survive a kill."""

    def flush(self) -> None:
        """Make every row given so far survive a kill."""
