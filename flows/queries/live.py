"""What is live: the collection that the newest publish or rollback of a lake names, by its physical name.

The pointer is a run of the lake, so a search never sees half a change: it reads one manifest and asks that one
collection. An alias of Milvus is for outsiders; it is not atomic for a request in flight.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from infra.lake import Lake
from schemas.errors import LakeError
from schemas.manifest import Manifest

POINTERS = ("publish", "rollback")


@dataclass(frozen=True)
class Pointer:
    """One index: its collection, what made its vectors, and the runs behind it.

    index, train  runs; train is None for a method without weights
    entities      how many it holds
    """

    collection: str
    fingerprint: str
    index: str
    train: str | None
    method: str
    entities: int

    @classmethod
    def to(cls, indexed: Manifest) -> "Pointer":
        """Return the pointer to what an index run loaded."""
        names = ("collection", "fingerprint", "train", "method", "entities")
        return cls(index=indexed.run_id, **{name: indexed.result[name] for name in names})

    @classmethod
    def of(cls, told: Mapping[str, Any] | None) -> "Pointer | None":
        """Read a pointer back from a run's result."""
        return cls(**told) if told else None

    def told(self) -> dict[str, Any]:
        """Return it as a run's result holds it."""
        return asdict(self)


@dataclass(frozen=True)
class Live:
    """What searches ask now. `previous` is what `vitrine rollback` goes back to; `since` is when this went live."""

    run_id: str
    now: Pointer
    previous: Pointer | None
    since: str


def live(lake: Lake) -> Live | None:
    """Return what is live; None where nothing was ever published."""
    for manifest in lake.runs("run", *POINTERS, newest_first=True):
        if manifest.result["published"]:
            now = Pointer.of(manifest.result["live"])
            if now is not None:
                previous = Pointer.of(manifest.result["previous"])
                return Live(manifest.run_id, now, previous, manifest.committed_at)
    return None


def searched(lake: Lake, index: str | None) -> Manifest:
    """Return the index run that a search asks: the one named, else the live one.

    Raises LakeError where nothing is live yet, or the run named is no index.
    """
    if index is None:
        pointed = live(lake)
        if pointed is None:
            raise LakeError(lake.uri, "holds no published index yet; run index, evaluate and publish first")
        return lake.run(pointed.now.index)
    named = lake.run(index)
    if named.flow != "index":
        raise LakeError(index, f"is a run of {named.flow}, not an index")
    return named
