"""What a shop's owner or a person wanted forgotten, and no crawl brings back."""

from collections.abc import Set
from dataclasses import dataclass
from hashlib import sha256

from crawlers.extract.canonical_url import canonical
from schemas.reject import Reject

FORGOTTEN = "forgotten"
DETAIL = "it was forgotten; `vitrine forget` says how to lift that"


@dataclass(frozen=True)
class Forgotten:
    """The bans of a lake, as its receipts hold them (schemas/forgotten.py).

    products   product ids
    photos     SHA-256 of photos, hex
    addresses  `address_id` of pages and photos
    shops      names, and `origins` the same of their addresses
    """

    products: Set[str] = frozenset()
    photos: Set[str] = frozenset()
    addresses: Set[str] = frozenset()
    shops: Set[str] = frozenset()
    origins: Set[str] = frozenset()

    def has_address(self, url: str) -> bool:
        """Whether a page or photo is not to be asked."""
        return bool(self.addresses) and address_id(url) in self.addresses

    def refusal(self, stage: str, url: str, product_id: str = "") -> Reject:
        """The row that says that something was not taken."""
        return Reject(stage, FORGOTTEN, url[:2000], product_id, DETAIL)


NOTHING_FORGOTTEN = Forgotten()


def address_id(url: str) -> str:
    """SHA-256 of an address in its canonical form, hex; of one that is no http(s) address as it stands."""
    return sha256((canonical(url) or url).encode()).hexdigest()


def origin_id(url: str) -> str:
    """SHA-256 of scheme, host and port of an address, hex; "" where it has none."""
    spelling = canonical(url)
    scheme, _, rest = spelling.partition("://")
    return sha256(f"{scheme}://{rest.partition('/')[0]}".encode()).hexdigest() if spelling else ""
