"""What a fingerprint has embedded already, whatever crawl, shop or run it was in: a photo is embedded once.

The ledger is the embed runs themselves: their vectors, and their rejects. The work list is one anti-join of it with
the photos that are wanted, part file by part file: the wanted ids lie in memory, ascending, with a byte each for what
is known of them (33 bytes a photo), and each part's ids are looked up among them and forgotten. Arrow's own join holds
both sides, and a hash table of one of them besides.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from infra.lake import Lake
from schemas.errors import LakeError
from schemas.image_ids import Ids, ids_of_hex_column, joined
from schemas.manifest import Manifest

ROWS = 50_000  # ids read at a time
_TODO, _REUSED, _KEPT, _REJECTED = range(4)  # from here on, a number for each reason


@dataclass(frozen=True)
class WorkList:
    """What is known of the wanted photos, each of which is in one of these.

    wanted    how many there are
    todo      ascending ids of those to embed
    reused    how many have a vector in a committed run
    kept      how many have one in a part of the interrupted run that is continued
    rejected  how many were refused by an earlier run, by reason
    """

    wanted: int
    todo: Ids
    reused: int
    kept: int
    rejected: dict[str, int]


def vector_runs(lake: Lake, wanted: str) -> Iterator[Manifest]:
    """Committed embed runs of one fingerprint that hold vectors."""
    return (manifest for manifest in embed_runs(lake, wanted) if manifest.rows("vectors"))


def embed_runs(lake: Lake, wanted: str, *, newest_first: bool = False) -> Iterator[Manifest]:
    """Committed embed runs of one fingerprint."""
    for manifest in lake.runs("run", "embed", newest_first=newest_first):
        if manifest.result["fingerprint"] == wanted:
            yield manifest


def embedded_ids(lake: Lake, wanted: str) -> Ids:
    """Every photo that has a committed vector of this fingerprint."""
    return joined(_committed(lake, wanted))


def work_list(
    lake: Lake, wanted: Ids, fingerprint: str, kept: Iterable[Ids] = (), retry: str | None = None
) -> WorkList:
    """Join the wanted photos, ascending, with what is done.

    kept   ids of the parts that an interrupted run left
    retry  a reason: photos that were refused for it are tried again
    Raises LakeError where the ledger counts more or fewer photos than are wanted.
    """
    states = np.zeros(len(wanted), np.uint8)
    for ids in _committed(lake, fingerprint):
        _mark(wanted, states, ids, _REUSED)
    for ids in kept:
        _mark(wanted, states, ids, _KEPT)
    reasons = list[str]()
    for reason, ids in _refused(lake, fingerprint):
        if reason not in reasons:
            reasons.append(reason)
        # The newest word on a photo counts, also that it is to be tried again.
        _mark(wanted, states, ids, _REJECTED + reasons.index(reason))
    counts = np.bincount(states, minlength=_REJECTED + len(reasons)).tolist()
    rejected = {
        reason: counts[_REJECTED + n]
        for n, reason in enumerate(reasons)
        if counts[_REJECTED + n] and reason != retry
    }
    again = _REJECTED + reasons.index(retry) if retry in reasons else _TODO
    todo = wanted[(states == _TODO) | (states == again)]
    done = counts[_REUSED] + counts[_KEPT] + sum(rejected.values())
    if len(todo) + done != len(wanted):
        raise LakeError(lake.uri, f"{len(wanted)} photos wanted, {len(todo)} to embed and {done} done")
    return WorkList(len(wanted), todo, counts[_REUSED], counts[_KEPT], rejected)


def _mark(wanted: Ids, states: NDArray[np.uint8], ids: Ids, state: int) -> None:
    """Note of photos of which nothing is known yet what they are."""
    if not len(wanted):
        return
    ids = np.sort(ids)  # looked up in order, most of the search is in the cache
    places = np.minimum(wanted.searchsorted(ids), len(wanted) - 1)
    places = places[wanted[places] == ids]
    states[places[states[places] == _TODO]] = state


def _committed(lake: Lake, fingerprint: str) -> Iterator[Ids]:
    for manifest in vector_runs(lake, fingerprint):
        for batch in lake.batches(manifest, "vectors", ["image_id"], rows=ROWS):
            yield ids_of_hex_column(batch["image_id"])


def _refused(lake: Lake, fingerprint: str) -> Iterator[tuple[str, Ids]]:
    """Ids by reason, newest run first."""
    for manifest in embed_runs(lake, fingerprint, newest_first=True):
        if not manifest.rows("rejects"):
            continue
        for batch in lake.batches(manifest, "rejects", ["reason", "url"], rows=ROWS):
            names = np.array(batch["reason"].to_pylist())
            ids = ids_of_hex_column(batch["url"])
            for reason in np.unique(names).tolist():
                yield reason, ids[names == reason]
