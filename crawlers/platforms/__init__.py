"""The software a shop runs on. One platform is one file here, found by its name; its class is `Platform`.

A platform turns answers into products and into further addresses to visit. It fetches nothing
itself, except the probes of `detect`, and knows neither Scrapy's scheduling nor any storage.
"""

import pkgutil
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Protocol
from urllib.parse import urlsplit

from scrapy.http import TextResponse

from crawlers.discover.language_marks import mark_of
from crawlers.discover.visit import Found, Visit

SURE = 1.0
Fetch = Callable[[str], Awaitable[TextResponse | None]]


@dataclass(frozen=True)
class Shop:
    """The shop being read.

    url       address of its home page, after redirects
    sitemaps  addresses its robots.txt names
    profile   path of its profile (crawlers/profiles/shop_profile.py); empty for a shop without one
    language  tag of the language that is read, see crawlers.extract.language; empty where nobody knows
    """

    name: str
    url: str
    sitemaps: tuple[str, ...] = ()
    profile: str = ""
    language: str = ""

    @property
    def market(self) -> str:
        """The mark of a language or country in the address of its home page, as a tag; empty where it has none."""
        return mark_of(self.url, any_code=True)

    @property
    def folders(self) -> tuple[str, ...]:
        """Where the shop's own paths may begin, the likeliest first: in its home page's folder, then at the host.

        A market or an installation below a path (/en-gb, /boutique/) answers there for itself; its address may lack
        the slash at its end, and a home page may as well be a page of the host (/home, /index.php). A market has no
        other place: the host's own answers have another language and other prices.
        """
        parts = urlsplit(self.url)
        folder, _, last = parts.path.rpartition("/")
        inside = f"{folder}/{last}/" if last and "." not in last else f"{folder}/"
        paths = [inside] if self.market else dict.fromkeys((inside, f"{folder}/", "/"))
        return tuple(parts._replace(path=path, query="", fragment="").geturl() for path in paths)


class Platform(Protocol):
    """What each file under crawlers/platforms offers."""

    def __init__(self, shop: Shop) -> None: ...

    async def detect(self, home: TextResponse, fetch: Fetch) -> float:
        """Say how sure it is that the shop runs on this, 0 to SURE; `fetch` answers None where it cannot."""

    def start(self, home: TextResponse) -> Iterator[Visit]:
        """Say where to begin."""

    def otherwise(self, home: TextResponse) -> Iterator[Visit]:
        """Say where else to begin where all that `start` named has led to no product; nothing if there is nowhere."""

    def listing(self, answer: TextResponse) -> Iterator[Found]:
        """Read what a listing leads to. May raise on foreign bytes: the answer is then refused."""

    def product(self, answer: TextResponse) -> Iterator[Found]:
        """Read the product of a page; nothing for a page that shows none. May raise like `listing`."""

    def at(self, url: str) -> Visit:
        """Say what to fetch for the one product whose page is at `url`."""


def names() -> tuple[str, ...]:
    """List every platform there is, by file."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(__path__)))


def load(name: str, shop: Shop) -> Platform:
    """Load the platform of one file, for one shop."""
    platform: Platform = import_module(f"{__name__}.{name}").Platform(shop)
    return platform
