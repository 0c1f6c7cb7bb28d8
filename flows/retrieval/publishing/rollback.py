"""What was live before goes live again, whatever the gate said of what came after."""

import time
from typing import Any

from flows.flow_of import flow_of
from flows.parameters.publish import RollbackParameters
from flows.queries.live import live
from flows.retrieval.indexing.index import open_index
from flows.retrieval.publishing.index_check import fault
from flows.running.night import begin, done_before
from flows.running.stage_task import stage_task
from infra.lake import Lake
from schemas.errors import LakeError, VectorStoreError
from schemas.ids import digest


@flow_of(RollbackParameters, name="rollback")
def rollback(parameters: RollbackParameters) -> dict[str, Any]:
    """Let the index that was live before the newest publish go live again; given twice it comes back."""
    return roll_back(parameters)


@stage_task()
def roll_back(parameters: RollbackParameters) -> dict[str, Any]:
    """Check that the previous collection is whole, and warm it; move the pointer, then the alias."""
    begun = time.monotonic()
    place = Lake(parameters.lake)
    pointed = live(place)
    if pointed is None or pointed.previous is None:
        what = "nothing was ever published" if pointed is None else "nothing was live before what is live now"
        raise LakeError(place.uri, f"cannot be rolled back: {what}")
    back = pointed.previous
    recorded = parameters.recorded() | {"index": back.index}
    key = digest(recorded | {"over": pointed.run_id})
    if done := done_before(place, "rollback", key=key):
        return done.result
    run = begin(place, "run", "rollback", key, parents=[pointed.run_id, back.index], parameters=recorded)
    with open_index(parameters, create=False) as store:
        if broken := fault(place, store, back):
            raise VectorStoreError(back.collection, f"cannot go live again: {broken}")
        run.seconds["rollback"] = time.monotonic() - begun
        result = {
            "run_id": run.run_id,
            "published": True,
            "verdict": "rolled back",
            "why": parameters.why or f"back to run {back.index}, which was live before",
            "alias": parameters.alias,
            "collection": back.collection,
            "entities": back.entities,
            "live": back.told(),
            "previous": pointed.now.told(),
            "seconds": round(run.seconds["rollback"], 2),
        }
        place.commit(run, result)
        store.point(parameters.alias, back.collection)
    return result
