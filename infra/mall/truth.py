"""What a perfect crawler would find in one shop today: for tests, never served."""

from dataclasses import dataclass
from decimal import Decimal

from infra.mall.faults.extras import Extra, Extras
from infra.mall.faults.photos import STORED
from infra.mall.faults.plan import Plan
from infra.mall.item import Item
from infra.mall.storefront import Storefront
from infra.mall.trade import Shop


@dataclass(frozen=True)
class PhotoTruth:
    """`outcome` is "stored" or one of schemas.reject.REASONS; `fault` is empty for a photo like any other."""

    outcome: str = STORED
    fault: str = ""


@dataclass(frozen=True)
class ProductTruth:
    """One product as its shop states it.

    key    Shopify's and WooCommerce's numeric id, elsewhere the SKU
    title  with each run of white space as one blank
    """

    key: str
    sku: str
    url: str
    title: str
    price: Decimal | None
    list_price: Decimal | None
    currency: str
    in_stock: bool
    photos: dict[str, PhotoTruth]
    "by address, in the shop's order"
    markup: str = ""
    "how its JSON-LD is written, with faults"


@dataclass(frozen=True)
class Truth:
    """One shop. `extras` are the pages that belong to no product of it; none without faults."""

    shop: Shop
    products: dict[str, ProductTruth]
    "by SKU"
    extras: tuple[Extra, ...] = ()


def truth_of(site: Storefront, plan: Plan | None, extras: Extras | None) -> Truth:
    """The truth about a shop as it is now."""
    products = {item.sku: _product(site, plan, item) for item in site.catalogue.items}
    return Truth(site.shop, products, extras.all if extras else ())


def _product(site: Storefront, plan: Plan | None, item: Item) -> ProductTruth:
    photos = plan.seen(item) if plan else item.photos
    return ProductTruth(
        key=site.key(item),
        sku=item.sku,
        url=site.page_url(item),
        title=" ".join(site.title(item).split()),
        price=item.price,
        list_price=item.list_price,
        currency=item.currency,
        in_stock=item.in_stock,
        photos={
            site.image_url(item, photo): PhotoTruth(*plan.outcome(item, photo)) if plan else PhotoTruth()
            for photo in photos
        },
        markup=plan.markup(item) if plan else "",
    )
