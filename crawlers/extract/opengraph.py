"""OpenGraph and its product tags, as Facebook, Pinterest and shop software write them: one Reading per page."""

from scrapy.http import TextResponse
from scrapy.utils.response import get_base_url

from crawlers.extract.canonical_url import is_fetchable
from crawlers.extract.fact_names import joined
from crawlers.extract.money.price import price_of
from crawlers.extract.money.struck_price import unescaped
from crawlers.extract.photos.photo_urls import add
from crawlers.extract.reading import Reading
from crawlers.extract.schema_org.categories import is_number
from crawlers.extract.schema_org.jsonld import Node
from crawlers.extract.schema_org.offers import in_stock, lowest_amounts
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
_ASKED = ("product:price:amount", "og:price:amount", "product:price")
_FORMER = (
    *("product:original_price:amount", "product:original_price"),
    *("og:standard_price:amount", "og:price:standard_amount"),
)
_FORMER_CURRENCY = ("product:original_price:currency", "og:standard_price:currency")
_MOST_VALUES = 2_000  # of one fact
_LONGEST_PRICE = 4_000  # characters
_IMAGES, _ALT = ("og:image", "og:image:url", "og:image:secure_url"), "og:image:alt"
_LONE = "product:image"  # where there is no og:image
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
    if not pairs:
        return None
    tags: Tags = {}
    for name, content in pairs:
        tags.setdefault(name, []).append(content)
    kind = _first(tags, "og:type").lower()
    if kind not in _TYPES and (not _price_in(tags, *_ASKED) or kind in ("product.group", "product.category")):
        return None
    amounts = lowest_amounts([_offer(tags)], {})
    availability = _first(tags, "product:availability", "og:availability", "product:price:availability")
    return Reading(
        source="opengraph",
        keys={kind: line_of(_first(tags, *names)) for kind, names in _KEYS.items()},
        title=line_of(_first(tags, "og:title")),
        description=text_of(_first(tags, "og:description")),
        brand=line_of(_first(tags, "product:brand", "og:brand")),
        categories=_categories(tags),
        tags=words_listed(tags.get("product:tag", [])),
        colour=joined(map(line_of, tags.get("product:color", tags.get("og:color", [])))),
        gender=joined(map(line_of, tags.get("product:target_gender", tags.get("product:gender", [])))),
        price=amounts.price,
        currency=amounts.currency,
        list_price=amounts.list_price,
        in_stock=in_stock([availability]) if availability else None,
        attributes={
            fact: joined(map(line_of, tags[tag][:_MOST_VALUES]))
            for tag, fact in _FACTS.items()
            if tag in tags
        },
        photos=_photos(pairs, get_base_url(page)),
        unread_price=line_of(_first(tags, *_ASKED)[:_LONGEST_PRICE]) if amounts.price is None else "",
    )


def _first(tags: Tags, *names: str) -> str:
    return next((tags[name][0] for name in names if name in tags), "")


def _categories(tags: Tags) -> tuple[str, ...]:
    path = category_path(_first(tags, "product:category", "og:category"))
    return tuple(name for name in path if not is_number(name))


def _offer(tags: Tags) -> Node:
    """Give the prices as an offer of schema.org: what is asked, and what it is reduced from.

    A sale (https://developers.facebook.com/docs/marketing-api/catalog/reference, sale_price) holds between two dates;
    while it does, the price beside it is the former one.
    """
    sale = {
        "price": _price_in(tags, "product:sale_price:amount", "product:sale_price", "og:sale_price:amount"),
        "priceCurrency": _first(tags, "product:sale_price:currency", "og:sale_price:currency"),
        "validFrom": _first(tags, "product:sale_price_dates:start"),
        "validThrough": _first(tags, "product:sale_price_dates:end"),
    }
    usual = {
        "price": _price_in(tags, *_ASKED),
        "priceCurrency": _first(tags, "product:price:currency", "og:price:currency"),
    }
    former = {"price": _price_in(tags, *_FORMER), "priceCurrency": _first(tags, *_FORMER_CURRENCY)}
    stated = next((part["priceCurrency"] for part in (sale, usual, former) if part["priceCurrency"]), "")
    before = {"priceType": "ListPrice"}
    prices = [sale, usual | before, former | before] if sale["price"] else [usual, former | before]
    return {"priceCurrency": stated, "priceSpecification": [part for part in prices if part["price"]]}


def _price_in(tags: Tags, *names: str) -> str:
    """Read the first tag of these that has an amount."""
    contents = (unescaped(content[:_LONGEST_PRICE]) for name in names for content in tags.get(name, ())[:1])
    return next((content for content in contents if price_of(content) is not None), "")


def _photos(pairs: list[tuple[str, str]], base: str) -> dict[str, str]:
    """View by address. What follows an og:image is about it (ogp.me, "Structured Properties"): its alt, and the same
    image as url and secure_url, one of which counts where og:image itself is no address that can be fetched.
    """
    photos: dict[str, str] = {}
    for image in _images(pairs):
        readings: list[dict[str, str]] = []
        for name in (*_IMAGES, _LONE):
            readings.append({})
            add(readings[-1], image.get(name, ""), base, image.get(_ALT, ""))
        usable = (reading for reading in readings if any(map(is_fetchable, reading)))
        for address, view in (next(usable, None) or next(filter(None, readings), {})).items():
            photos.setdefault(address, view)
    return photos


def _images(pairs: list[tuple[str, str]]) -> list[dict[str, str]]:
    """Part the tags of images into one group for each image: a name that a group has already begins the next."""
    wanted = _IMAGES if any(name in _IMAGES for name, _ in pairs) else (_LONE,)
    images: list[dict[str, str]] = []
    for name, content in pairs:
        if name in wanted or (name == _ALT and images):
            if not images or (name != _ALT and name in images[-1]):
                images.append({})
            images[-1][name] = content
    return images
