"""The record that makes a run exist: written last, it names every file and accounts for every row."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from schemas.errors import CountError, LakeError

LAKE_VERSION = 2  # 1: a lake in an object store whose runs are not marked in its index


@dataclass(frozen=True)
class Part:
    """One file of a run. `path` is relative to the run's folder, with forward slashes."""

    path: str
    rows: int
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Count:
    """What one stage did with its rows: `came_in == went_out + sum(rejected.values())`."""

    came_in: int
    went_out: int
    rejected: dict[str, int] = field(default_factory=dict)

    def check(self, stage: str) -> None:
        """Raise CountError unless every row that came in is accounted for."""
        refused = sum(self.rejected.values())
        if self.came_in != self.went_out + refused:
            raise CountError(stage, self.came_in, self.went_out, refused)


@dataclass(frozen=True)
class Manifest:
    """Everything about one committed run that is not a row.

    kind        "crawl" or "run", the two prefixes of the lake
    flow        name of the flow that wrote it
    key         digest of what the run was asked to do; an interrupted run is continued by the same key
    parents     ids of the runs it read
    parameters  what the flow was called with, JSON values
    result      what the command printed, JSON values
    files       parts by table name
    counts      rows in, out and rejected by stage
    seconds     wall time by stage
    schemas     version of every table written
    cost        cpu_seconds of all processes that worked on it, gpu_seconds where GPUs were held; of its last attempt
    code        version of vitrine and, where known, its git commit
    machine     host, cores, memory, accelerators, library versions
    revision    how often the manifest was replaced: rows of the run went
    """

    kind: str
    run_id: str
    flow: str
    key: str
    started_at: str
    committed_at: str
    lake_version: int = LAKE_VERSION
    parents: list[str] = field(default_factory=list)
    parameters: dict[str, Any] = field(default_factory=dict)
    result: dict[str, Any] = field(default_factory=dict)
    files: dict[str, list[Part]] = field(default_factory=dict)
    counts: dict[str, Count] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    schemas: dict[str, int] = field(default_factory=dict)
    code: dict[str, str] = field(default_factory=dict)
    machine: dict[str, Any] = field(default_factory=dict)
    cost: dict[str, float] = field(default_factory=dict)
    revision: int = 0

    def rows(self, table: str) -> int:
        """Rows of one table of this run; 0 when it has none."""
        return sum(part.rows for part in self.files.get(table, []))

    def to_json(self) -> str:
        """The file's text, after every stage's count has been checked."""
        for stage, count in self.counts.items():
            count.check(stage)
        return json.dumps(asdict(self), indent=1, ensure_ascii=False, default=str)

    @classmethod
    def from_json(cls, text: str, where: str) -> "Manifest":
        """Raises LakeError where the text is no manifest, or one of a newer lake."""
        try:
            value: dict[str, Any] = json.loads(text)
            version = int(value["lake_version"])
        except (ValueError, KeyError, TypeError) as error:
            raise LakeError(where, f"not a manifest ({error})") from error
        if version > LAKE_VERSION:
            raise LakeError(
                where, f"written by a newer vitrine (lake version {version}; this one reads {LAKE_VERSION})"
            )
        known = {f.name for f in fields(cls)}
        value = {name: item for name, item in value.items() if name in known}
        try:
            value["files"] = {
                table: [Part(**part) for part in parts] for table, parts in value["files"].items()
            }
            value["counts"] = {stage: Count(**count) for stage, count in value["counts"].items()}
            return cls(**value)
        except (AttributeError, KeyError, TypeError) as error:
            raise LakeError(where, f"not a manifest ({error})") from error


def rejected(*counts: Mapping[str, int]) -> dict[str, int]:
    """Reject counts by reason, summed over stages, largest first."""
    total: dict[str, int] = {}
    for count in counts:
        for reason, number in count.items():
            total[reason] = total.get(reason, 0) + number
    return dict(sorted(total.items(), key=lambda item: (-item[1], item[0])))
