"""Addresses on a page: where a link leads, which shop it is in, which address the shop prefers for a product, and
what of an address tells products apart.
"""

import hashlib
import re
from urllib.parse import parse_qsl, unquote, urldefrag, urljoin, urlsplit

from scrapy.http import TextResponse
from scrapy.utils.response import get_base_url

from crawlers.extract.canonical_url import canonical
from crawlers.extract.text import printable

# Parameters that say which variant is shown first, or who sent the visitor: see also crawlers.extract.canonical_url.
_PASSING = re.compile(
    r"(attribute_|dwvar_).*|ref|referrer|colou?r|farbe|couleur|size|groesse|taille|variant|variation|currency",
    re.I,
)
_CANONICAL = "//link[contains(concat(' ', normalize-space(@rel), ' '), ' canonical ')]/@href"
_NO_CONTROLS = dict.fromkeys([*range(0x20), *range(0x7F, 0xA0)])
_LONGEST = 2_000
_LONGEST_KEY = 200


def host_of(url: str) -> str:
    """Read host and port; with or without `www.` is one shop. Empty for what is no address."""
    try:
        return urlsplit(url).netloc.lower().removeprefix("www.")
    except ValueError:
        return ""


def place_of(url: str) -> str:
    """Read path and query, what a profile's patterns are searched in; empty for what is no address."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return parts.path + (f"?{parts.query}" if parts.query else "")


def joined(base: str, link: str) -> str:
    """Make a link absolute; one that is broken beyond reading ("http://[x") stays as it is.

    Control characters are left out: browsers drop tabs and line ends from an address (WHATWG URL, 4.4), and no
    address holds others.
    """
    link = link.translate(_NO_CONTROLS)
    try:
        return urljoin(base, link)
    except ValueError:
        return link


def is_web(url: str) -> bool:
    """Whether an address is an http(s) one."""
    try:
        return urlsplit(url).scheme in ("http", "https")
    except ValueError:
        return False


def within(base: str, link: str, host: str) -> str:
    """Make a link absolute, without its fragment, if it stays at `host` (as `host_of` gives it); empty otherwise."""
    url = joined(base, link.strip())
    return urldefrag(url).url if is_web(url) and host_of(url) == host else ""


def address_of(page: TextResponse) -> str:
    """Find the page's canonical address where it names one in the same shop, else the one it was fetched from.

    A canonical link to the home page is a template's mistake, and would make all products one.
    """
    for link in page.xpath(_CANONICAL).getall()[:1]:
        try:
            url = urldefrag(urljoin(get_base_url(page), link.strip())).url
            parts = urlsplit(url)
        except ValueError:
            continue
        is_home = not parts.path.strip("/") and not parts.query
        usable = parts.scheme in ("http", "https") and printable(url) == url and len(url) <= _LONGEST
        if usable and not is_home and host_of(url) == host_of(page.url):
            return url
    return page.url


def key_of(url: str) -> str:
    """Take what of an address names its product: the path, and parameters that do not come with the visitor."""
    try:
        parts = urlsplit(canonical(url) or url)
    except ValueError:
        return ""
    pairs = sorted(pair for pair in parse_qsl(parts.query) if not _PASSING.fullmatch(pair[0]))
    query = "&".join(f"{name}={value}" for name, value in pairs)
    key = " ".join(printable(unquote(parts.path).strip("/") + (f"?{query}" if query else "")).split())
    if len(key) <= _LONGEST_KEY:
        return key
    return f"{key[:_LONGEST_KEY]}~{hashlib.blake2b(key.encode(), digest_size=8).hexdigest()}"
