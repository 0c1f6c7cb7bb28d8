"""OpenGraph and its product tags, as Facebook, Pinterest and shop software write them: one Reading per page."""

from decimal import Decimal

from scrapy.http import TextResponse
from scrapy.utils.response import get_base_url

from crawlers.extract.offers import in_stock, reduced_from
from crawlers.extract.photo_urls import add
from crawlers.extract.price import currency_of, price_of
from crawlers.extract.reading import Reading
from crawlers.extract.text import category_path, line_of, text_of, words_listed

_TAGS = "//meta[@content][starts-with(@property, 'og:') or starts-with(@property, 'product:')\
 or starts-with(@name, 'og:') or starts-with(@name, 'product:')]"
_TYPES = frozenset(["product", "product.item", "og:product"])
_FACTS = {
    "product:material": "material",
    "product:pattern": "pattern",
    "product:size": "size",
    "product:condition": "itemCondition",
    "product:age_group": "age_group",
    "product:item_group_id": "item_group_id",
    "product:ean": "gtin13",
    "product:gtin": "gtin",
    "product:upc": "gtin12",
}
_KEYS = {
    "mpn": ("product:mfr_part_no", "product:retailer_part_no"),
    "retailer_item_id": ("product:retailer_item_id", "og:product_id", "product:product_id"),
}
_IMAGES = ("og:image", "og:image:url", "og:image:secure_url", "product:image")
Tags = dict[str, list[str]]


def tags_on(page: TextResponse) -> list[tuple[str, str]]:
    """Read names and contents, in page order."""
    metas = ((meta.root.attrib, meta.root.get("content").strip()) for meta in page.xpath(_TAGS))
    return [
        ((attributes.get("property") or attributes.get("name")).strip().lower(), text)
        for attributes, text in metas
        if text
    ]


def reading_on(page: TextResponse) -> Reading | None:
    """Read what a page's tags say of a product; None where neither type nor price says that there is one."""
    pairs = tags_on(page)
    tags: Tags = {}
    for name, content in pairs:
        tags.setdefault(name, []).append(content)
    kind = _first(tags, "og:type").lower()
    amounts = _prices(tags, "product:price:amount", "og:price:amount", "product:price")
    if kind not in _TYPES and (not amounts or kind in ("product.group", "product.category")):
        return None
    sale = _prices(tags, "product:sale_price:amount", "product:sale_price", "og:sale_price:amount")
    former = _prices(
        tags, "product:original_price:amount", "product:original_price", "og:standard_price:amount"
    )
    price = next(iter(sale + amounts), None)
    availability = _first(tags, "product:availability", "og:availability", "product:price:availability")
    return Reading(
        source="opengraph",
        keys={kind: line_of(_first(tags, *names)) for kind, names in _KEYS.items()},
        title=line_of(_first(tags, "og:title")),
        description=text_of(_first(tags, "og:description")),
        brand=line_of(_first(tags, "product:brand", "og:brand")),
        categories=category_path(_first(tags, "product:category", "og:category")),
        tags=words_listed(tags.get("product:tag", [])),
        colour=", ".join(words_listed(tags.get("product:color", tags.get("og:color", [])))),
        gender=line_of(_first(tags, "product:target_gender", "product:gender")),
        price=price,
        currency=_currency(tags),
        list_price=reduced_from(price, former + (amounts if sale else [])),
        in_stock=in_stock([availability]) if availability else None,
        attributes={fact: line_of(tags[tag][0]) for tag, fact in _FACTS.items() if tag in tags},
        photos=_photos(pairs, tags, get_base_url(page)),
    )


def _first(tags: Tags, *names: str) -> str:
    return next((tags[name][0] for name in names if name in tags), "")


def _prices(tags: Tags, *names: str) -> list[Decimal]:
    """Read the amount of the first tag that has one, as a list of at most one."""
    amounts = (price_of(content) for name in names for content in tags.get(name, ())[:1])
    return [amount for amount in amounts if amount is not None][:1]


def _currency(tags: Tags) -> str:
    names = ("product:sale_price", "product:price", "og:price", "product:original_price")
    codes = (
        currency_of(_first(tags, f"{name}:currency"), _first(tags, f"{name}:amount", name)) for name in names
    )
    return next(filter(None, codes), "")


def _photos(pairs: list[tuple[str, str]], tags: Tags, base: str) -> dict[str, str]:
    """View by address. An og:image:alt belongs to the image before it; url and secure_url repeat that image."""
    opener = next((name for name in _IMAGES if name in tags), "")
    images: list[tuple[str, str]] = []
    for name, content in pairs:
        if name == opener:
            images.append((content, ""))
        elif name == "og:image:alt" and images:
            images[-1] = (images[-1][0], content)
    photos: dict[str, str] = {}
    for address, caption in images:
        add(photos, address, base, caption)
    return photos
