"""Selectors of a product's photos: what shows pictures on every page, and others on each.

A picture that several pages show is no product's own. One that a shop shows where it has no photo stands alone on its
pages, and does not speak against the gallery; a logo or a banner stands beside the product's own pictures, and does.
"""

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from scrapy.http import TextResponse
from scrapy.utils.response import get_base_url

from crawlers.doctor.selector_guesses import ENOUGH, IN_PAGE, MOST_GUESSES, best, names_of
from crawlers.extract.photos.photo_proxies import IMAGE_FILE
from crawlers.extract.photos.photo_sizes import sized
from crawlers.profiles.selection import photos_of
from crawlers.profiles.shop_profile import Rule

_CUSTOMERS = re.compile(r"review|customer|kund|ugc", re.I)
_LEAST_OWN = 0.5  # share of the pages that must show photos of their own


def gallery(pages: Sequence[TextResponse]) -> Any:
    """Find the selector that shows most photos on enough pages, or the page's share image; empty for none."""
    chosen, most = "", 0
    for css in [*_guesses(pages), "main img", "img"]:
        photos = [_photos(page, css) for page in pages]
        shown = sum(map(len, photos))
        if shown > most and _are_own(photos) and not any(_is_card(page, css) for page in pages):
            chosen, most = css, shown
    return chosen or best(pages, ['meta[property="og:image"]'], lambda urls: True, False)


def _guesses(pages: Sequence[TextResponse]) -> list[str]:
    """List selectors of pictures by their own names and those around them, of most pages first."""
    pages_by_name = Counter[str]()
    for page in pages:
        here: dict[str, None] = {}
        for node in page.xpath(f"//img{IN_PAGE}"):
            above = [each.root for each in node.xpath("ancestor::*")]
            if not any(_CUSTOMERS.search(" ".join(names_of(parent))) for parent in above):
                here |= dict.fromkeys(f"img{name}" for name in names_of(node.root))
                here |= dict.fromkeys(
                    f"{name} img" for parent in above[-1:-5:-1] for name in names_of(parent)
                )
        pages_by_name.update(here.keys())
    return [css for css, _ in pages_by_name.most_common(MOST_GUESSES)]


def _photos(page: TextResponse, css: str) -> set[str]:
    """Name the photos that a selector finds, whatever size they come in."""
    return {sized(url).photo for url in photos_of(page.selector, get_base_url(page), [Rule(css=css)])}


def _are_own(photos: Sequence[set[str]]) -> bool:
    """Whether the photos of each page are its product's: no other page's, or all of them a placeholder's."""
    count = Counter(photo for here in photos for photo in here)
    shared = [sum(count[photo] > 1 for photo in here) for here in photos]
    own = sum(bool(here) and not among for here, among in zip(photos, shared, strict=True))
    return (
        sum(map(bool, photos)) >= ENOUGH * len(photos)
        and all(among in (0, len(here)) for here, among in zip(photos, shared, strict=True))
        and own >= max(min(2, len(photos)), _LEAST_OWN * len(photos))
    )


def _is_card(page: TextResponse, css: str) -> bool:
    """Whether some of the selected photos link to other pages: then they show other products."""
    links = page.css(css).xpath("ancestor::a/@href").getall()
    return any(
        link and not IMAGE_FILE.search(link) and not re.match(r"\s*(#|javascript:)", link, re.I)
        for link in links
    )
