"""What an answer says about AI use: `noai` and `noimageai`, in X-Robots-Tag headers and meta tags.

Both words are a convention of shops and galleries, not a standard; they are read as robots
directives are: they hold for everybody, or only for the crawler whose name stands before them. The
TDM Reservation Protocol's `tdm-reservation: 1` keeps rights back and forbids no crawl: it is told
in `detail` and changes nothing.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from parsel import Selector
from scrapy.http.headers import Headers

from crawlers.fetch.user_agent import ROBOTS_NAME

_US = ("", "*", ROBOTS_NAME)
_META_NAMES = ("robots", ROBOTS_NAME)
_TDM = "tdm-reservation"
# `name: words` is for the crawler of that name, except where the name is a directive with a value.
_ADDRESSED = re.compile(r"\s*(\*|[a-z0-9][a-z0-9._/-]*)\s*:(.*)", re.DOTALL)
_WITH_VALUE = ("unavailable_after", "max-snippet", "max-image-preview", "max-video-preview")


@dataclass(frozen=True)
class OptOut:
    """Opt-outs of an answer, to everybody or to us; `detail` says where they stand."""

    noai: bool = False
    noimageai: bool = False
    detail: str = ""


def opt_outs(headers: Headers, page: Selector | None) -> OptOut:
    """Read the opt-outs of one answer; `page` is its document, None for a photo. Never raises on what they say."""
    place_of: dict[str, str] = {}  # word -> where it was first said
    for value in headers.getlist("X-Robots-Tag"):
        for word in _for_us(value.decode("latin-1").lower()):
            place_of.setdefault(word, "X-Robots-Tag")
    tdm = headers.getlist(_TDM)
    if page is not None and page.type in ("html", "xml"):
        for meta in page.xpath("//meta[@name and @content]"):
            name, content = meta.attrib["name"].strip().lower(), meta.attrib["content"].lower()
            if name in _META_NAMES:
                for word in re.split(r"[\s,;]+", content):
                    place_of.setdefault(word, f"meta {name}")
            elif name == _TDM:
                tdm.append(content.encode("utf-8", "replace"))
    details = [f"{word} in {place_of[word]}" for word in ("noai", "noimageai") if word in place_of]
    if any(value.strip() == b"1" for value in tdm):
        details.append(f"{_TDM}: 1")
    return OptOut("noai" in place_of, "noimageai" in place_of, ", ".join(details))


def _for_us(value: str) -> Iterator[str]:
    """Read the words of one header that are said to everybody or to us; a name holds up to the next one."""
    agent = ""
    for part in value.split(","):
        words = part
        if (named := _ADDRESSED.fullmatch(part)) and named[1] not in _WITH_VALUE:
            agent, words = named[1], named[2]
        if agent in _US:
            yield from words.split()
