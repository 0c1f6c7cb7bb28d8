"""Catalogues that a shop serves as numbered pages of JSON: reading an answer, and walking on.

An address of a page carries in its fragment, which no server sees, the first id of the page before:
a shop that ignores the number answers the same page again, and the fragment tells so without any
memory of what was read, which a killed crawl would have lost.
"""

import json
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

from scrapy.http import Response, TextResponse

from crawlers.extract.photo_view import view_of
from crawlers.extract.text import line_of, printable

MOST_PAGES = 5000  # half a million products; a shop that answers more than that is making them up
_MARK = "after="


def decoded(answer: TextResponse) -> Any:
    """The JSON value of an answer. Raises ValueError, and nothing else."""
    try:
        return json.loads(answer.text.lstrip("\ufeff"))
    except AttributeError:
        raise ValueError("the answer is not text") from None
    except RecursionError:
        raise ValueError("the answer nests too deep") from None


def first_key(entries: Iterable[Any]) -> str:
    """The id of the first entry that has one."""
    return next(
        (key for entry in entries if isinstance(entry, dict) and (key := key_of(entry.get("id")))), ""
    )


def repeats(url: str, first: str) -> bool:
    """Whether the page at `url` begins like the page before it."""
    return bool(first) and urlsplit(url).fragment == _mark(first)


def number_of(url: str) -> int:
    """The number of a page; the first page may lack it."""
    stated = dict(parse_qsl(urlsplit(url).query)).get("page", "")
    return int(stated) if stated.isascii() and stated.isdecimal() and len(stated) < 10 else 1


def next_page(url: str, first: str) -> str:
    """The address of the page after the one at `url`, which begins with the id `first`."""
    parts = urlsplit(url)
    kept = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] != "page"]
    query = urlencode([*kept, ("page", str(number_of(url) + 1))], safe="/,")
    return parts._replace(query=query, fragment=_mark(first) if first else "").geturl()


def key_of(value: Any) -> str:
    """A platform's id as text; empty where the value can be none."""
    return line_of(str(value)) if isinstance(value, int | str) and not isinstance(value, bool) else ""


def said(value: Any) -> str:
    """A text as the shop wrote it, a number as text; empty for anything else."""
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""


def photos_of(images: Any, base: str) -> dict[str, str]:
    """View by address, each address once, in the shop's order: `?v=` is kept, it changes when the photo does."""
    photos: dict[str, str] = {}
    for image in images if isinstance(images, list) else []:
        facts = image if isinstance(image, dict) else {"src": image}
        source = facts.get("src")
        if isinstance(source, str) and (source := printable(source).strip()):
            address, alt, name = joined(base, source), said(facts.get("alt")), said(facts.get("name"))
            file = address if _readable(address) else ""
            photos.setdefault(address, view_of(file, alt) or view_of("", name))
    return photos


def joined(base: str, link: str) -> str:
    """The absolute address of a link; one that is broken beyond reading ("http://[x") stays as it is."""
    try:
        return urljoin(base, link)
    except ValueError:
        return link


def header_of(answer: Response, name: str) -> str:
    """A header's value, empty where there is none."""
    value = answer.headers.get(name)
    return printable(value.decode("latin-1")) if value else ""


def _mark(first: str) -> str:
    return urlencode({_MARK.rstrip("="): first})


def _readable(address: str) -> bool:
    try:
        urlsplit(address)
    except ValueError:
        return False
    return True
