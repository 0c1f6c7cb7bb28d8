"""How much one crawl may take of a shop: photos asked for, and bytes received, of pages and photos together."""

from crawlers.state.progress import TrafficMeter

MOST_PHOTOS = 1_000_000
MOST_BYTES = 300_000_000_000
BUDGET = "budget"  # the reason of what is refused beyond it


class Budget:
    """Counts against what the policy allows; see recrawl_policy.RecrawlPolicy.

    traffic  what was received so far, also before the crawl was interrupted
    """

    def __init__(self, most_photos: int, most_bytes: int, traffic: TrafficMeter) -> None:
        self._most_photos, self._most_bytes, self._traffic = most_photos, most_bytes, traffic

    def is_spent_by(self, photos: int = 0) -> str:
        """Say which bound is reached with so many photos asked for; empty while more may be asked."""
        if photos >= self._most_photos:
            return f"this crawl may ask for {self._most_photos:,} photos (--most-photos)"
        if self._traffic()[1] >= self._most_bytes:
            return f"this crawl may receive {self._most_bytes:,} bytes (--most-bytes)"
        return ""
