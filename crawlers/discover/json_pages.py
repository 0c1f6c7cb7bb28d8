"""Catalogues that a shop serves as numbered pages of JSON: reading an answer, and walking on.

An address of a page carries in its fragment, which no server sees, the first id of the page before:
a shop that ignores the number answers the same page again, and the fragment tells so without any
memory of what was read, which a killed crawl would have lost.
"""

import json
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from scrapy.http import TextResponse

from crawlers.discover.visit import Visit
from crawlers.extract.text import line_of
from schemas.reject import Reject

MOST_PAGES = 5000  # half a million products; a shop that answers more than that is making them up
_MARK = "after="


def decoded(answer: TextResponse) -> Any:
    """Decode the JSON value of an answer. Raises ValueError, and nothing else."""
    try:
        return json.loads(answer.text.lstrip("\ufeff"))
    except AttributeError:
        raise ValueError("the answer is not text") from None
    except RecursionError:
        raise ValueError("the answer nests too deep") from None


def first_key(entries: Iterable[Any]) -> str:
    """Find the id of the first entry that has one."""
    return next((key for entry in entries if isinstance(entry, dict) and (key := id_in(entry.get("id")))), "")


def repeats(url: str, first: str) -> bool:
    """Whether the page at `url` begins like the page before it."""
    return bool(first) and urlsplit(url).fragment == _mark(first)


def number_of(url: str) -> int:
    """Read the number of a page; the first page may lack it."""
    number = dict(parse_qsl(urlsplit(url).query)).get("page", "")
    return int(number) if number.isascii() and number.isdecimal() and len(number) < 10 else 1


def page_after(url: str, first: str) -> Visit | Reject:
    """Name the page after the one at `url`, which begins with the id `first`; refuse it where there is no end."""
    following = next_page(url, first)
    if number_of(following) > MOST_PAGES:
        detail = f"more than {MOST_PAGES} pages of one feed"
        return Reject("discover", "out_of_bounds", following, detail=detail)
    return Visit(following)


def next_page(url: str, first: str) -> str:
    """Give the address of the page after the one at `url`, which begins with the id `first`."""
    parts = urlsplit(url)
    others = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] != "page"]
    query = urlencode([*others, ("page", str(number_of(url) + 1))], safe="/,")
    return parts._replace(query=query, fragment=_mark(first) if first else "").geturl()


def id_in(value: Any) -> str:
    """Read a platform's id as text; empty where the value can be none."""
    return line_of(str(value)) if isinstance(value, int | str) and not isinstance(value, bool) else ""


def _mark(first: str) -> str:
    return urlencode({_MARK.rstrip("="): first})
