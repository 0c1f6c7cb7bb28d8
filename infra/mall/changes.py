"""The next day of a shop: some items change, some leave, some are new; what changed is told exactly."""

from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from infra.mall.catalogue import EPOCH, DrawnCatalogue, look_of
from infra.mall.item import Item
from infra.mall.seeds import chance
from infra.mall.storefront import Storefront
from infra.mall.words.writer import write
from schemas.errors import InputError

SHARE, MOST = 25, 200  # one item in SHARE changes of each kind, at least one, at most MOST
LATER = timedelta(days=321)  # after every time an item was drawn with


@dataclass(frozen=True)
class Changes:
    """What one day changed, by SKU. No SKU is named twice.

    price    what was asked, what is asked now
    stock    whether it could be bought, whether it can now
    text     "title" or "description": which of them was rewritten
    photos   address, as of now, of the photo replaced under its old name; all of a shop's paths but a `v` stay
    added    on sale since today
    removed  no longer on sale: the page answers 404 or 410
    """

    price: dict[str, tuple[Decimal, Decimal]]
    stock: dict[str, tuple[bool, bool]]
    text: dict[str, str]
    photos: dict[str, str]
    added: tuple[str, ...]
    removed: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """Prices as text, everything else as it is."""
        prices = {sku: [str(price) for price in pair] for sku, pair in self.price.items()}
        return asdict(self) | {"price": prices}

    @classmethod
    def of_json(cls, said: dict[str, Any]) -> "Changes":
        """The opposite of `as_json`, after a way through JSON."""
        return cls(
            price={sku: (Decimal(old), Decimal(new)) for sku, (old, new) in said["price"].items()},
            stock={sku: (old, new) for sku, (old, new) in said["stock"].items()},
            text=said["text"],
            photos=said["photos"],
            added=tuple(said["added"]),
            removed=tuple(said["removed"]),
        )


def advance(site: Storefront, seed: int) -> Changes:
    """Let a day pass in one shop. Raises InputError for a catalogue read from a file."""
    catalogue = site.catalogue
    if not isinstance(catalogue, DrawnCatalogue):
        raise InputError("mall", "a catalogue file has no next day; only drawn shops have")
    shelf = catalogue.items
    rng = chance("advance", seed, site.shop.name, shelf.day)
    today = EPOCH + LATER + timedelta(hours=shelf.day)
    share = max(1, min(MOST, len(shelf) // SHARE))
    chosen = rng.sample(list(shelf.numbers), min(5 * share, len(shelf)))
    price, stock, text, photos, removed = (
        [shelf.at(number) for number in chosen[part * share : (part + 1) * share]] for part in range(5)
    )
    priced = [(item, repriced(item, seed)) for item in price if item.price is not None]
    sold = [(item, replace(item, in_stock=not item.in_stock)) for item in stock]
    told = [(item, reworded(item, seed, shelf.day)) for item in text]
    shot = [(item, rephotographed(item)) for item in photos]
    edits = [*priced, *sold, *told, *shot]
    shelf.edit(replace(new, updated=today) for _, new in edits)
    added = [shelf.at(number) for number in shelf.change((item.number for item in removed), share)]
    shelf.edit(replace(item, updated=today) for item in added)
    return Changes(
        price={old.sku: (old.price, new.price) for old, new in priced if old.price and new.price},
        stock={old.sku: (old.in_stock, new.in_stock) for old, new in sold},
        text={old.sku: "title" if old.title != new.title else "description" for old, new in told},
        photos={new.sku: site.image_url(new, new.photos[0]) for _, new in shot},
        added=tuple(item.sku for item in added),
        removed=tuple(item.sku for item in removed),
    )


def repriced(item: Item, seed: int) -> Item:
    """Another price, never above a list price that is a fourth higher."""
    assert item.price is not None
    factor = chance("price", seed, item.sku, item.price).choice((70, 85, 90, 110))
    return replace(item, price=(item.price * factor / 100).quantize(Decimal("0.01")))


def reworded(item: Item, seed: int, day: int) -> Item:
    """Another title or another description of the same thing."""
    assert item.truth is not None
    rng = chance("words", seed, item.sku, day)
    title_too = rng.random() < 0.5
    while True:
        words = write(rng, item.truth, item.language, item.brand)
        if title_too and words.title != item.title:
            return replace(item, title=words.title)
        if not title_too and words.description_html != item.description_html:
            return replace(item, description_html=words.description_html)


def rephotographed(item: Item) -> Item:
    """The same first photo, taken again: other bytes under the old name."""
    first = item.photos[0]
    look_of(item, first)  # raises for what cannot be drawn
    return replace(item, photos=(replace(first, edition=first.edition + 1), *item.photos[1:]))
