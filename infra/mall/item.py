"""What a shop sells, as the servers see it."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from infra.mall.garments.design import Design

VIEWS = ("front", "back", "detail", "flat")


@dataclass(frozen=True)
class Photo:
    """One photo of an item. `kind` is shop or customer; sizes in pixels, 0 where unknown."""

    name: str
    "unique in its item; also the file name it is served under, without .jpg"
    view: str
    kind: str
    width: int = 0
    height: int = 0
    edition: int = 0
    "raised when the shop replaces the photo under its old name"


@dataclass(frozen=True)
class Item:
    """One product with the words of its shop. Everything but `truth`, `wrong` and `language` is served."""

    sku: str
    handle: str
    title: str
    description_html: str
    brand: str
    categories: tuple[str, ...]
    "the shop's path, outer first"
    tags: tuple[str, ...]
    colour: str
    "in the shop's word; empty when not said"
    gender: str
    price: Decimal | None
    currency: str
    in_stock: bool
    language: str
    "en or de; empty when the catalogue does not say"
    created: datetime
    updated: datetime
    photos: tuple[Photo, ...]
    sizes: tuple[str, ...] = ()
    list_price: Decimal | None = None
    "the price before a reduction"
    number: int = 0
    "its place in the catalogue it was drawn from"
    wrong: str = ""
    "category or colour, where the words are wrong on purpose; never served"
    truth: Design | None = None
    "what the item really is; None for catalogues read from files"
