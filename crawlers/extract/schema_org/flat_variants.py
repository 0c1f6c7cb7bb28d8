"""Variants that stand side by side without a group and without addresses: "Wool coat - Navy", "Wool coat - Camel".

They are one product where the page is headed by what their names share, and what each has of its own is what it states
as its colour or size, or is set apart by a mark. A list of products has neither such a heading nor such names.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, takewhile

from crawlers.extract.schema_org.jsonld import Node, line_in, lines_in, parts

_VARIED = ("color", "size", "pattern", "material", "additionalProperty")
_NUMBERS = ("sku", "productID", "mpn", "gtin", "gtin8", "gtin12", "gtin13", "gtin14")
_KEYS = ("productID", "mpn", "sku")
_OF_A_VARIANT = frozenset(
    [*_VARIED, *_NUMBERS, "@id", "url", "offers", "image", "price", "priceSpecification"]
)
_MOST = 1_000  # variants, and values of one
_MOST_OWN = 6  # words that a variant adds to the name
_LONGEST = 500  # characters of a name
_WORD = re.compile(r"\w+")
_APART = re.compile(r"\s*[|/,;:(\[·–—-]\s*|\s{2,}")


def words_of(text: str) -> tuple[str, ...]:
    """Split a name into its words, whatever their case and the marks between them."""
    return tuple(_WORD.findall(text[:_LONGEST].casefold()))


def united_variants(nodes: Sequence[Node], headings: Iterable[str]) -> Node | None:
    """Make one product of those that vary one; None where they do not.

    nodes     products of which none states a page of its own
    headings  of their page: their words, parted by blanks
    """
    named = [
        (node, line, words)
        for node in islice(nodes, _MOST)
        if (line := line_in(node.get("name"))) and (words := words_of(line))
    ]
    said = [tuple(heading.split()) for heading in headings]
    names = [words for *_, words in named]
    if len(named) < 2 or _is_one_headed(set(names), said):
        return None
    for shared in _stems(names, said):
        family = [each for each in named if _own_words(each[2], shared) is not None]
        if len(family) > 1 and _vary(family, shared, headed=shared in said):
            return _group([node for node, *_ in family], _name(family[0][1], shared))
    return None


Named = tuple[Node, str, tuple[str, ...]]  # a product, its name and the words of that


def _is_one_headed(names: set[tuple[str, ...]], headings: list[tuple[str, ...]]) -> bool:
    """Whether the page is headed by one of several names, of which the others are no extension."""
    headed = names.intersection(headings)
    others = names - headed
    return bool(headed and others) and not any(_own_words(other, name) for name in headed for other in others)


def _stems(names: list[tuple[str, ...]], headings: list[tuple[str, ...]]) -> Iterator[tuple[str, ...]]:
    """Give what the variants' names may share: a whole heading, or what all names begin or end with."""
    yield from filter(None, headings)
    first = _shared(names)
    last = _shared([name[::-1] for name in names])[::-1]
    for shared in filter(None, (first, last)):
        if len(set(names)) == 1 or any(_is_within(shared, heading) for heading in headings):
            yield shared


def _is_within(shared: tuple[str, ...], heading: tuple[str, ...]) -> bool:
    """Whether one stands in the other: a title adds the shop to the name, and names add the brand to a heading."""
    one, other = (f" {' '.join(words)} " for words in (shared, heading))
    return one in other or (len(heading) > 1 and other in one)


def _shared(names: list[tuple[str, ...]]) -> tuple[str, ...]:
    alike = takewhile(lambda words: len(set(words)) == 1, zip(*names, strict=False))
    return tuple(words[0] for words in alike)


def _own_words(words: tuple[str, ...], shared: tuple[str, ...]) -> tuple[str, ...] | None:
    """Give the words of a name beside the shared ones; None where it does not begin or end with these."""
    number = len(shared)
    if words[:number] == shared:
        own = words[number:]
    elif words[-number:] == shared:
        own = words[:-number]
    else:
        return None
    return own if len(own) <= _MOST_OWN else None


def _vary(family: list[Named], shared: tuple[str, ...], *, headed: bool) -> bool:
    """Whether products are variants of one: each states what its name adds, or sets it apart under a heading."""
    own = [_own_words(words, shared) or () for *_, words in family]
    brands = {line_in(node.get("brand")) for node, *_ in family}
    if not any(own):  # all are named alike
        return len(brands) == 1 and _differ([node for node, *_ in family])
    if len(brands - {""}) > 1:
        return False
    if len(set(own)) < len(own) and not _differ([node for node, *_ in family]):
        return False
    stated = all(set(added) <= _stated_words(node) for added, (node, *_) in zip(own, family, strict=True))
    if stated:
        return headed or len(shared) > 1
    return headed and all(
        not added or _sets_apart(line, len(shared)) for added, (_, line, _) in zip(own, family, strict=True)
    )


def _differ(nodes: list[Node]) -> bool:
    """Whether each product has a number of its own: two nodes of one product mostly have the same, or one has none."""
    numbers = [next(filter(None, (line_in(node.get(key)) for key in _NUMBERS)), "") for node in nodes]
    return all(numbers) and len(set(numbers)) == len(numbers)


def _stated_words(node: Node) -> set[str]:
    lines = (
        line
        for name in _VARIED
        for value in ([part.get("value") for part in parts(node.get(name))] + [node.get(name)])
        for line in islice(lines_in(value), _MOST)
    )
    return {word for line in lines for word in words_of(line)}


def _sets_apart(name: str, number: int) -> bool:
    """Whether a mark stands in a name behind as many words, or in front of as many at its end."""
    spans = [match.span() for match in _WORD.finditer(name[:_LONGEST])]
    ends = [(spans[at - 1][1], spans[at][0]) for at in (number, len(spans) - number) if 0 < at < len(spans)]
    return any(_APART.fullmatch(name, begin, end) for begin, end in ends)


def _name(name: str, shared: tuple[str, ...]) -> str:
    """Cut a variant's name to the words that all share, as they are written."""
    spans = [match.span() for match in _WORD.finditer(name[:_LONGEST])]
    number = len(shared)
    if words_of(name)[:number] == shared:
        return name[: spans[number - 1][1]] if len(spans) > number else name
    return name[spans[len(spans) - number][0] :]


def _group(variants: list[Node], name: str) -> Node:
    """Make the product of its variants: what is none of theirs is the first one's, and numbers are those all share."""
    first = variants[0]
    whole = {key: value for key, value in first.items() if key not in _OF_A_VARIANT}
    shared = [
        key for key in _KEYS if first.get(key) and all(each.get(key) == first[key] for each in variants)
    ]
    whole |= {key: first[key] for key in shared or ["sku"] if first.get(key)}
    return whole | {"name": name, "hasVariant": variants}
