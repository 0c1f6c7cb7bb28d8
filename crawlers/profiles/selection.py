"""A profile's rules applied to a page: which text, address, amount or fact they find. Nothing here raises."""

import re
from collections.abc import Iterable, Iterator
from itertools import takewhile

from parsel import Selector

from crawlers.extract.choices import choices_in
from crawlers.extract.fact_names import joined
from crawlers.extract.photos.photo_markup import file_at, largest_in
from crawlers.extract.photos.photo_sizes import largest_of_each
from crawlers.extract.photos.photo_urls import add
from crawlers.extract.text import category_path, is_home, line_of, words_listed
from crawlers.profiles.shop_profile import Facts, Rule, Stock

LONGEST_VALUE = 12_000  # characters a regular expression is given: `(.+) x` takes 0.2 s of these
_MOST_MARKUP = 512 << 10  # characters read for one field: beyond, elements stand inside one another
_CHOICES = frozenset(["select", "option"])
_CRUMB = re.compile(r"\s*[›»→|]\s*")


def values(page: Selector, url: str, rules: Iterable[Rule] | None) -> list[str]:
    """Find what the first alternative that finds anything finds: HTML of elements, or text of attributes."""
    for rule in rules or ():
        if texts := [text for text in _texts(page, url, rule) if text.strip()]:
            return texts
    return []


def photos_of(page: Selector, base: str, rules: Iterable[Rule] | None) -> dict[str, str]:
    """View by address, in page order, each in its largest file; the first alternative that finds a photo counts."""
    for rule in rules or ():
        photos: dict[str, str] = {}
        for node in page.css(rule.css) if rule.css else ():
            caption = attribute(node, "alt") if _is_element(node) else ""
            add(photos, _matched(_address(node, rule.attribute), rule.regex), base, caption)
        if photos:
            return largest_of_each(photos)
    return {}


def _texts(page: Selector, url: str, rule: Rule) -> Iterator[str]:
    if rule.url is not None:
        yield _matched(url, rule.url)
        return
    reader = _Reader()
    for node in page.css(rule.css or ""):
        if rule.attribute:
            yield _matched(attribute(node, rule.attribute), rule.regex)
        elif _is_element(node) and node.root.tag in _CHOICES:
            yield from (_matched(choice, rule.regex) for choice in choices_in(node.root))
        elif reader.is_spent:
            return
        elif rule.regex:
            yield _matched(reader.text(node), rule.regex)
        else:
            yield reader.text(node, markup=True)


class _Reader:
    """Reads what elements show, for one field, up to a bound: of n elements inside one another each holds the rest."""

    def __init__(self) -> None:
        self._left = _MOST_MARKUP

    @property
    def is_spent(self) -> bool:
        """Whether nothing more is read."""
        return self._left <= 0

    def texts(self, nodes: Iterable[Selector]) -> list[str]:
        """Read elements until nothing more is read."""
        return [self.text(node) for node in takewhile(lambda node: not self.is_spent, nodes)]

    def text(self, node: Selector, *, markup: bool = False) -> str:
        """Read an element's text (or its HTML, which keeps lines apart); what a <meta> or <input> says."""
        written = str(node.get())
        self._left -= len(written)
        if not _is_element(node):
            return written
        content = attribute(node, {"meta": "content", "input": "value"}.get(node.root.tag, ""))
        line = content or line_of(written)
        return written if markup and line and not content else line


def attribute(node: Selector, name: str) -> str:
    """Read an attribute of an element, empty where there is none.

    Not parsel's `attrib`, which reads all of them and raises where one has a name that XML forbids.
    """
    try:
        return str(node.root.get(name) or "")
    except (AttributeError, ValueError):
        return ""


def _address(node: Selector, chosen: str | None) -> str:
    """Find where an element's photo lies; of several editions the largest."""
    if not _is_element(node):
        return str(node.get())
    if chosen is None:
        return file_at(node.root)
    value = attribute(node, chosen)
    return largest_in(value) if chosen.lower().endswith("srcset") else value


def _matched(text: str, pattern: str | None) -> str:
    if pattern is None:
        return text
    match = re.search(pattern, text[:LONGEST_VALUE])
    return (match[1] or "" if match.re.groups else match[0]) if match else ""


def categories_of(texts: list[str]) -> tuple[str, ...]:
    """Read a category path without the home page before it."""
    if len(texts) == 1:
        path = category_path(_CRUMB.sub(" > ", line_of(texts[0])))
    else:
        path = tuple(name for text in texts if (name := line_of(text).strip("/>›»→| ")))
    return path[1:] if path and is_home(path[0]) else path


def tags_of(texts: list[str]) -> tuple[str, ...]:
    """Read a list of words, also from one text with commas."""
    return words_listed(line_of(texts[0]) if len(texts) == 1 else texts)


def stock_of(page: Selector, rule: Stock | None) -> bool | None:
    """Whether the product can be bought; None where the page does not say."""
    if rule is None:
        return None
    if rule.present:
        return bool(page.css(rule.present))
    if rule.absent:
        return not page.css(rule.absent)
    texts = [text[:LONGEST_VALUE] for text in _Reader().texts(page.css(rule.css or ""))]
    return any(re.search(rule.text or "", text, re.I) for text in texts) if texts else None


def facts_of(page: Selector, rule: Facts | None) -> dict[str, str]:
    """Read named facts; several values of one name are joined by commas."""
    pairs: list[tuple[str, str]] = []
    if rule is not None and rule.rows:
        reader = _Reader()
        for row in takewhile(lambda row: not reader.is_spent, page.css(rule.rows)):
            label = next(iter(reader.texts(row.css(rule.name)[:1])), "")
            pairs.append((label, ", ".join(words_listed(reader.texts(row.css(rule.value))))))
    elif rule is not None:
        columns = [_Reader().texts(page.css(css)) for css in (rule.name, rule.value)]
        pairs = list(zip(*columns, strict=False))
    values_by_name: dict[str, list[str]] = {}
    for name, value in pairs:
        if (label := name.strip().rstrip(":").strip()) and value.strip():
            values_by_name.setdefault(label, []).append(value.strip())
    return {name: joined(texts) if len(texts) > 1 else texts[0] for name, texts in values_by_name.items()}


def hrefs_of(page: Selector, css: str) -> list[str]:
    """Read the addresses that the elements of a selector link to."""
    return [attribute(node, "href") if _is_element(node) else str(node.get()) for node in page.css(css)]


def _is_element(node: Selector) -> bool:
    return not isinstance(node.root, str)
