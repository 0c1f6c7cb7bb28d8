"""What a sample of products says of a shop's photos: which many products share, and what the pages show beside."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from crawlers.extract.photos.photo_sizes import sized
from crawlers.extract.photos.stand_ins import says_no_picture
from crawlers.state.photo_notes import LEAST_SHARE, MORE_THAN, SURELY
from schemas.product import Product

_FEW = 50  # products of a sample in which every second one tells
_LEAST_OF_FEW, _SHARE_OF_FEW = 2, 0.1
_MOST_TOLD = 3


def photo_findings(products: Sequence[Product]) -> dict[str, Any]:
    """Find photos that no product of the sample has for itself, and how many pictures are not read.

    A feed is judged as a crawl is (crawlers/state/photo_notes.py). Of a dozen pages two that show one photo are
    enough to be told: they were chosen from all over the shop.
    """
    address_of: dict[str, str] = {}
    count = Counter[str]()
    for product in products:
        photos = {sized(url).photo: url for url in product.image_urls}
        address_of = photos | address_of
        count.update(photos.keys())
    total = len(products)
    few = max(_LEAST_OF_FEW - 1, _SHARE_OF_FEW * total)
    more_than = few if total < _FEW else max(MORE_THAN, min(LEAST_SHARE * total, SURELY))
    shared = [
        {"url": address_of[photo], "products": showing}
        for photo, showing in count.most_common(_MOST_TOLD)
        if showing > more_than
    ]
    return {
        "shared_photos": shared,
        "unread_photos": sum(product.unread_photos or 0 for product in products),
    }


def photo_sentences(findings: Mapping[str, Any], products: int) -> list[str]:
    """Word the same for people."""
    told = []
    for photo in findings["shared_photos"]:
        refused = " (a crawl refuses it, since its file is named so)" if says_no_picture(photo["url"]) else ""
        told.append(
            f"{photo['products']} of {products} sampled products show one and the same photo, {photo['url']}:"
            f" perhaps a placeholder{refused}"
        )
    if pictures := findings["unread_photos"]:
        told.append(
            f"the sampled pages show {pictures} more pictures than their data states and than a crawl would take:"
            " a profile with fields.images takes them"
        )
    return told
