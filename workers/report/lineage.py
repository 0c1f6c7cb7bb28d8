"""The runs behind a page as a drawing: left to right, each right of all its parents."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from workers.report.data import Run

NODE_WIDTH, NODE_HEIGHT = 176, 44
_GAP_X, _GAP_Y = 56, 16


@dataclass(frozen=True)
class Node:
    """A run at its place in the drawing, in pixels."""

    run: Run
    x: int
    y: int


@dataclass(frozen=True)
class Lineage:
    """The drawing: its size, the runs, and the lines between them as SVG paths."""

    width: int
    height: int
    nodes: list[Node]
    lines: list[str]


@dataclass
class _Columns:
    """Which runs stand in which column, and the free places that long lines pass through."""

    slots: dict[int, list[str]] = field(default_factory=dict)

    def add(self, column: int, slot: str) -> None:
        own = self.slots.setdefault(column, [])
        if slot not in own:
            own.append(slot)

    def place(self, column: int, slot: str) -> tuple[int, int]:
        """Left edge and vertical middle of a slot; each column is centred."""
        tallest = max(map(len, self.slots.values()))
        own = self.slots[column]
        step = NODE_HEIGHT + _GAP_Y
        top = (tallest - len(own)) * step // 2
        return column * (NODE_WIDTH + _GAP_X), top + own.index(slot) * step + NODE_HEIGHT // 2


def lineage(runs: Sequence[Run]) -> Lineage:
    """Place the runs and draw the lines; a line over several columns gets a free place in each it passes."""
    if not runs:
        return Lineage(0, 0, [], [])
    by_id = {run.run_id: run for run in runs}
    column = depths({run.run_id: run.parents for run in runs})
    columns = _Columns()
    for run in runs:
        columns.add(column[run.run_id], run.run_id)
    edges = [(parent, run.run_id) for run in runs for parent in _nearest(run, by_id)]
    edges = [(parent, child) for parent, child in edges if column[parent] < column[child]]
    for parent, child in edges:
        for passed in range(column[parent] + 1, column[child]):
            columns.add(passed, f"line from {parent}")
    lines = []
    for parent, child in edges:
        steps = [(column[parent], parent)]
        steps += [(passed, f"line from {parent}") for passed in range(column[parent] + 1, column[child])]
        lines.append(_path([columns.place(*step) for step in [*steps, (column[child], child)]]))
    places = {run.run_id: columns.place(column[run.run_id], run.run_id) for run in runs}
    nodes = [Node(run, places[run.run_id][0], places[run.run_id][1] - NODE_HEIGHT // 2) for run in runs]
    width = (max(columns.slots) + 1) * (NODE_WIDTH + _GAP_X) - _GAP_X
    height = max(map(len, columns.slots.values())) * (NODE_HEIGHT + _GAP_Y) - _GAP_Y
    return Lineage(width, height, nodes, list(dict.fromkeys(lines)))


def depths(parents: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """How many runs lie before each: 0 without a known parent, else one more than its deepest parent.

    Not the order of ids: two runs of one second sort by chance.
    """
    found: dict[str, int] = {}

    def depth(run_id: str, above: tuple[str, ...]) -> int:
        if run_id not in found:
            known = [p for p in parents[run_id] if p in parents and p not in above]
            found[run_id] = max((depth(parent, (*above, run_id)) + 1 for parent in known), default=0)
        return found[run_id]

    for run_id in sorted(parents):
        depth(run_id, (run_id,))
    return found


def _nearest(run: Run, by_id: dict[str, Run]) -> list[str]:
    """Parents that no other parent leads to as well: their lines would only repeat it."""
    beyond: set[str] = set()
    ahead = [parent for parent in run.parents if parent in by_id]
    while ahead:
        for parent in by_id[ahead.pop()].parents:
            if parent in by_id and parent not in beyond:
                beyond.add(parent)
                ahead.append(parent)
    return [p for p in dict.fromkeys(run.parents) if p in by_id and p not in beyond]


def _path(places: Sequence[tuple[int, int]]) -> str:
    """From the right edge of the first place through the others to the left edge of the last."""
    x, y = places[0][0] + NODE_WIDTH, places[0][1]
    path = f"M{x} {y}"
    for at, (left, middle) in enumerate(places[1:], 1):
        bend = (x + left) // 2
        path += f" C{bend} {y} {bend} {middle} {left} {middle}"
        if at < len(places) - 1:
            path += f" H{left + NODE_WIDTH}"
        x, y = left + NODE_WIDTH, middle
    return path
