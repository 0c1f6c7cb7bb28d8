"""The verdict on an evaluation, for its report: read from the newest publish run that compared two models by it."""

from collections.abc import Callable, Collection, Mapping, Sequence

from infra.lake import Lake
from schemas.manifest import Manifest
from workers.report import change as changes
from workers.report.answers import Change
from workers.report.picture import Owner

Owners = Callable[[Collection[str]], Mapping[str, Sequence[Owner]]]


def change_of(lake: Lake, evaluation: Manifest, owners: Owners) -> Change | None:
    """Read how the evaluated model was judged beside the live one; None where it never was.

    owners  gives the products of photos
    """
    for run in lake.runs("run", "publish", newest_first=True):
        if run.run_id < evaluation.run_id:
            return None
        if evaluation.run_id in run.parents and run.rows("verdicts"):
            rows = lake.table(run, "changes").to_pylist()[: changes.SHOWN]
            photos = {row["query_id"] for row in rows}
            for row in rows:
                photos.update(row["live_image_ids"], row["candidate_image_ids"])
            verdicts = lake.table(run, "verdicts").to_pylist()
            return changes.change(run.result, verdicts, rows, owners(photos), kept=run.rows("changes"))
    return None
