"""The language that an address says it is in, and which of the marks that a sitemap holds are those of the crawl.

Shops mark a language by the first part of a path (/de/, /en-gb/, /fr_ch/) or by a parameter (?lang=de). Two letters
may mean something else (/it/ may be information technology), so a mark counts only beside one of the crawl's own
language, or below a home page that has a mark itself.
"""

import re
from collections.abc import Iterable
from itertools import islice
from urllib.parse import parse_qsl, urlsplit

from crawlers.extract.canonical_url import canonical
from crawlers.extract.language import CODES, X_DEFAULT, best_alternate, speaks, tag_of
from crawlers.extract.page_url import host_of, place_of

_PARAMETER = re.compile(r"lang|language|locale|hl|lng|idioma|langue|sprache", re.I)
_FIRST = re.compile(r"/([a-z]{2}(?:[-_][a-z]{2,4})?)(?=/|$)", re.I)
_LONGEST, _MOST_WORDS = 2_000, 16  # of a sitemap's address
_WORD = re.compile(r"(?<![a-z0-9])([a-z]{2}(?:[-_][a-z]{2})?)(?![a-z0-9])", re.I)


def mark_of(url: str, *, any_code: bool = False) -> str:
    """Read the language mark of an address as a tag; empty where it has none.

    any_code  a country's two letters (/gb/) are a mark, too: below a home page that has such a part itself
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    for name, value in parse_qsl(parts.query):
        if _PARAMETER.fullmatch(name) and (tag := _known(value, any_code)):
            return tag
    first = _FIRST.match(parts.path)
    return _known(first[1], any_code) if first else ""


def wanted_mark(marks: Iterable[str], language: str) -> str | None:
    """Choose the one mark whose addresses are the crawl's, among those that a sitemap holds.

    Returns None where they tell nothing: every address is asked then, and its page says which language it is in.
    """
    fitting = sorted(mark for mark in set(marks) if mark and speaks(language, mark)) if language else []
    exact = [mark for mark in fitting if mark == language] or [mark for mark in fitting if "-" not in mark]
    return next(iter(exact or fitting), None)


class LanguageChoice:
    """Which of the addresses in one sitemap are those of the crawl's language.

    language  of the crawl, a tag
    market    mark of the shop's home page; where it has one, only addresses with that mark, or with none, are read
    marks     of all addresses in the sitemap
    """

    def __init__(self, language: str, market: str, marks: Iterable[str]) -> None:
        self._language, self._market = language, market
        self._wanted = market or wanted_mark(marks, language)

    def address(self, url: str, alternates: list[tuple[str, str]]) -> str:
        """Return the address to read a page at: its own, or that of its twin; empty where it is in another language.

        alternates  the page's hreflang, tag and address, those of the shop's host alone
        """
        if alternates and (twin := self._twin(url, alternates)):
            return twin
        is_elsewhere = self._wanted is not None and mark_of(url, any_code=bool(self._market)) not in (
            "",
            self._wanted,
        )
        return "" if is_elsewhere else url

    def _twin(self, url: str, alternates: list[tuple[str, str]]) -> str:
        """Choose among the page's languages; its own address where it is none of them, and nobody else's is ours."""
        if self._market:
            alternates = [
                each for each in alternates if mark_of(each[1], any_code=True) == self._market
            ] or alternates
        best = best_alternate(alternates, self._language) if self._language else ""
        if not best:
            if not any(_is_same(url, each) for _, each in alternates):
                return ""
            default = sorted(each for tag, each in alternates if tag == X_DEFAULT)
            best = (default or sorted(each for _, each in alternates))[0]
        return url if _is_same(url, best) else best


def sitemaps_elsewhere(urls: Iterable[str], language: str) -> set[str]:
    """Find the sitemaps of an index that are those of another language: named alike but for it, one of them ours."""
    families: dict[str, dict[str, str]] = {}
    for url in urls:
        place = place_of(url)[:_LONGEST]
        for word in islice(_WORD.finditer(place), _MOST_WORDS):
            if tag := _known(word[1], any_code=False):
                families.setdefault(f"{host_of(url)}{place[: word.start()]}*{place[word.end() :]}", {})[
                    tag
                ] = url
    elsewhere: set[str] = set()
    for family in families.values():
        if (wanted := wanted_mark(family, language)) is not None:
            elsewhere |= {url for tag, url in family.items() if tag != wanted}
    return elsewhere


def _is_same(one: str, other: str) -> bool:
    return one == other or canonical(one) == canonical(other)


def _known(value: str, any_code: bool) -> str:
    tag = tag_of(value)
    return tag if any_code or tag.partition("-")[0] in CODES else ""
