"""What is wrong where in one shop: a pure function of the mall's seed, the shop and the address or item."""

from infra.mall.faults import markup
from infra.mall.faults.photos import PHOTO_FAULTS, STORED, PhotoFault
from infra.mall.faults.transient import TRANSIENT
from infra.mall.item import Item, Photo
from infra.mall.seeds import number
from infra.mall.storefront import Storefront

PER_TRANSIENT = (
    40  # one address in so many has a given transient fault; five of them, so one in eight has any
)
HIDDEN = 9_000_001  # number of the extra item that no listing names; odd, so that its photos are good
RESTLESS, STALE = "restless", "stale"


class Plan:
    """The faults of one shop."""

    def __init__(self, site: Storefront, seed: int, canary: str) -> None:
        self.site, self.canary = site, canary
        self._names = ("faults", seed, site.shop.name)
        self._shift = number(*self._names) % len(PHOTO_FAULTS)

    def photo(self, item: Item, photo: Photo) -> PhotoFault | None:
        """Every other item's second photo has a fault; the faults come in turn, from a place the seed says."""
        if item.number % 2 or len(item.photos) < 2 or photo.name != item.photos[1].name:
            return None
        turn = item.number // 2
        fault = PHOTO_FAULTS[(turn + self._shift) % len(PHOTO_FAULTS)]
        if fault.name == "slow_loris" and turn >= len(PHOTO_FAULTS):  # one per shop: it costs a timeout
            return None
        return fault

    def outcome(self, item: Item, photo: Photo) -> tuple[str, str]:
        """What a crawler must make of a photo, and the name of its fault, empty for a usual one."""
        fault = self.photo(item, photo)
        return (fault.outcome, fault.name) if fault else (STORED, "")

    def transient(self, address: str) -> str:
        """The name of the fault that the first answer at this path and query has; empty for none."""
        place = number("transient", *self._names, address) % PER_TRANSIENT
        names = list(TRANSIENT)
        return names[place] if place < len(names) else ""

    def lie(self, item: Item) -> str:
        """How the ETag of an item's page lies: `restless` is new each time, `stale` never moves."""
        if item.number % 11 == 4:
            return RESTLESS
        # Only where a sitemap tells the truth about it can a crawler know better.
        return STALE if item.number % 11 == 7 and self.site.sitemap else ""

    def markup(self, item: Item) -> str:
        """In which way the JSON-LD of an item's page is written; empty where pages have none."""
        if self.site.shop.dialect != "structured":
            return ""
        return list(markup.STYLES)[item.number % len(markup.STYLES)]

    def seen(self, item: Item) -> tuple[Photo, ...]:
        """The photos that the shop's data name."""
        if self.markup(item) == "image_string":
            first = next(photo for photo in item.photos if photo.kind == "shop")
            return tuple(photo for photo in item.photos if photo is first or photo.kind == "customer")
        return item.photos
