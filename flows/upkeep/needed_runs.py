"""Which runs of a lake something still needs: what is live, what was judged last, what is young, and all they read.

Needed are, whatever their age:
- what is live, what `vitrine rollback` goes back to, and the verdict that says so
- the newest crawl of every shop, the newest run of every stage, the newest model of every method, the newest run of
  every benchmark and methods
- what people said against labels, and what was forgotten: runs that nobody can make again
- what runs that are being written began from

and what these read, as far as it is read again: an index and an evaluation need the catalogue of their crawls, a model
only the labels it learnt from. Every run that embedded for a needed fingerprint stays for its vectors.
"""

from collections.abc import Iterable, Sequence

from flows.queries.live import POINTERS, Pointer
from schemas.manifest import Manifest

_SAID_BY_PEOPLE = ("override", "forget")
_READ_CATALOGUE = (
    *POINTERS,
    "index",
    "evaluate",
    "benchmark",
    "label",
)  # where they are needed for themselves
_REFUSED = "refused"  # an import that took no row: nothing reads it but people


class Needed:
    """Runs that stay; `runs` maps their ids to whether the catalogue behind them stays, too."""

    def __init__(self, manifests: Sequence[Manifest]) -> None:
        self._all = {run.run_id: run for run in manifests}
        self.runs: dict[str, bool] = {}

    def add(self, run_id: str | None, *, catalogue: bool = False) -> None:
        """Need a run with what it read; one that is not there any more is passed over.

        catalogue  whether the products and photos of the crawls behind it are read again
        """
        waiting = [(run_id, catalogue)]
        while waiting:
            name, whole = waiting.pop()
            run = self._all.get(name or "")
            if run is None or self.runs.get(run.run_id, False) or (run.run_id in self.runs and not whole):
                continue
            self.runs[run.run_id] = whole
            waiting += [(parent, self._is_whole(run, parent, whole)) for parent in _read_by(run, whole)]

    def _is_whole(self, run: Manifest, parent: str, whole: bool) -> bool:
        """Whether a run reads its parent's catalogue again: an index and a table of scores do, that of their labels."""
        read = self._all.get(parent)
        return whole and run.flow in _READ_CATALOGUE and read is not None and read.flow in _READ_CATALOGUE


def needed_runs(manifests: Sequence[Manifest], young: Iterable[str], begun_from: Iterable[str]) -> set[str]:
    """Return the ids of the runs that stay.

    manifests   every committed run, oldest first
    young       ids of the runs that stay for their age
    begun_from  ids of what runs that are being written read
    """
    needed, flow_of = Needed(manifests), {run.run_id: run.flow for run in manifests}
    for run_id in [*young, *begun_from, *_newest(manifests), *_live(manifests)]:
        needed.add(run_id, catalogue=flow_of.get(run_id, "") in _READ_CATALOGUE)
    for run in manifests:
        if run.flow in _SAID_BY_PEOPLE:
            needed.add(run.run_id)
    ids = set(needed.runs)
    fingerprints = {_fingerprint(run) for run in manifests if run.run_id in ids} - {""}
    return ids | {
        run.run_id for run in manifests if run.flow == "embed" and _fingerprint(run) in fingerprints
    }


def _read_by(run: Manifest, catalogue: bool) -> list[str]:
    """What a run needs to be of use: a crawl holds the whole catalogue, so not the one before it."""
    if run.kind == "crawl" or run.flow == _REFUSED or (run.flow == "label" and not catalogue):
        return []
    named = [run.result.get(name) for name in ("labels", "train")] if run.flow == "index" else []
    return [*run.parents, *(name for name in named if isinstance(name, str))]


def _newest(manifests: Sequence[Manifest]) -> list[str]:
    """The newest run of each kind that something reads by being the newest."""
    newest: dict[tuple[str, ...], str] = {}
    for run in manifests:
        if run.kind == "crawl":
            newest["crawl", str(run.result["shop"])] = run.run_id
        elif run.flow not in (*POINTERS, *_SAID_BY_PEOPLE, _REFUSED):
            newest["run", run.flow] = run.run_id
            if run.flow == "train" and run.result.get("images"):
                newest["model", str(run.result["method"])] = run.run_id
            if run.flow == "benchmark":
                methods = sorted(run.parameters.get("methods", {}))
                newest["benchmark", str(run.result["benchmark"]), *methods] = run.run_id
            if run.flow == "embed" and run.parameters.get("splits") is None:
                newest["vectors", ""] = run.run_id
    return list(newest.values())


def _live(manifests: Sequence[Manifest]) -> list[str]:
    """The newest verdict by which something went live, and the runs behind that and what was live before it."""
    for run in reversed(manifests):
        if run.flow in POINTERS and run.result["published"] and run.result["live"]:
            told = (Pointer.of(run.result["live"]), Pointer.of(run.result["previous"]))
            ids = [name for pointer in told if pointer for name in (pointer.index, pointer.train) if name]
            return [run.run_id, *ids]
    return []


def _fingerprint(run: Manifest) -> str:
    """What made a run's vectors, of a run that has any."""
    return str(run.result.get("fingerprint", "")) if run.flow in ("embed", "index") else ""
