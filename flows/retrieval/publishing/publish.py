"""The gate to what is live: an index is judged beside the live one, and takes its place where it is not worse.

The order of a change: the new collection is whole and warm; the pointer is committed to the lake, which is the change;
the alias follows for outsiders; what no search can be asking any more is dropped. Killed anywhere and given again it
ends the same.
"""

import time
from dataclasses import asdict
from typing import Any

from flows.flow_of import flow_of
from flows.parameters.publish import PublishParameters
from flows.queries.live import Live, Pointer, live
from flows.retrieval.indexing.index import index_of, open_index
from flows.retrieval.publishing.index_check import fault, seconds_a_search, too_slow
from flows.retrieval.publishing.judgement import Judgement, judge
from flows.retrieval.publishing.retention import drop_drained
from flows.running.night import begin, done_before
from flows.running.stage_task import stage_task
from infra.lake import Lake
from infra.milvus.store import VectorStore
from infra.open_run import OpenRun
from schemas.errors import LakeError
from schemas.ids import digest
from schemas.manifest import Count, Manifest
from schemas.verdict import CHANGES, VERDICTS

FIRST, SAME, ALREADY, BROKEN = "first", "same model", "already live", "broken"
SHOWN_SLICES = 10  # worst slices that the result names; the table has every one
Parts = dict[str, Any]


@flow_of(PublishParameters, name="publish")
def publish(parameters: PublishParameters) -> dict[str, Any]:
    """Judge an evaluated index beside the live one; let it go live where it is whole, quick and not worse."""
    return publish_index(parameters)


@stage_task()
def publish_index(parameters: PublishParameters) -> dict[str, Any]:
    """Check, compare, record the verdict; where it is good, move the pointer, then the alias, then tidy up."""
    begun = time.monotonic()
    place = Lake(parameters.lake)
    evaluation = _evaluation(place, parameters.evaluation)
    indexed = index_of(place, evaluation.result["main"]["fingerprint"], parameters.index)
    if indexed is None:
        raise LakeError(place.uri, "holds no index of the model that was evaluated; run index first")
    candidate, pointed = Pointer.to(indexed), live(place)
    recorded = parameters.recorded() | {"evaluation": evaluation.run_id, "index": indexed.run_id}
    key = digest(recorded | {"over": pointed.run_id if pointed else ""})
    if done := done_before(place, "publish", key=key):
        return done.result
    parents = [evaluation.run_id, indexed.run_id]
    run = begin(place, "run", "publish", key, parents=parents, parameters=recorded)
    with open_index(parameters, create=False) as store:
        verdict, judgement = _judged(place, store, evaluation, candidate, pointed, parameters)
        goes = verdict["would_publish"] and not parameters.dry_run
        changes = goes and verdict["verdict"] != ALREADY
        previous = (pointed.now if changes else pointed.previous) if pointed else None
        now = candidate if goes else pointed.now if pointed else None
        _record(run, judgement)
        run.seconds["publish"] = time.monotonic() - begun
        result = verdict | {
            "run_id": run.run_id,
            "published": goes,
            "dry_run": parameters.dry_run,
            "alias": parameters.alias,
            "collection": candidate.collection,
            "entities": candidate.entities,
            "live": now.told() if now else None,
            "previous": previous.told() if previous else None,
            "seconds": round(run.seconds["publish"], 2),
        }
        place.commit(run, result)  # searches ask the new collection from here on
        if goes:
            store.point(parameters.alias, candidate.collection)
        dropped = [] if parameters.dry_run else drop_drained(place, store, indexed.run_id)
    return result | {"dropped": dropped}


def _evaluation(lake: Lake, run_id: str | None) -> Manifest:
    """The evaluate run named, or the newest; raises LakeError for a run of another flow."""
    evaluation = lake.run(run_id) if run_id else lake.newest("evaluate")
    if evaluation.flow != "evaluate":
        raise LakeError(evaluation.run_id, f"is a run of {evaluation.flow}; what is published was evaluated")
    return evaluation


def _judged(
    lake: Lake,
    store: VectorStore,
    evaluation: Manifest,
    candidate: Pointer,
    pointed: Live | None,
    parameters: PublishParameters,
) -> tuple[Parts, Judgement | None]:
    """The verdict as the result tells it, with `would_publish` for whether the candidate may go live."""
    if broken := fault(lake, store, candidate):  # no --force makes it whole
        return _told(BROKEN, broken, goes=False), None
    if pointed is None:
        return _told(FIRST, "nothing was live: there is no rival to compare with", goes=True), None
    rival = pointed.now
    if candidate.collection == rival.collection:
        return _told(ALREADY, "this index is live already", goes=True), None
    against, seconds = _beside(lake, store, candidate, rival, parameters)
    judgement = None
    if candidate.fingerprint == rival.fingerprint:
        verdict, why, goes = SAME, f"the model that is live; {_difference(lake, candidate, rival)}", True
    else:
        judgement = judge(lake, evaluation, candidate.fingerprint, rival.fingerprint, parameters)
        verdict, why, goes = judgement.verdict, judgement.why, judgement.may_go
    if against:
        verdict, why, goes = BROKEN, f"{against}; {why}", False
    if parameters.force and not goes:
        why, goes = f"forced ({parameters.why}) though {why}", True
        return _told(verdict, why, goes=True, forced=True, seconds=seconds, judgement=judgement), judgement
    return _told(verdict, why, goes=goes, seconds=seconds, judgement=judgement), judgement


def _beside(
    lake: Lake, store: VectorStore, candidate: Pointer, rival: Pointer, parameters: PublishParameters
) -> tuple[str, list[float]]:
    """What of size and speed stands against the candidate, and the median seconds of a search in both."""
    if candidate.entities < (1 - parameters.most_lost) * rival.entities:
        return f"holds {candidate.entities:,} entities, the live index {rival.entities:,}", []
    if fault(lake, store, rival):  # the live index is gone: what is whole is better than nothing
        return "", []
    own, other = seconds_a_search(store, candidate.collection, rival.collection)
    if too_slow(own, other):
        return f"a search takes {1000 * own:.0f} ms, {1000 * other:.0f} ms in the live index", [own, other]
    return "", [own, other]


def _difference(lake: Lake, candidate: Pointer, rival: Pointer) -> str:
    """What a newer index of the same model has otherwise."""
    since = lake.run(candidate.index).result.get("since")
    if since and since["index"] == rival.index:
        return (
            f"{since['added']:,} entities added, {since['removed']:,} removed, {since['changed']:,} changed"
        )
    return f"{candidate.entities:,} entities, {rival.entities:,} before"


def _told(
    verdict: str,
    why: str,
    *,
    goes: bool,
    forced: bool = False,
    seconds: list[float] | None = None,
    judgement: Judgement | None = None,
) -> Parts:
    overall = judgement.comparisons[0] if judgement else None
    worst = (
        sorted(
            judgement.comparisons[1:],
            key=lambda row: (row.verdict != "worse", row.verdict == "too few", row.difference),
        )
        if judgement
        else []
    )
    return {
        "would_publish": goes,
        "verdict": verdict,
        "why": why,
        "forced": forced,
        "overall": asdict(overall) if overall else None,
        "slices": [asdict(row) for row in worst[:SHOWN_SLICES]],
        "worse": [row.slice for row in judgement.worse] if judgement else [],
        "overlap_at_10": judgement.overlap if judgement else None,
        "milliseconds": dict(
            zip(("candidate", "live"), (round(1000 * s, 2) for s in seconds or ()), strict=False)
        ),
    }


def _record(run: OpenRun, judgement: Judgement | None) -> None:
    """Write every comparison and the most changed queries, where two models were compared."""
    if judgement is None:
        return
    metric, k = run.parameters["metric"], run.parameters["k"] if run.parameters["metric"] == "recall" else 0
    verdicts = []
    for comparison in judgement.comparisons:
        told = asdict(comparison)
        told |= {"metric": metric, "k": k, "ci_low": told.pop("low"), "ci_high": told.pop("high")}
        verdicts.append(told)
    for schema, rows in ((VERDICTS, verdicts), (CHANGES, judgement.changes)):
        run.drop(schema)
        writer = run.writer(schema)
        for row in rows:
            writer.write(row)
        run.add(schema, writer.close())
    run.counts["publish"] = Count(len(verdicts), len(verdicts))
