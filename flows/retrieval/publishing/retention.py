"""Which collections go: those that no search can be asking any more, and that no rollback goes back to."""

from datetime import UTC, datetime

from flows.queries.live import POINTERS, live
from infra.lake import Lake
from infra.milvus.reader import CALL_S
from infra.milvus.store import VectorStore

DRAINED_S = 2 * CALL_S  # a search that began before the change has ended by then, one way or the other


def drop_drained(lake: Lake, store: VectorStore, newest: str, now: datetime | None = None) -> list[str]:
    """Drop the collections of this lake's index runs that are done with; returns their names.

    newest  the index run just judged: it, what is live, the one before, and any newer one stay
    What was live is dropped once it has been out of use for DRAINED_S.
    """
    pointed, moment = live(lake), now or datetime.now(UTC)
    kept = (
        {pointer.collection for pointer in (pointed.now, pointed.previous) if pointer} if pointed else set()
    )
    out_since: dict[str, str] = {}
    for run in lake.runs("run", "index", *POINTERS):
        if run.flow == "index" and run.run_id < newest:
            out_since[run.result["collection"]] = run.committed_at
        if run.flow in POINTERS and run.result["published"]:
            for told in filter(None, (run.result["live"], run.result["previous"])):
                if told["collection"] in out_since:  # the run that replaced it names it last
                    out_since[told["collection"]] = run.committed_at
    dropped = []
    for name in sorted(out_since.keys() & set(store.collections()) - kept):
        if (moment - datetime.fromisoformat(out_since[name])).total_seconds() >= DRAINED_S:
            store.drop(name)
            dropped.append(name)
    return dropped
