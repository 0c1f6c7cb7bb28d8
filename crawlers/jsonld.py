"""JSON-LD as shops write it: several blocks, graphs, references, one value or a list, sometimes broken.

Reading is tolerant and never raises on a page's content: what cannot be understood is absent.
"""

import html
import re
from collections.abc import Iterator
from typing import Any

from extruct.jsonld import JsonLdExtractor
from scrapy.http import TextResponse

from crawlers.text import line_of

Node = dict[str, Any]
DEEPEST = 12
_TYPE = "application/ld+json"
_SCRIPTS = "//script[contains(translate(@type, 'LDJSON', 'ldjson'), 'ld+json')]"
_WRAPPED = re.compile(r"^\s*(?:<!--|//\s*<!\[CDATA\[|<!\[CDATA\[)|(?://\s*)?(?:-->|\]\]>)\s*$")
_extractor = JsonLdExtractor()


def nodes_on(page: TextResponse) -> tuple[list[Node], list[str]]:
    """Every node of a page's JSON-LD blocks, graphs opened and references followed; and the broken blocks.

    A block that no reading mends is returned as text, for the caller to say what was lost.
    """
    nodes: list[Node] = []
    broken: list[str] = []
    for script in page.xpath(_SCRIPTS):
        element = script.root
        element.set("type", _TYPE)  # extruct wants it to the letter; shops add a charset or capitals
        try:
            found = _extractor.extract_items(element)
        except (ValueError, RecursionError):
            found = None
        if found is None:
            found = _mended(element)
        if found is None:
            broken.append(str(element.text or ""))
        else:
            nodes += [node for item in found for node in _opened(item)]
    return nodes, broken


def of_type(nodes: list[Node], *types: str) -> Iterator[Node]:
    """Nodes of any of the schema.org types, in page order."""
    wanted = {name.lower() for name in types}
    for node in nodes:
        stated = node.get("@type")
        for name in stated if isinstance(stated, list) else [stated]:
            if isinstance(name, str) and re.split(r"[/:#]", name)[-1].lower() in wanted:
                yield node
                break


def resolved(nodes: list[Node]) -> dict[str, Node]:
    """Nodes by their @id, for `follow`; a bare reference defines nothing."""
    return {str(node["@id"]): node for node in nodes if len(node) > 1 and isinstance(node.get("@id"), str)}


def follow(value: Any, known: dict[str, Node]) -> Any:
    """The node a bare `{"@id": ...}` stands for, else the value itself."""
    if isinstance(value, dict) and set(value) <= {"@id", "@type"} and isinstance(value.get("@id"), str):
        return known.get(value["@id"], value)
    return value


def listed(value: Any) -> list[Any]:
    """One value or many as many; nothing as none."""
    if value is None or value == "":
        return []
    return value if isinstance(value, list) else [value]


def said(value: Any, depth: int = 0) -> str:
    """What a property says as one line: text, a number, a node's name or value, or the first of several."""
    if depth > DEEPEST or value is None or isinstance(value, bool):
        return ""
    if isinstance(value, str):
        return line_of(value)
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, list):
        return next((text for item in value if (text := said(item, depth + 1))), "")
    if isinstance(value, dict):
        return next(
            (text for key in ("name", "@value", "value") if (text := said(value.get(key), depth + 1))), ""
        )
    return ""


def _mended(element: Any) -> list[Any] | None:
    """A second reading of a broken block: entities unescaped, comment wrappers and a last semicolon gone."""
    text = html.unescape(_WRAPPED.sub("", _WRAPPED.sub("", str(element.text or ""))))
    text = text.strip().rstrip(";")
    if not text or text == element.text:
        return [] if not text else None
    again = element.makeelement("script", {"type": _TYPE})
    try:
        again.text = text
        return list(_extractor.extract_items(again))
    except (ValueError, RecursionError):
        return None


def _opened(item: Any, depth: int = 0) -> Iterator[Node]:
    """A node, and those inside its @graph, mainEntity and lists."""
    if depth > DEEPEST:
        return
    if isinstance(item, list):
        for part in item:
            yield from _opened(part, depth + 1)
    elif isinstance(item, dict):
        yield item
        for inside in ("@graph", "mainEntity"):
            yield from _opened(item.get(inside), depth + 1)
