"""The words of a shop: HTML to text, lists from strings, category paths. Nothing here changes a word."""

import html
import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from lxml.etree import iterwalk
from parsel import Selector

# What could steer a terminal, forge a line of a log, show text in another order than it is stored, or not be stored.
_BREAK = re.compile(r"\r\n?|[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1b\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_TAG = re.compile(r"<[a-zA-Z/!]")
_SPACE = re.compile(r"[^\S\n]+")
_INLINE = frozenset(
    [
        *("a", "abbr", "b", "bdi", "bdo", "cite", "code", "em", "font", "i", "mark", "q", "s", "small"),
        *("span", "strong", "sub", "sup", "u", "wbr"),
    ]
)
_LONGEST = 1 << 20  # characters of markup that are read as one text, ten times the longest description
_LONGEST_LINE = 50_000  # and as one line, of which at most a fifth is kept
_MOST_NAMES = 2_000  # of a list, of which at most crawlers.extract.reading.MOST_VALUES are kept
_HOME = frozenset(
    (
        "home|homepage|home page|start|startseite|accueil|inicio|inici|início|página inicial|página principal"
        "|pagina principale|hem|startsida|hjem|forside|etusivu|strona główna|domů|domov|főoldal|kezdőlap|acasă"
        "|početna|naslovnica|avaleht|pradžia|sākums|ana sayfa|anasayfa|αρχική|главная|главная страница|головна|начало"
        "|首页|首頁|ホーム|トップ|トップページ|홈|trang chủ|หน้าแรก|الرئيسية|ראשי"
    ).split("|")
)
_SILENT = frozenset(["script", "style", "template", "noscript"])


def printable(text: str) -> str:
    """Drop control characters (C0, C1, bidirectional overrides) from a text; newlines and tabs stay.

    Other line breaks become newlines, and half a surrogate pair, which UTF-8 cannot hold, U+FFFD.
    """
    if text.isascii() and text.isprintable():
        return text
    return _SURROGATE.sub("\ufffd", _CONTROL.sub("", _BREAK.sub("\n", text)))


def text_of(markup: str) -> str:
    """Read the text of an HTML fragment, one line per block; text without tags only loses outer space.

    A block's end separates words (`<li>cotton</li><li>washable</li>` is two lines), an inline tag
    does not (`T<b>-shirt</b>` is one word), because the words are our only labels.
    """
    markup = printable(markup[:_LONGEST])
    tag = _TAG.search(markup)
    if not tag or markup.find(">", tag.end()) < 0:
        return printable(html.unescape(markup)).strip()
    pieces: list[str] = []
    root = Selector(text=markup, type="html").root
    for event, element in _walk(root):
        silent = not isinstance(element.tag, str) or element.tag in _SILENT  # a comment has no name
        if not silent and element.tag not in _INLINE:
            pieces.append("\n")
        if event == "end":
            pieces.append(_flat(element.tail))
        elif not silent:
            pieces.append(_flat(element.text))
    lines = (_SPACE.sub(" ", line).strip() for line in printable("".join(pieces)).split("\n"))
    return "\n".join(line for line in lines if line)


def line_of(markup: str) -> str:
    """Read the same as one line, for titles and names."""
    return " ".join(text_of(markup[:_LONGEST_LINE]).split())


def text_in(value: object) -> str:
    """Read a JSON value as text: a text as the shop wrote it, a number as text; empty for anything else."""
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""


def words_listed(value: object) -> tuple[str, ...]:
    """Read a list of words, or a string with commas between them, without empties and repetitions."""
    if isinstance(value, str):
        value = value[:_LONGEST].split(",", _MOST_NAMES)
    return tuple(dict.fromkeys(_named(value))) if isinstance(value, list | tuple) else ()


def is_home(name: str) -> bool:
    """Whether a level of a category path is no category but the home page."""
    return name.strip().casefold() in _HOME


def category_path(value: object) -> tuple[str, ...]:
    """Read a category path, outer first: a list, or a string with `>` or else `/` between the levels."""
    if isinstance(value, list | tuple):
        return tuple(_named(value))
    if not isinstance(value, str):
        return ()
    text = line_of(value)
    parts = text.split(">" if ">" in text else "/")[:_MOST_NAMES]
    return tuple(name for part in parts if (name := part.strip()))


def _named(parts: Iterable[object]) -> Iterator[str]:
    """Read each part as one line; what is empty or nested is no name."""
    for part in islice(parts, _MOST_NAMES):
        if part is not None and not isinstance(part, dict | list | tuple) and (name := line_of(str(part))):
            yield name


def _flat(text: str | None) -> str:
    return " " if text and text.isspace() else (text or "").replace("\n", " ")


def _walk(root: Any) -> Iterator[tuple[str, Any]]:
    """Give start and end of every element, silent ones without their inside; no recursion, pages nest deep."""
    walk = iterwalk(root, events=("start", "end", "comment", "pi"))
    for event, element in walk:
        if event in ("comment", "pi"):
            yield "end", element
            continue
        if event == "start" and element.tag in _SILENT:
            walk.skip_subtree()
        yield event, element
