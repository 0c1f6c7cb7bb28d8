"""The receipt: which runs stand behind a page, how long they took, and how to repeat them."""

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from schemas.manifest import Manifest
from workers.report.data import Receipt, Run, Stage

_SECRET = re.compile(r"(?<=//)[^/@\s]+@")
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
    """Runs left to right, each right of all its parents, and the lines between them as SVG paths."""

    width: int
    height: int
    nodes: list[Node]
    lines: list[str]


def receipt(manifests: Sequence[Manifest], lake: str) -> Receipt:
    """The runs oldest first."""
    ordered = sorted(manifests, key=lambda manifest: manifest.run_id)
    known = {manifest.run_id for manifest in ordered}
    untrained = {manifest.run_id for manifest in ordered if _is_untrained(manifest)}
    runs = [_run(manifest, known, untrained) for manifest in ordered]
    commands = [_command(manifest, lake) for manifest in ordered if _is_repeatable(manifest)]
    return Receipt(runs, list(dict.fromkeys(commands)))


def without_secrets(value: Any) -> Any:
    """A JSON value whose addresses hold no user and password: a report is mailed around."""
    if isinstance(value, str):
        return _SECRET.sub("", value)
    if isinstance(value, dict):
        return {key: without_secrets(item) for key, item in value.items()}
    if isinstance(value, list):
        return [without_secrets(item) for item in value]
    return value


def lineage(runs: Sequence[Run]) -> Lineage:
    """Place each run in the column after its last parent, crawls of the shops above each other."""
    column: dict[str, int] = {}
    by_id = {run.run_id: run for run in runs}

    def depth(run_id: str, above: frozenset[str] = frozenset()) -> int:
        if run_id not in column:
            parents = [p for p in by_id[run_id].parents if p in by_id and p not in above]
            column[run_id] = max((depth(p, above | {run_id}) + 1 for p in parents), default=0)
        return column[run_id]

    columns: dict[int, list[Run]] = {}
    for run in runs:
        columns.setdefault(depth(run.run_id), []).append(run)
    tallest = max((len(found) for found in columns.values()), default=1)
    height = tallest * (NODE_HEIGHT + _GAP_Y) - _GAP_Y
    nodes: dict[str, Node] = {}
    for place, found in sorted(columns.items()):
        top = (height - len(found) * (NODE_HEIGHT + _GAP_Y) + _GAP_Y) // 2
        for row, run in enumerate(found):
            nodes[run.run_id] = Node(run, place * (NODE_WIDTH + _GAP_X), top + row * (NODE_HEIGHT + _GAP_Y))
    lines = [
        _line(nodes[parent], nodes[run.run_id])
        for run in runs
        for parent in _nearest(run, by_id)
        if parent in nodes
    ]
    width = (max(columns, default=0) + 1) * (NODE_WIDTH + _GAP_X) - _GAP_X
    return Lineage(width, height, list(nodes.values()), lines)


def _nearest(run: Run, by_id: dict[str, Run]) -> list[str]:
    """Parents that are not reached through another parent as well: their lines would only repeat it."""

    def ancestors(run_id: str, seen: set[str]) -> set[str]:
        for parent in by_id[run_id].parents if run_id in by_id else ():
            if parent not in seen:
                seen.add(parent)
                ancestors(parent, seen)
        return seen

    beyond: set[str] = set()
    for parent in run.parents:
        beyond |= ancestors(parent, set())
    return [parent for parent in run.parents if parent not in beyond]


def _line(start: Node, end: Node) -> str:
    x1, y1 = start.x + NODE_WIDTH, start.y + NODE_HEIGHT // 2
    x2, y2 = end.x, end.y + NODE_HEIGHT // 2
    bend = x2 - _GAP_X // 2  # turn just before the child, so that a long line does not cross its neighbours
    return f"M{x1} {y1} H{bend - _GAP_X // 2} C{bend} {y1} {bend} {y2} {x2} {y2}"


def _run(manifest: Manifest, known: set[str], untrained: set[str]) -> Run:
    subject = (
        manifest.result.get("shop")
        or manifest.result.get("method")
        or manifest.parameters.get("method")
        or ""
    )
    if untrained.intersection([manifest.run_id, *manifest.parents]) and manifest.flow in ("train", "embed"):
        subject = "untrained"
    stages = [
        Stage(
            name,
            manifest.seconds.get(name),
            count.came_in if (count := manifest.counts.get(name)) else None,
            count.went_out if count else None,
            dict(count.rejected) if count else {},
        )
        for name in dict.fromkeys([*manifest.counts, *manifest.seconds])
    ]
    return Run(
        run_id=manifest.run_id,
        flow=manifest.flow,
        subject=str(subject),
        started=manifest.started_at,
        seconds=_seconds(manifest),
        parents=[parent for parent in manifest.parents if parent in known],
        stages=stages,
        parameters=without_secrets(manifest.parameters),
        code=code(manifest),
    )


def code(manifest: Manifest) -> str:
    """Version and, where known, commit that wrote a run."""
    version = manifest.code.get("vitrine") or "unknown"
    commit = manifest.code.get("commit", "")
    return f"vitrine {version}" + (f" ({commit[:10]})" if commit else "")


def machine(manifest: Manifest) -> str:
    """The machine of a run in one line."""
    said = manifest.machine
    gpus = said.get("gpus")
    parts = [
        f"{said['cores']} cores" if said.get("cores") else "",
        f"{said['memory_gib']} GiB memory" if said.get("memory_gib") else "",
        ", ".join(str(gpu) for gpu in gpus) if isinstance(gpus, list) and gpus else "no GPU",
        f"Python {said['python']}" if said.get("python") else "",
    ]
    return ", ".join(part for part in parts if part)


def _seconds(manifest: Manifest) -> float:
    try:
        begun, done = (datetime.fromisoformat(t) for t in (manifest.started_at, manifest.committed_at))
    except ValueError:
        return sum(manifest.seconds.values())
    # Stage times are finer than the two clock readings, which are whole seconds.
    return max(sum(manifest.seconds.values()), (done - begun).total_seconds())


def _is_repeatable(manifest: Manifest) -> bool:
    """Baselines are made by evaluate itself, so they need no command of their own."""
    if _is_untrained(manifest):
        return False
    return manifest.flow != "embed" or manifest.parameters.get("splits") is None


def _is_untrained(manifest: Manifest) -> bool:
    return manifest.flow == "train" and not manifest.result.get("images", 1)


def _command(manifest: Manifest, lake: str) -> str:
    words = ["vitrine", manifest.flow]
    if manifest.kind == "crawl" and manifest.parameters.get("source") != "import":
        words.append(str(manifest.parameters.get("url") or manifest.parameters.get("shop") or "URL"))
    elif manifest.kind == "crawl":
        words = ["vitrine", "import", str(manifest.parameters.get("path") or "PATH")]
        words += ["--shop", str(manifest.result.get("shop") or manifest.parameters.get("shop") or "NAME")]
    elif manifest.flow == "train":
        words.append(str(manifest.result.get("method") or manifest.parameters.get("method") or "METHOD"))
    return shlex.join(str(without_secrets(word)) for word in [*words, "--lake", lake])
