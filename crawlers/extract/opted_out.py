"""What a page keeps from AI use is not taken: one rule for the products of every platform."""

from collections.abc import Iterable
from dataclasses import replace
from typing import TypeVar

from schemas.product import Product
from schemas.reject import Reject

Item = TypeVar("Item")


def without_opted_out(items: Iterable[Item], *, noai: bool, noimageai: bool) -> list[Item | Product | Reject]:
    """Refuse the products of a page that says `noai`, and the photos of one that says `noimageai`.

    items  what a platform read from one answer; what is no product stays as it is
    Returns the items, each refusal as a Reject of reason `opted_out` in the place of what it refuses.
    """
    kept: list[Item | Product | Reject] = []
    for item in items:
        if not isinstance(item, Product) or not (noai or noimageai):
            kept.append(item)
        elif noai:
            kept.append(Reject("page", "opted_out", item.url, item.product_id, "noai"))
        else:
            kept.append(replace(item, image_urls=(), image_views=()))
            kept += [
                Reject("image", "opted_out", url, item.product_id, "noimageai on its page")
                for url in item.image_urls
            ]
    return kept
