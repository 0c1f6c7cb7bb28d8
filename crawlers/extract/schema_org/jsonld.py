"""JSON-LD as shops write it: several blocks, graphs, references, one value or a list, often broken.

Reading is tolerant and never raises on a page's content: what cannot be understood is absent. The
mending below takes linear time, whatever is in a block.
"""

import html
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar

from scrapy.http import TextResponse

from crawlers.extract.schema_org.lenient_json import rewritten
from crawlers.extract.schema_org.property_names import node_of, types_of
from crawlers.extract.schema_org.units import unit_of, with_unit
from crawlers.extract.text import line_of

Node = dict[str, Any]
T = TypeVar("T")
DEEPEST = 12
_INSIDE = ("@graph", "@included", "mainEntity")
_LISTS = ("collectionpage", "searchresultspage")  # pages about many things
_SCRIPTS = "//script[contains(translate(@type, 'LDJSON', 'ldjson'), 'ld+json')]"
_LARGEST_WHOLE = 1e15  # beyond it a float no longer tells one whole number from the next
_THOUSANDTHS = re.compile(r"[1-9]\d{0,2}\.\d{3}")
_TERM = re.compile(r"\s*(?:https?://(?:www\.)?schema\.org/|schema:)\w+", re.I)
_BEGIN = re.compile(r"[\[{]")
# A string, also one that never ends, is one token, so that nothing inside it is taken for a comment or a comma.
_STRING = r'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)'
_NOISE = re.compile(
    rf"({_STRING})"
    r"|(?://[ \t]*)?<!\[CDATA\[|(?://[ \t]*)?\]\]>|<!--[^\[{\"]{0,200}?-->|<!--|(?://[ \t]*)?-->"
    r"|</?(?:p|br)\s*/?>"  # of an editor that takes line ends for paragraphs
    r"|//[^\n]*|/\*(?:[^*]|\*(?!/))*+(?:\*/|\Z)"
    r"|[^\x20-\x7e\t\n\r]+",  # between tokens nothing but ASCII means anything
    re.S,
)
_LAST_COMMA = re.compile(rf"({_STRING})|,(?=\s*+[\]}},])", re.S)  # before an end, or a comma that comes again
_ESCAPE = re.compile(r'\\(?:(["\\/bfnrt]|u[0-9a-fA-F]{4})|(.?))', re.S)


def _number(written: str) -> float | str:
    """Keep a number with three decimals as text: in a currency without any they are thousands."""
    return written if _THOUSANDTHS.fullmatch(written) else float(written)


# Raw newlines and other control characters in strings are kept.
_DECODER = json.JSONDecoder(strict=False, object_pairs_hook=node_of, parse_float=_number)


def nodes_on(page: TextResponse) -> tuple[list[Node], list[str]]:
    """Read every node of a page's JSON-LD blocks, with graphs opened; and the broken blocks.

    A block, or the rest of one, that no reading mends is returned as text, for the caller to say what was lost.
    """
    nodes: list[Node] = []
    broken: list[str] = []
    for script in page.xpath(_SCRIPTS):
        values, rest = values_in(str(script.root.text or ""))
        nodes += [node for value in values for node in opened(value)]
        if rest:
            broken.append(rest)
    return nodes, broken


def values_in(text: str) -> tuple[list[Any], str]:
    """Read the JSON values of a block, in order, and what of it could not be read (empty when nothing is lost)."""
    try:
        value = _DECODER.decode(text)
        if isinstance(value, str) and value.lstrip()[:1] in ("{", "["):  # a block that was encoded twice
            return _values_in_broken(value)
        return [value], ""
    except (ValueError, RecursionError):  # deep nesting, and numbers of thousands of digits
        return _values_in_broken(text)


def _values_in_broken(text: str) -> tuple[list[Any], str]:
    best: tuple[list[Any], str] = ([], text if text.strip() else "")
    for reading in (_plain, _unescaped, rewritten, _unescaped_by_hand):
        values, rest = _sequence(reading(text))
        if values and not rest:
            return values, ""
        if len(values) > len(best[0]):
            best = values, rest
    return best


def of_type(nodes: list[Node], *types: str) -> Iterator[Node]:
    """Find nodes of any of the schema.org types, in page order."""
    wanted = {name.lower() for name in types}
    for node in nodes:
        if not wanted.isdisjoint(types_of(node)):
            yield node


def follow(value: Any, nodes_by_id: Mapping[str, Node]) -> Any:
    """Give the node a bare `{"@id": ...}` stands for, else the value itself; in a list, of each."""
    if isinstance(value, list):
        return [part if isinstance(part, list) else follow(part, nodes_by_id) for part in value]
    if isinstance(value, dict) and set(value) <= {"@id", "@type"} and isinstance(value.get("@id"), str):
        return nodes_by_id.get(value["@id"], value)
    return value


def referred(node: Node, nodes_by_id: Mapping[str, Node]) -> Node:
    """Give what a reference to a node leads to: the node itself, unless others have the same `@id`."""
    identity = node.get("@id")
    return nodes_by_id.get(identity, node) if isinstance(identity, str) else node


def listed(value: Any) -> list[Any]:
    """Give one value or many as many; nothing as none."""
    if value is None or value == "":
        return []
    return value if isinstance(value, list) else [value]


def parts(value: Any) -> list[Node]:
    """Give the nodes among one value or many."""
    return [part for part in listed(value) if isinstance(part, dict)]


def distinct(values: Iterable[T]) -> list[T]:
    """Keep each object once, in order: a page may refer to one node from everywhere, and it is read once."""
    return list({id(value): value for value in values}.values())


def said_in(nodes: Iterable[Node], name: str) -> list[Any]:
    """Give what nodes say as one property, each object once: `follow` makes a new list of what many refer to."""
    return distinct(value for node in nodes for value in listed(node.get(name)))


def line_in(value: Any) -> str:
    """Read what a property says as one line: the first of what `lines_in` gives."""
    return next(lines_in(value), "")


def lines_in(value: Any, depth: int = 0) -> Iterator[str]:
    """Read each thing a property says as one line: a text, a number, the name or the values of a node.

    A node that states only minValue and maxValue (schema.org/QuantitativeValue) is a range, `36-42`; the unit of either
    is written behind it, `65 cm`. One that is only the `@id` of a schema.org term, as a member of an enumeration may be
    written, is that address.
    """
    if depth > DEEPEST or value is None or isinstance(value, bool):
        return
    if isinstance(value, str):
        if text := line_of(value):
            yield text
    elif isinstance(value, int | float):
        # A number that went through a table or a script: 100123.0 is the number 100123.
        is_whole = isinstance(value, float) and abs(value) < _LARGEST_WHOLE and value.is_integer()
        yield str(int(value) if is_whole else value)
    elif isinstance(value, list):
        for item in value:
            yield from lines_in(item, depth + 1)
    elif isinstance(value, dict):
        yield from _said_by(value, depth + 1)


def _said_by(node: Node, depth: int) -> Iterator[str]:
    for key in ("name", "@value", "value"):
        said = lines_in(node.get(key), depth)
        if (first := next(said, None)) is not None:
            unit = _unit(node, depth) if key != "name" else ""
            yield with_unit(first, unit)
            yield from (with_unit(line, unit) for line in said)
            return
    ends = [text for key in ("minValue", "maxValue") if (text := next(lines_in(node.get(key), depth), ""))]
    identity = node.get("@id")
    if ends:
        yield with_unit("-".join(dict.fromkeys(ends)), _unit(node, depth))
    elif isinstance(identity, str) and _TERM.match(identity):
        yield line_of(identity)


def _unit(node: Node, depth: int) -> str:
    if "unitText" not in node and "unitCode" not in node:
        return ""
    text, code = (next(lines_in(node.get(name), depth), "") for name in ("unitText", "unitCode"))
    return unit_of(text, code)


def _sequence(text: str) -> tuple[list[Any], str]:
    """Read values that stand one after the other, whatever is between, and the text from the first broken one on."""
    values: list[Any] = []
    at = 0
    while begin := _BEGIN.search(text, at):
        try:
            value, at = _DECODER.raw_decode(text, begin.start())
        except (ValueError, RecursionError):
            return values, text[begin.start() :]
        values.append(value)
    return values, "" if values else text.strip()


def _plain(text: str) -> str:
    """Drop comments, CDATA marks, stray bytes between tokens, last commas and escapes JSON does not know."""
    text = _NOISE.sub(lambda match: _escaped(match[1]) if match[1] else " ", text)
    return _LAST_COMMA.sub(lambda match: match[1] or "", text)


def _unescaped(text: str) -> str:
    """Mend the same of a block whose quotes were escaped as if it were HTML."""
    return _plain(html.unescape(text))


def _unescaped_by_hand(text: str) -> str:
    """Rewrite a block that is broken and whose quotes were escaped, as by WordPress: `&#8220;name&#8221;`."""
    return rewritten(html.unescape(text)) if "&" in text else ""


def _escaped(string: str) -> str:
    """Give a string in which a backslash before anything else is no escape: `\\'` is `'`, `\\d` is `d`."""
    return _ESCAPE.sub(lambda match: match[0] if match[1] else match[2], string) if "\\" in string else string


def opened(item: Any, depth: int = 0) -> Iterator[Node]:
    """Yield a node, and those inside its @graph, mainEntity and lists; what a page of any type or an offer is about."""
    if depth > DEEPEST:
        return
    if isinstance(item, list):
        for part in item:
            yield from opened(part, depth + 1)
    elif isinstance(item, dict):
        yield item
        for inside in (*_INSIDE, *_inside_of(item)):
            if inside in item:
                yield from opened(item[inside], depth + 1)


def _inside_of(node: Node) -> tuple[str, ...]:
    """Name the properties that hold what a node is there for: an ItemPage's product, the Product of an Offer on top."""
    types = types_of(node)
    if any(name.endswith("page") and name not in _LISTS for name in types):
        return ("product", "about")
    if "aggregateoffer" in types:
        return ("itemOffered", "offers")
    return ("itemOffered",) if "offer" in types else ()
