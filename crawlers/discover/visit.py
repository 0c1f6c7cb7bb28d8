"""What reading an answer yields: addresses to visit, products, refusals."""

from dataclasses import dataclass

from schemas.product import Product
from schemas.reject import Reject


@dataclass(frozen=True)
class Visit:
    """An address to fetch. A listing (feed, sitemap, category) is followed; a product page is read.

    lastmod  when the shop says the page last changed, as its sitemap wrote it; empty when it does not say
    """

    url: str
    product: bool = False
    lastmod: str = ""


Found = Visit | Product | Reject
