"""The nodes of one markup of a page and what their `@id`s stand for, wherever in one another they are written.

An `@id` is an address, relative ones on the page (JSON-LD 1.1, section 3.3): `#brand` and the page's own address with
that fragment are one. Nodes of one `@id` are one node, whose properties add up.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from crawlers.extract.page_url import joined
from crawlers.extract.schema_org.jsonld import Node, distinct, listed

_MOST_NODES = 100_000  # of one page, nested ones too
_MOST_TOLD = 20  # nodes of one @id whose properties are added up
_HOLDS_NODES = (dict, list)
_LONGEST = 2_000  # characters of an @id that is more than its own text


class NodesById(Mapping[str, Node]):
    """The node that each `@id` stands for, for `jsonld.follow`; a bare reference defines nothing.

    Of what several nodes of one `@id` say the first statement counts, property by property. Nodes are looked through
    at the first question, so that a page without any reference pays nothing.
    """

    def __init__(self, nodes: Sequence[Node], pages: Sequence[str] = ()) -> None:
        """pages: addresses of the page, the one that links on it start from first."""
        self._nodes = nodes
        self._of_page = pages

    def __getitem__(self, identity: str) -> Node:
        return self._known[self.spelt(identity)]

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)

    @cached_property
    def _pages(self) -> list[str]:
        return [page.partition("#")[0] for page in self._of_page]

    @cached_property
    def _known(self) -> dict[str, Node]:
        told: dict[str, list[Node]] = {}
        for node in _every(self._nodes):
            identity = node.get("@id")
            if isinstance(identity, str) and len(node) > 1:
                told.setdefault(self.spelt(identity), []).append(node)
        return {identity: _added_up(nodes[:_MOST_TOLD]) for identity, nodes in told.items()}

    def spelt(self, identity: str) -> str:
        """Spell an @id in the one way that all its spellings have: on this page it is a fragment alone."""
        text = identity.strip()
        if not self._pages or text.startswith(("#", "_:")) or len(text) > _LONGEST:
            return text
        place, mark, fragment = joined(self._pages[0], text).partition("#")
        return f"#{fragment}" if mark and place in self._pages else f"{place}{mark}{fragment}"


@dataclass(frozen=True)
class PageNodes:
    """What one markup of a page holds.

    nodes  those on top, as `jsonld.opened` gives them
    base   address that relative addresses of the page start from
    pages  addresses of the page itself, the one that its shop prefers first
    """

    nodes: list[Node]
    nodes_by_id: Mapping[str, Node]
    base: str
    pages: tuple[str, ...]

    @property
    def url(self) -> str:
        """The address that the page's shop prefers for it."""
        return self.pages[0]


def nodes_of(nodes: list[Node], base: str, pages: Iterable[str]) -> PageNodes:
    """Put the nodes of one markup together with where they stand.

    A node on top without a type says more of another on top that has its `@id`, and is put into that.
    """
    pages = tuple(dict.fromkeys(pages))
    nodes_by_id = NodesById(nodes, (base, *pages))
    if any("@type" not in node and len(node) > 1 and isinstance(node.get("@id"), str) for node in nodes):
        nodes = _filled(nodes, nodes_by_id)
        nodes_by_id = NodesById(nodes, (base, *pages))
    return PageNodes(nodes, nodes_by_id, base, pages)


def _filled(nodes: list[Node], nodes_by_id: NodesById) -> list[Node]:
    identities = [
        nodes_by_id.spelt(identity) if isinstance(identity := node.get("@id"), str) else "" for node in nodes
    ]
    untyped = {
        identity for identity, node in zip(identities, nodes, strict=True) if identity and "@type" not in node
    }
    whole: list[Node] = []
    for identity, node in zip(identities, nodes, strict=True):
        if identity in untyped and "@type" in node:
            untyped.remove(identity)
            node = _added_up([node, nodes_by_id.get(identity, node)])
        whole.append(node)
    return whole


def _added_up(nodes: list[Node]) -> Node:
    """Give one node that says what all do; a single one as it is."""
    if len(nodes) == 1:
        return nodes[0]
    whole: Node = {}
    for node in nodes:
        for name, value in node.items():
            if name == "@type" and name in whole:
                whole[name] = distinct([*listed(whole[name]), *listed(value)])
            elif whole.get(name) in (None, "", []):
                whole[name] = value
    return nodes[0] if whole == nodes[0] else whole


def _every(nodes: Sequence[Node]) -> Iterator[Node]:
    """Give nodes and those inside them, each once, in the order in which they are written."""
    seen: set[int] = set()
    stack: list[Any] = list(reversed(nodes))
    while stack and len(seen) < _MOST_NODES:
        value = stack.pop()
        if isinstance(value, dict):
            if id(value) in seen:
                continue
            seen.add(id(value))
            yield value
            value = value.values()
        stack += [part for part in reversed(value) if isinstance(part, _HOLDS_NODES)]
