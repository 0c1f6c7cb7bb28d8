"""Which links of an unknown shop lead to products and which to listings, and the pattern their addresses share."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from scrapy.http import TextResponse
from scrapy.utils.response import get_base_url

from crawlers.discover.links import is_page, looks_like_product
from crawlers.extract.money.price import shows_price
from crawlers.extract.page_url import host_of, place_of, within
from crawlers.profiles.selection import attribute

NEVER = r"(?i)/(cart|basket|checkout|account|login|register|wishlist|search|compare|warenkorb|konto|panier)\b"
_OUTSIDE = "not(ancestor::nav or ancestor::header or ancestor::footer)"
_MENU = "(//nav | //header | //*[@role='navigation'])//a/@href"
_LONGEST_TEXT = 2_000  # characters of a card in which a price is looked for
_LEAST_ALIKE = 5  # links of one form that are more than a coincidence
_CLIMB = 3  # levels above a link that may still be its card


def card_links(pages: Iterable[TextResponse]) -> list[str]:
    """Find addresses that look like products: links with a price or a photo beside them, alike in form."""
    groups = _groups(pages)
    if not groups:
        return []
    best = max(groups.values(), key=lambda group: sum(group.values()))
    if max(best.values()) < 3:  # neither photo nor price anywhere: no cards
        return []
    form = _form(next(iter(best)))
    alike = [
        group for key, group in groups.items() if key[1:] == form[1:] and _priced(group) >= _priced(best) / 2
    ]
    return list(dict.fromkeys(url for group in [best, *alike] for url in group))


def plain_links(pages: Iterable[TextResponse]) -> list[str]:
    """Find addresses that may be products although nothing stands beside their links: the most that are alike in form.

    Those that are written like a product's come before all others; of these only a pattern of several is believed.
    """
    groups = [list(group) for group in _groups(pages).values()]
    groups = [group for group in groups if len(group) >= _LEAST_ALIKE or all(map(looks_like_product, group))]
    return max(groups, key=lambda group: (looks_like_product(group[0]), len(group)), default=[])


def menu_links(page: TextResponse) -> list[str]:
    """Find addresses in the shop's own menu, without those that are no listings."""
    links = [url for link in page.xpath(_MENU).getall() if (url := page_within(page, link))]
    home = place_of(page.url).rstrip("/")
    return [url for url in dict.fromkeys(links) if place_of(url).rstrip("/") not in (home, "")]


def page_within(page: TextResponse, link: str) -> str:
    """Make a link absolute if it leads to another page of the same shop that may show products; empty otherwise."""
    url = within(get_base_url(page), link, host_of(page.url))
    return url if url and is_page(url) and not re.search(NEVER, urlsplit(url).path) else ""


def linked(page: TextResponse, wanted: set[str]) -> set[str]:
    """Find those of some addresses that a page links to."""
    return {page_within(page, link) for link in page.xpath("//a/@href").getall()} & wanted


def product_pattern(urls: Sequence[str], others: Sequence[str]) -> str:
    """Write a regular expression for products that none of the others matches; empty if there is none."""
    pattern = _pattern(urls)
    return "" if not pattern or any(re.search(pattern, place_of(url)) for url in others) else pattern


def listing_patterns(urls: Sequence[str]) -> list[str]:
    """Write regular expressions for menu addresses: one for each first folder that several share, else the path."""
    folders: dict[str, list[str]] = defaultdict(list)
    for url in urls:
        segments = urlsplit(url).path.strip("/").split("/")
        folders[segments[0] if len(segments) > 1 else ""].append(url)
    patterns = []
    for folder, inside in folders.items():
        if folder and len(inside) > 1:
            patterns.append(f"^/{_literal(folder)}/")
        else:
            patterns += [rf"^{_literal(urlsplit(url).path)}(?:\?|$)" for url in inside]
    return patterns[:20]


def _groups(pages: Iterable[TextResponse]) -> dict[tuple[Any, ...], dict[str, int]]:
    """Group the links outside menus by the form of their addresses: worth by address."""
    groups: dict[tuple[Any, ...], dict[str, int]] = defaultdict(dict)
    for page in pages:
        for url, worth in _cards(page):
            group = groups[_form(url)]
            group[url] = max(worth, group.get(url, 0))
    return groups


def _cards(page: TextResponse) -> Iterator[tuple[str, int]]:
    """Name address and worth of each link: 10 for a price beside it, 3 for a photo, 1 for a link."""
    root = page.selector.root
    hrefs = _lone_hrefs(root)
    pictured = _around(root.iter("img"))
    worths: dict[Any, int] = {}
    for link in page.xpath(f"//a[@href][{_OUTSIDE}]"):
        if url := page_within(page, attribute(link, "href")):
            card = link.root
            for _ in range(_CLIMB):
                parent = card.getparent()
                if parent is None or hrefs[parent] != attribute(link, "href"):
                    break
                card = parent
            if card not in worths:
                worths[card] = 1 + 3 * (card in pictured) + 10 * shows_price(_beginning(card))
            yield url, worths[card]


def _lone_hrefs(root: Any) -> dict[Any, str | None]:
    """Map each element around links to where all of them lead, and to None where they lead to several places."""
    hrefs: dict[Any, str | None] = {}
    for link in root.iter("a"):
        href = link.get("href")
        for element in (link, *link.iterancestors()):
            if element not in hrefs:
                hrefs[element] = href
            elif hrefs[element] is None or hrefs[element] == href:
                break  # and so is everything above it
            else:
                hrefs[element] = None
    return hrefs


def _around(elements: Iterable[Any]) -> set[Any]:
    """Collect some elements and all that they stand in."""
    around: set[Any] = set()
    for element in elements:
        while element is not None and element not in around:
            around.add(element)
            element = element.getparent()
    return around


def _beginning(element: Any) -> str:
    """Read the first characters of what an element shows."""
    text = ""
    for piece in element.itertext():
        text += f" {piece}" if text else piece
        if len(text) > _LONGEST_TEXT:
            break
    return text[:_LONGEST_TEXT]


def _priced(group: dict[str, int]) -> float:
    return sum(worth >= 10 for worth in group.values()) / len(group)


def _form(url: str) -> tuple[Any, ...]:
    """Equal for addresses of one kind: folders, number of parts, ending, names of parameters."""
    parts = urlsplit(url)
    *folders, last = parts.path.strip("/").split("/")
    ending = last.rpartition(".")[2] if "." in last else ""
    names = tuple(sorted(name for name, _ in parse_qsl(parts.query)))
    return tuple(re.sub(r"\d+", "0", folder) for folder in folders), len(folders), ending, names


def _pattern(urls: Sequence[str]) -> str:
    """Write the parts that all addresses share as they are, the others as what may stand there."""
    rows = [urlsplit(url).path.strip("/").split("/") for url in urls]
    if not rows or len({len(row) for row in rows}) != 1:
        return ""
    shown = [_part(column) for column in zip(*rows, strict=True)]
    queries = [dict(parse_qsl(urlsplit(url).query)) for url in urls]
    names = [name for name in queries[0] if all(name in query for query in queries)]
    varying = [name for name in names if len({query[name] for query in queries}) > 1]
    if not varying and all(part == _literal(row) for part, row in zip(shown, rows[0], strict=True)):
        return ""  # one address is no pattern
    if varying:
        return rf"^/{'/'.join(shown)}\?(?:.*&)?{_literal(varying[0])}=[^&]+"
    return rf"^/{'/'.join(shown)}/?(?:\?|$)"


def _literal(text: str) -> str:
    return re.escape(text).replace(r"\-", "-")  # a dash means something between brackets only


def _part(column: Sequence[str]) -> str:
    if len(set(column)) == 1 and len(column) > 1:
        return _literal(column[0])
    if all(part.isdigit() for part in column):
        return r"\d+"
    endings = {re.search(r"\.\w{2,5}$|$", part)[0] for part in column}  # type: ignore[index]
    ending = endings.pop() if len(endings) == 1 else ""
    return f"[^/?]+{_literal(ending)}"
