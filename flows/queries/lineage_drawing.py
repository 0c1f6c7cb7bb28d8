"""A lineage for people: as a tree of lines, and as an SVG picture, a box a run."""

import os
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any

from rich.text import Text
from rich.tree import Tree

from flows.printable import cell, harmless
from flows.queries.lineage import GONE
from schemas.errors import InputError

MOST_SIDE_BY_SIDE = 8  # of one flow, made into the same run: a label run reads a hundred crawls
WIDTH, HEIGHT, GAP_X, GAP_Y, MARGIN = 210, 52, 60, 14, 16  # px
STYLE = """
text{font:12px system-ui,-apple-system,"Segoe UI",Helvetica,Arial,sans-serif;fill:#222}
.flow{font-weight:650;font-size:13px}.small{font-size:11px;fill:#5b6472}
rect{fill:#f6f8fa;stroke:#c8d1da}.root rect{fill:#e6f2ea;stroke:#5a9a70}.gone rect{fill:#fff;stroke-dasharray:4 3}
path{fill:none;stroke:#9aa5b1;stroke-width:1.3}
@media(prefers-color-scheme:dark){text{fill:#e6e6e6}.small{fill:#a9b2bc}rect{fill:#20262d;stroke:#46505a}
.root rect{fill:#1d3526;stroke:#5a9a70}.gone rect{fill:#14181c}svg{background:#14181c}}
"""


def tree(told: dict[str, Any]) -> Tree:
    """The runs behind the root, indented below what they were made into; one that was named is not unfolded again."""
    nodes = {node["id"]: node for node in told["nodes"]}
    top = Tree(_line(nodes[told["root"]]), guide_style="dim")
    unfolded: set[str] = {told["root"]}

    def grow(branch: Tree, node: dict[str, Any]) -> None:
        shown, left = _shown(node["parents"], nodes)
        for parent in shown:
            again = parent in unfolded
            below = branch.add(_line(nodes[parent], again and bool(nodes[parent]["parents"])))
            if not again:
                unfolded.add(parent)
                grow(below, nodes[parent])
        if left:
            branch.add(Text(f"and {left:,} more", style="dim"))

    grow(top, nodes[told["root"]])
    return top


def _line(node: dict[str, Any], again: bool = False) -> Text:
    above = "  (see above)" if again else ""
    return Text(harmless(f"{node['flow']:<9} {node['id']}  {node['summary']}{above}".rstrip()))


def _shown(parents: list[str], nodes: dict[str, Any]) -> tuple[list[str], int]:
    """Those of a run's parents that are shown, and how many are left out: the oldest of a flow that has many."""
    by_flow: dict[str, list[str]] = {}
    for parent in parents:
        by_flow.setdefault(nodes[parent]["flow"], []).append(parent)
    kept = {name for names in by_flow.values() for name in sorted(names)[-MOST_SIDE_BY_SIDE:]}
    return [parent for parent in parents if parent in kept], len(parents) - len(kept)


def write_svg(told: dict[str, Any], out: str) -> str:
    """Draw a lineage to a file, whole or as it was; returns its path, nothing where no file is named.

    Raises InputError where it cannot be written, or its name says another format.
    """
    if not out:
        return ""
    path = Path(out).expanduser()
    if path.suffix.lower() != ".svg":
        raise InputError(out, "is no name of a picture; one that ends in .svg is wanted")
    try:
        temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
        temporary.write_text(svg(told), "utf-8")
        temporary.replace(path)
    except OSError as error:
        raise InputError(out, error.strerror or "cannot be written") from error
    return str(path)


def svg(told: dict[str, Any]) -> str:
    """A picture of the same: crawls at the left, the root at the right, a line from each run to what it made."""
    nodes = {node["id"]: node for node in told["nodes"]}
    shown, lines, more = _reached(told["root"], nodes)
    depth = _depths(told["root"], lines)
    columns: dict[int, list[str]] = {}
    for run_id in shown:
        columns.setdefault(depth[run_id], []).append(run_id)
    deepest, most = max(columns), max(len(names) for names in columns.values())
    places = {
        run_id: (MARGIN + (deepest - column) * (WIDTH + GAP_X), MARGIN + row * (HEIGHT + GAP_Y))
        for column, names in columns.items()
        for row, run_id in enumerate(sorted(names, reverse=True))
    }
    width = 2 * MARGIN + (deepest + 1) * WIDTH + deepest * GAP_X
    height = 2 * MARGIN + most * (HEIGHT + GAP_Y) + HEIGHT // 2
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" role="img"'
        f' viewBox="0 0 {width} {height}"><title>What {escape(told["root"])} was made of</title>',
        f"<style>{STYLE}</style>",
        *(_edge(places[parent], places[child]) for child, parent in lines),
        *(
            _box(nodes[run_id], *places[run_id], run_id == told["root"], more.get(run_id, 0))
            for run_id in shown
        ),
        "</svg>\n",
    ]
    return "\n".join(parts)


def _reached(root: str, nodes: dict[str, Any]) -> tuple[list[str], list[tuple[str, str]], dict[str, int]]:
    """Ids that are drawn, lines of a run and one it was made of, and of how many more no box is drawn."""
    waiting, lines, more = [root], list[tuple[str, str]](), dict[str, int]()
    for run_id in waiting:
        shown, left = _shown(nodes[run_id]["parents"], nodes)
        lines += [(run_id, parent) for parent in shown]
        more |= {run_id: left} if left else {}
        waiting += [parent for parent in dict.fromkeys(shown) if parent not in waiting]
    return waiting, lines, more


def _depths(root: str, lines: list[tuple[str, str]]) -> dict[str, int]:
    """How many steps lie between a run and the root, by the longest way: no line leads back."""
    depth, waiting = {root: 0}, [root]
    while waiting:
        run_id = waiting.pop()
        for child, parent in lines:
            if child == run_id and depth.get(parent, -1) < depth[run_id] + 1:
                depth[parent] = depth[run_id] + 1
                waiting.append(parent)
    return depth


def _edge(start: tuple[int, int], end: tuple[int, int]) -> str:
    x, y, to_x, to_y = start[0] + WIDTH, start[1] + HEIGHT // 2, end[0], end[1] + HEIGHT // 2
    below = HEIGHT if to_x - x > GAP_X else 0  # past the boxes between
    return f'<path d="M{x} {y}C{x + GAP_X} {y + below} {to_x - GAP_X} {to_y + below} {to_x} {to_y}"/>'


def _box(node: dict[str, Any], x: int, y: int, is_root: bool, more: int) -> str:
    kind = "root" if is_root else "gone" if node["flow"] == GONE else "run"
    flow = f"{node['flow']}, and {more:,} more made it" if more else node["flow"]
    return "".join(_box_parts(kind, escape(harmless(flow)), node, x, y))


def _box_parts(kind: str, flow: str, node: dict[str, Any], x: int, y: int) -> Iterator[str]:
    yield f'<g class="{kind}" transform="translate({x} {y})"><title>{escape(harmless(node["summary"]))}</title>'
    yield f'<rect width="{WIDTH}" height="{HEIGHT}" rx="6"/><text class="flow" x="10" y="17">{flow}</text>'
    yield f'<text class="small" x="10" y="31">{escape(node["id"])}</text>'
    yield f'<text class="small" x="10" y="45">{escape(cell(node["summary"], 34))}</text></g>'
