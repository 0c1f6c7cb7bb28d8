"""How far one crawl goes: long addresses, deep pages, too many pages, and traps.

A trap is a page that leads to endlessly many others like it: a calendar, facets that combine. Pages
are alike when their addresses have one `shape`. A shape that has led to no new product often enough
is not followed any further, until a page of it that was found before does lead to one.
"""

import re
from collections import OrderedDict
from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import SplitResult, unquote, unquote_plus, urlsplit

from schemas.reject import REASONS

LONGEST_URL = 2000
DEEPEST = 30
MOST_PAGES = 1_000_000
PATIENCE = 25  # barren pages in a row
_CREDIT = 475  # a catalogue whose pages were good so far may have a long row of sold-out ones
_WAITING = 4  # times the patience with addresses that were found before their shape was known to be barren
_TRIES = 3  # for what was a trap last time
_SHAPES = 1000  # remembered at most; the one not seen for longest is forgotten
_FEW = 3  # parameters whose names tell pages apart; more are facets, whichever they are
_PAGING = frozenset("page p pg paged offset start from after cursor skip".split())
_MONTH = (
    "jan(?:uary|uar)?|feb(?:ruary|ruar)?|mar(?:ch)?|märz|apr(?:il)?|may|mai|june?|juni|july?|juli|aug(?:ust)?"
    "|sept?(?:ember)?|o[ck]t(?:ober)?|nov(?:ember)?|de[cz](?:ember)?"
)
_CHANGING = re.compile(rf"[0-9a-f]{{8,}}(?:-[0-9a-f]{{4,}})*|\d+|\b(?:{_MONTH})\b", re.IGNORECASE)
_DATE = re.compile(r"#(?:[-._]#)+")
_PAGES = "pages "  # before a host: a shape holds no space


class TrapDetector:
    """Judges addresses before they are asked, and hears what pages led to."""

    def __init__(self, most_pages: int = MOST_PAGES, patience: int = PATIENCE) -> None:
        self._most_pages = most_pages
        self._patience = patience
        # Barren pages in a row; below zero, how many fruitful ones stand against those to come.
        self._barren: OrderedDict[str, int] = OrderedDict()
        self._pages: dict[str, int] = {}

    def refusal(
        self, url: str, depth: int, *, waiting: bool = False, listed: bool = False
    ) -> tuple[str, str] | None:
        """Why a listing or product page is not asked, as reason and detail of a reject; None if it may be.

        depth    pages between the home page and it, see depth_of
        waiting  it was found some time ago and is about to be asked: now only what is hopeless is refused
        listed   a feed or a sitemap names it, which ends; no trap then, whatever pages like it led to
        """
        if len(url) > LONGEST_URL:
            return _because("out_of_bounds", f"an address of {len(url):,} characters, over {LONGEST_URL:,}")
        if depth > DEEPEST:
            return _because("out_of_bounds", f"{depth} pages deep, over {DEEPEST}")
        host = _split(url).netloc
        if self._pages.get(host, 0) >= self._most_pages:
            return _because("out_of_bounds", f"{self._most_pages:,} pages of {host} were read")
        if listed:
            return None
        pattern = shape(url)
        barren = self._barren.get(pattern, 0)
        if barren >= self._patience * (_WAITING if waiting else 1):
            return _because("trap", f"{barren} pages in a row like {pattern} led to no new product")
        return None

    def led(self, url: str, fruitful: bool) -> None:
        """Take note that a page was read.

        fruitful  it gave a new product, or for a listing the address of a new product page
        """
        host = _split(url).netloc
        self._pages[host] = self._pages.get(host, 0) + 1
        pattern = shape(url)
        if not pattern:
            return
        before = self._barren.pop(pattern, 0)
        self._barren[pattern] = max(min(before, 0) - 1, -_CREDIT) if fruitful else before + 1
        if len(self._barren) > _SHAPES:
            self._barren.popitem(last=False)

    def suspect(self, url: str) -> None:
        """Give pages like one that was a trap in the previous crawl only a few tries to lead to something new."""
        if pattern := shape(url):
            self._barren.setdefault(pattern, max(0, self._patience - _TRIES))
            if len(self._barren) > _SHAPES:
                self._barren.popitem(last=False)

    def state(self) -> dict[str, int]:
        """Give all there is to remember, for `restore` in another process."""
        return dict(self._barren) | {_PAGES + host: count for host, count in self._pages.items()}

    def restore(self, state: Mapping[str, int]) -> None:
        """Go on where `state` was taken."""
        self._barren = OrderedDict((key, n) for key, n in state.items() if not key.startswith(_PAGES))
        self._pages = {key.removeprefix(_PAGES): n for key, n in state.items() if key.startswith(_PAGES)}


def depth_of(url: str, found_on: str, depth: int) -> int:
    """Say how deep `url` lies, found on a page `depth` deep: one deeper, but for the next page of one list.

    A list of 400 pages, each of which names the next, is wide and not deep; what ends it where it has
    no end is that its pages are barren.
    """
    pattern = shape(url)
    return depth if pattern and pattern == shape(found_on) else depth + 1


@lru_cache(1024)
def shape(url: str) -> str:
    """Reduce an address to what endlessly many have in common: digits, dates and hex words are `#`, values gone.

    Parameters are named in order; over three, only those that turn pages. Empty for an address
    without anything that could be counted up: there is only one of it.
    """
    parts = _split(url)
    path = _DATE.sub("#", _CHANGING.sub("#", unquote(parts.path)))
    named = {unquote_plus(pair.partition("=")[0]) for pair in parts.query.split("&") if pair}
    names = sorted({_CHANGING.sub("#", name) for name in named})
    if "#" not in path and not names:
        return ""
    if len(names) > _FEW:
        names = [name for name in names if name.lower() in _PAGING] + ["..."]
    words = f"{parts.netloc}{path}" + (f"?{'&'.join(names)}" if names else "")
    return "".join(words.split())


def _because(reason: str, detail: str) -> tuple[str, str]:
    assert reason in REASONS
    return reason, detail


def _split(url: str) -> SplitResult:
    """Give the parts of an address; of one that has none, everything is path."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return SplitResult("", "", url, "", "")
    return parts._replace(netloc=parts.netloc.lower())
