"""What one source says of one product: the only form in which facts reach crawlers/extract/merge.py.

Every platform makes readings and nothing else: whether they are a product, and how much of them is taken, is decided
in one place for all.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import islice

PROFILE, IMPORT = "profile", "import"
OWN_ID = "id"  # the kind of key that is a platform's, a profile's or a file's own id of the product
KEYS = (OWN_ID, "productGroupID", "sku", "productID", "mpn", "retailer_item_id")
MARKUP = {"json-ld": "JSON-LD", "microdata": "microdata", "rdfa": "RDFa", "opengraph": "OpenGraph"}

# Nobody writes a title of a million characters for people to read.
LONGEST = {
    "title": 1_000,
    "description": 100_000,
    "brand": 500,
    "colour": 1_000,
    "gender": 100,
    "unread_price": 100,
}
LONGEST_NAME = 1_000  # of one category or tag
LONGEST_FACT = 10_000  # of one attribute: it may list what every variant has
LONGEST_LABEL = 200  # of an attribute's name
MOST_VALUES = 250  # categories, tags, attributes: as many tags as Shopify lets a product have


@dataclass(frozen=True)
class Reading:
    """What one source says of a product; empty or None where it says nothing.

    source   json-ld, microdata, rdfa, opengraph, profile, import, or the name of the platform whose own feed it is
    keys     identifiers by kind, see KEYS
    photos   view by address, in the shop's order
    unread_price   what stands where a price should, in which no amount can be read
    unread_photos  how many more pictures the page shows of the product, which nothing says for certain
    product  False where the source names no product itself, only what surrounds it
    lacking  what a refusal says where key, title or photos are missing, by that name; the first one missing is told
    """

    source: str
    keys: Mapping[str, str] = field(default_factory=dict)
    title: str = ""
    description: str = ""
    brand: str = ""
    categories: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    colour: str = ""
    gender: str = ""
    price: Decimal | None = None
    currency: str = ""
    list_price: Decimal | None = None
    in_stock: bool | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)
    photos: Mapping[str, str] = field(default_factory=dict)
    unread_price: str = ""
    unread_photos: int = 0
    product: bool = True
    lacking: Mapping[str, str] = field(default_factory=dict)

    def bounded(self) -> "Reading":
        """Cut every text and list to what a shop writes for people; photos and keys are bounded by the merge."""
        texts = {name: getattr(self, name)[:most].rstrip() for name, most in LONGEST.items()}
        return replace(
            self,
            **texts,
            categories=_cut(self.categories),
            tags=_cut(self.tags),
            attributes={
                label[:LONGEST_LABEL]: fact[:LONGEST_FACT]
                for label, fact in islice(self.attributes.items(), MOST_VALUES)
            },
        )

    def words_for(self, missing: str) -> str:
        """Word the refusal of a product without `key`, `title` or `photos`."""
        if missing in self.lacking:
            return self.lacking[missing]
        kinds = {"key": "sku, productID or path", "photos": "image"}
        return f"{MARKUP.get(self.source, self.source)} Product without {kinds.get(missing, missing)}"


def _cut(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name[:LONGEST_NAME] for name in names[:MOST_VALUES])
