"""What is left of an import that came to nothing: a run of its refusals, in place of a crawl that nobody continues."""

from collections import Counter
from typing import Any

from infra.lake import Lake
from infra.open_run import OpenRun
from infra.parts import existing_parts, paths
from schemas.errors import PipelineError, RejectedError
from schemas.ids import digest
from schemas.manifest import Count
from schemas.reject import REJECTS


def give_up(lake: Lake, crawl: OpenRun, parameters: dict[str, Any], error: PipelineError) -> PipelineError:
    """Remove the crawl that was begun; where its rows were refused, commit them as a run of flow `refused`.

    Returns the error, which then names that run.
    """
    parts = existing_parts(lake.filesystem, crawl.folder, "rejects")
    if parts and isinstance(error, RejectedError):
        key = digest({"refused": crawl.run_id})
        run = lake.begin("run", "refused", key, parents=crawl.parents, parameters=parameters)
        writer = run.writer(REJECTS)
        reasons: Counter[str] = Counter()
        for path in paths(crawl.folder, parts):
            table = lake.part(path).read()
            writer.write_table(table)
            stages = zip(*(table[name].to_pylist() for name in ("stage", "reason")), strict=True)
            reasons.update(reason for stage, reason in stages if stage == error.stage)
        run.add(REJECTS, writer.close())
        seen = max(error.seen, reasons.total())
        run.counts[error.stage] = Count(seen, seen - reasons.total(), dict(reasons))
        kept = lake.commit(
            run,
            {
                "shop": parameters["shop"],
                "refused": error.rejected,
                "seen": error.seen,
                "reason": error.reason,
            },
        )
        example = f"{error.example} (all of them: vitrine rejects {kept.run_id})"
        error = RejectedError(error.stage, error.rejected, error.seen, error.reason, example)
    lake.discard(crawl)
    return error
