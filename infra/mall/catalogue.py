"""What every catalogue can do; and the drawn one: items from a seed, photos drawn when somebody asks for them.

Everything is a pure function of (seed, shop, number), so that two processes agree byte for byte.
"""

import re
import unicodedata
from collections import OrderedDict
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from random import Random
from threading import Lock
from typing import Protocol

from infra.mall.garments.design import ASSORTMENTS, Design, design
from infra.mall.item import Item, Photo
from infra.mall.photos import camera
from infra.mall.seeds import chance, digest
from infra.mall.seeds import number as stable_number
from infra.mall.shelf import Shelf
from infra.mall.words.writer import path, write
from schemas.annotation import Annotation

CACHE_BYTES = 256 * 1024 * 1024
EPOCH = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)  # the oldest item was put on sale no earlier


@dataclass(frozen=True)
class Trade:
    """Whose catalogue it is: the shop's name, brands, language and currency."""

    name: str = "mall"
    brands: tuple[str, ...] = (
        "Nordwind",
        "Maison Fleur",
        "Kaya & Co",
        "Hafenkind",
        "Atelier Lumen",
        "Birkenhain",
        "Oakfield",
        "Sable",
    )
    english: float = 0.5
    "share of items described in English; the rest is German"
    currency: str = "EUR"
    reduced: bool = True
    "whether some items show the price before a reduction"
    luxury: float = 0.0
    "share of items at twelve times the price, so that prices reach four digits"
    assortment: str = "even"
    "how many of each category there are: a name in ASSORTMENTS"


class Catalogue(Protocol):
    """Items and their photos."""

    @property
    def items(self) -> Shelf:
        """Every item on sale, in the shop's order."""

    def photo(self, item: Item, photo: Photo) -> bytes:
        """The bytes as served: JPEG, or whatever the file held."""

    def edition(self, item: Item, photo: Photo) -> str:
        """Short text that changes when the photo's bytes do; cheaper than the bytes."""


class DrawnCatalogue:
    """Items drawn from a seed. Photos are kept until `cache_bytes` are reached, the oldest go first."""

    def __init__(
        self, items: Shelf, size: tuple[int, int] = camera.SIZE, cache_bytes: int = CACHE_BYTES
    ) -> None:
        self.items = items
        self.size = size
        self.cache_bytes = cache_bytes
        self._kept: OrderedDict[tuple[str, str, int], bytes] = OrderedDict()
        self._bytes = 0
        self._lock = Lock()

    def photo(self, item: Item, photo: Photo) -> bytes:
        """JPEG of one photo."""
        key = (item.sku, photo.name, photo.edition)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        drawn = camera.jpeg(look_of(item, photo), photo.view, self.size)
        self.keep(item, photo, drawn)
        return drawn

    def keep(self, item: Item, photo: Photo, drawn: bytes) -> None:
        """Put a photo that was drawn elsewhere into the cache."""
        with self._lock:
            key = (item.sku, photo.name, photo.edition)
            if key in self._kept:
                return
            self._kept[key] = drawn
            self._bytes += len(drawn)
            while self._bytes > self.cache_bytes and len(self._kept) > 1:
                _, old = self._kept.popitem(last=False)
                self._bytes -= len(old)

    def has(self, item: Item, photo: Photo) -> bool:
        """Whether the photo lies in the cache."""
        return (item.sku, photo.name, photo.edition) in self._kept

    def edition(self, item: Item, photo: Photo) -> str:
        """Names the picture without drawing it."""
        return digest(camera.edition(), look_of(item, photo).key, photo.view, *self.size)[:20]

    def annotation(self, item: Item, photo: Photo) -> Annotation:
        """What one photo shows, as it was drawn: the truth that no page says."""
        look = look_of(item, photo)
        taken = camera.take(look, photo.view, self.size)
        domain = "street" if photo.kind == "customer" else "shop"
        return Annotation(look.category, look.attributes, taken.landmarks, taken.box, domain)


def draw_catalogue(
    products: int, seed: int, trade: Trade | None = None, size: tuple[int, int] = camera.SIZE
) -> DrawnCatalogue:
    """A shop's catalogue of `products` items; `size` is that of every photo, in pixels (width, height)."""
    trade = trade or Trade()
    shelf = Shelf(
        products,
        lambda number: draw_item(number, seed, trade, size),
        number_in,
        lambda number: draw_path(number, seed, trade),
    )
    return DrawnCatalogue(shelf, size)


def number_in(handle: str) -> int:
    """The number at a drawn handle's end, -1 for none."""
    digits = handle.rpartition("-")[2]
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 10 else -1


def draw_path(number: int, seed: int, trade: Trade) -> tuple[str, ...]:
    """The categories of item `number`, without its words: half the work of the item."""
    _, look, language = _begun(number, seed, trade)
    return path(look, language)


def draw_item(number: int, seed: int, trade: Trade, size: tuple[int, int]) -> Item:
    """Item `number` of a shop. Categories come in turn, so that a small catalogue holds them all."""
    rng, look, language = _begun(number, seed, trade)
    brand = rng.choice(trade.brands)
    words = write(rng, look, language, brand)
    sku = f"{trade.name[:2].upper()}-{seed % 1000:03d}{number:05d}"
    created = EPOCH + timedelta(minutes=rng.randrange(300 * 24 * 60))
    asked = price(rng, look) * (12 if trade.luxury and chance("luxury", sku).random() < trade.luxury else 1)
    return Item(
        sku=sku,
        handle=f"{slug(words.title)}-{number:05d}",
        title=words.title,
        description_html=words.description_html,
        brand=brand,
        categories=words.categories,
        tags=words.tags,
        colour=words.colour,
        gender=words.gender,
        price=asked,
        currency=trade.currency,
        in_stock=rng.random() > 0.08,
        language=language,
        created=created,
        updated=created + timedelta(minutes=rng.randrange(20 * 24 * 60)),
        photos=photos(rng, size),
        sizes=words.sizes,
        list_price=before(trade, sku, asked),
        number=number,
        wrong=words.wrong,
        truth=look,
    )


def _begun(number: int, seed: int, trade: Trade) -> tuple[Random, Design, str]:
    """What an item is and its language, and the generator that its words go on with."""
    rng = chance("item", seed, trade.name, number)
    assortment = ASSORTMENTS[trade.assortment]
    size = sum(assortment.categories.values())
    names = _turn(seed, trade.name, number // size, trade.assortment)
    key = digest(seed, trade.name, number)[:16]
    look = design(rng, names[number % size], key, assortment)
    return rng, look, "en" if rng.random() < trade.english else "de"


@lru_cache(maxsize=64)
def _turn(seed: int, trade: str, block: int, assortment: str) -> tuple[str, ...]:
    names = ASSORTMENTS[assortment].turn()
    chance("order", seed, trade, block).shuffle(names)
    return tuple(names)


def before(trade: Trade, sku: str, asked: Decimal) -> Decimal | None:
    """The price before the reduction: every sixth item, a fourth above what is asked."""
    reduced = trade.reduced and stable_number("product", trade.name, sku) % 6 == 0
    return (asked * 125 / 100).quantize(Decimal("0.01")) if reduced else None


def photos(rng: Random, size: tuple[int, int]) -> tuple[Photo, ...]:
    """Front, back and detail always; a flat lay for half of the items; one or two by customers."""
    views = ["front", "back", "detail", *(["flat"] if rng.random() < 0.5 else [])]
    shown = [Photo(view, view, "shop", *size) for view in views]
    taken = [
        Photo(f"customer-{n + 1}", f"customer-{n + 1}", "customer", *size)
        for n in range(rng.choice((1, 1, 2)))
    ]
    return tuple(shown + taken)


def price(rng: Random, look: Design) -> Decimal:
    """What such a thing costs, ending on 0.90 or the like."""
    usual = {
        "coat": 140,
        "jacket": 95,
        "boots": 110,
        "shoes": 80,
        "dress": 60,
        "jumpsuit": 70,
        "tee": 18,
        "tank top": 15,
    }
    whole = int(usual.get(look.category, 40) * rng.uniform(0.6, 1.9))
    return Decimal(f"{whole}.{rng.choice(('90', '95', '99', '00'))}")


UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})


def slug(text: str) -> str:
    """A title as it stands in an address."""
    plain = text.lower().translate(UMLAUTS)
    ascii_only = unicodedata.normalize("NFKD", plain).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", ascii_only).strip("-")[:60].rstrip("-") or "item"


def look_of(item: Item, photo: Photo) -> Design:
    """The item as this photo shows it: a later edition is the same item, photographed again."""
    if item.truth is None:
        raise ValueError(f"{item.sku} was not drawn by this mall")
    return replace(item.truth, key=f"{item.truth.key}-{photo.edition}") if photo.edition else item.truth
