"""An embedding under way: lots go to actors, records come back, and what ends an actor is cornered.

A photo whose decoding ends the process is found by cutting its lot in pieces, each tried alone, and refused; all
others of its lot are embedded. An actor that somebody else ended costs its calls on their way, nothing more.
"""

import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from itertools import count
from typing import Any

import numpy as np

from flows.progress import Stage
from flows.retrieval.embedding.lots import Dealer, Lot
from flows.retrieval.embedding.tool import EmbedTool
from flows.retrieval.embedding.verdict import Spent
from flows.running.started_ray import started_ray
from infra.lake import Lake
from infra.open_run import OpenRun
from infra.photo_locations import PhotoSearch
from infra.ray_runtime.actor_pool import ActorPool, Ended
from infra.ray_runtime.placement import Placement, embedding_placement
from infra.vector_parts import write_vectors
from schemas.errors import LakeError, RejectedError
from schemas.image_ids import Ids, hex_of_ids
from schemas.manifest import Part
from schemas.reject import REJECTS, Reject
from schemas.vector import vectors_schema
from workers.retrieval.embed import STAGES, Embed, Embedded, Refused

CALLS = 3  # on their way in each actor: one in each of its rooms
ACTOR_BYTES = 4 << 30  # of memory an actor may take: one that has taken more makes room for a fresh one
ENDS = 2  # times that one photo, alone in an actor, ends it before the photo is to blame
MOST_REJECTED, REJECTED_FROM = 0.2, 500


class Embedding:
    """What becomes of the photos of one run.

    parts     of vectors that have landed
    vectors   in them
    rejected  photos by reason
    """

    def __init__(self, lake: Lake, run: OpenRun, tool: EmbedTool, street: Ids) -> None:
        self.parts: list[Part] = []
        self.vectors = 0
        self.rejected: Counter[str] = Counter()
        self.start_seconds = 0.0
        self._lake, self._run, self._tool, self._street = lake, run, tool, street
        self._rejects = run.writer(REJECTS)
        self._ends: Counter[str] = Counter()
        self._seconds, self._cpu = Counter[str](), Counter[str]()
        self._bytes = self._rss = 0
        self._process: dict[int, float] = {}
        self._elapsed = 0.0
        self._placed = Placement(1, on_gpu=False, threads=1)

    def embed(self, todo: Ids, gpus: str, part_rows: int, step: Stage) -> None:
        """Embed these photos, ascending. Raises LakeError for one that is nowhere, once all others are embedded."""
        search = PhotoSearch(self._lake, todo)
        begun = time.monotonic()
        with started_ray(self._lake) as cluster:
            self._placed = embedding_placement(gpus, cluster, len(todo))
            numbers = count(self._run.unused_number(vectors_schema(self._tool.dim)))
            dealer = Dealer(len(todo), CALLS * self._placed.workers, part_rows, numbers)
            with ActorPool(self._maker(), _call, _ready, self._placed.workers, CALLS, _is_worn) as pool:
                pool.wait()
                ready = time.monotonic()
                self.start_seconds = ready - begun
                for lot, answer in pool.answers(dealer.lots(search)):
                    done = self._cornered(lot, answer, pool, numbers) if isinstance(answer, Ended) else answer
                    self._note(done)
                    step.advance(done.vectors + len(done.refused))
                    self._elapsed = time.monotonic() - ready
                    self._stop_early()
        self._note_missing(search)

    def close(self) -> list[Part]:
        """Write what was refused; returns the parts of the rejects table."""
        return self._rejects.close()

    @property
    def spent(self) -> Spent:
        """What it took."""
        return Spent(
            photos=self.vectors + self.rejected.total(),
            elapsed=self._elapsed,
            workers=self._placed.workers,
            cores=self._placed.workers * self._placed.threads,
            on_gpu=self._placed.on_gpu,
            seconds={stage: self._seconds[stage] for stage in STAGES},
            cpu={stage: self._cpu[stage] for stage in STAGES},
            process=sum(self._process.values()),
            bytes=self._bytes,
            memory=self._rss,
        )

    def _maker(self) -> Callable[[], Any]:
        """Say how an actor is made."""
        import ray

        placed, tool = self._placed, self._tool
        device = {"device": "cuda" if placed.on_gpu else "cpu"}
        options = {
            "num_cpus": placed.threads,
            "num_gpus": int(placed.on_gpu),
            "scheduling_strategy": "SPREAD",
        }
        actor = ray.remote(Embed).options(
            max_concurrency=CALLS, max_restarts=0, max_task_retries=0, **options
        )
        return partial(
            actor.remote,
            self._lake.filesystem,
            tool.encoder | device,
            partial(write_vectors, self._lake.filesystem, self._run.folder, tool.fingerprint),
            decoders=placed.threads if placed.on_gpu else 0,
            street=ray.put(self._street),
        )

    def _cornered(self, lot: Lot, ended: Ended, pool: "ActorPool[Lot]", numbers: "count[int]") -> Embedded:
        """Look closer at a lot that ended its actor; a single photo is refused."""
        if len(lot) > 1:
            pool.suspect(lot.pieces(numbers))
            return Embedded()
        [name] = hex_of_ids(lot.slices[0].ids)
        self._ends[name] += 1
        if self._ends[name] < ENDS:
            pool.suspect([Lot(next(numbers), lot.slices)])
            return Embedded()
        return Embedded(refused=[Refused(name, "crash", ended.why)])

    def _note(self, done: Embedded) -> None:
        if done.part is not None:
            self.parts.append(done.part)
        self.vectors += done.vectors
        self._bytes += done.bytes
        self._seconds.update(done.seconds)
        self._cpu.update(done.cpu)
        self._process[done.actor] = max(done.process, self._process.get(done.actor, 0.0))
        self._rss = max(self._rss, done.rss)
        for photo in done.refused:
            self._refuse(photo.image_id, photo.reason, photo.detail)

    def _refuse(self, name: str, reason: str, detail: str) -> None:
        self.rejected[reason] += 1
        self._rejects.write(Reject("embed", reason, name, detail=detail).row())

    def _note_missing(self, search: PhotoSearch) -> None:
        """Refuse photos that are nowhere because what says where they are cannot be read."""
        missing = search.missing
        if len(missing) and not search.unreadable:
            raise LakeError(self._lake.uri, search.why_missing())
        for name in hex_of_ids(np.sort(missing)):
            self._refuse(name, "unreadable", "; ".join(search.unreadable))

    def _stop_early(self) -> None:
        seen, rejected = self.vectors + self.rejected.total(), self.rejected.total()
        if seen >= REJECTED_FROM and rejected > MOST_REJECTED * seen:
            raise RejectedError("embed", rejected, seen, self.rejected.most_common(1)[0][0])


def _call(actor: Any, lot: Lot) -> Any:
    return actor.embed.remote(lot.number, lot.slices)


def _ready(actor: Any) -> Any:
    return actor.ready.remote()


def _is_worn(done: Embedded) -> bool:
    return done.rss > ACTOR_BYTES
