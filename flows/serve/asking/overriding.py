"""One click on the search page: a run of the lake that says a product's label is wrong, and the way back."""

import threading
from datetime import UTC, datetime
from uuid import uuid4

from infra.lake import Lake
from schemas.errors import InputError
from schemas.override import KINDS, OVERRIDES

_one_at_a_time = threading.Lock()


def override(lake: Lake, product_id: str, kind: str, same_as: str = "") -> str:
    """Commit what was said of a product; returns the run's id. The next `label` obeys it.

    kind     of schemas.override.KINDS; `none` takes back what was said before
    same_as  the other product, for a duplicate
    Raises InputError for an unknown kind, and a duplicate of nothing or of itself.
    """
    if kind not in KINDS:
        raise InputError(kind, f"is none of {', '.join(KINDS)}")
    if (kind == "duplicate") != bool(same_as) or same_as == product_id:
        raise InputError(
            product_id, "is a duplicate of another product, which has to be named; nothing else is"
        )
    with _one_at_a_time:
        parameters = {"product_id": product_id, "kind": kind, "same_as": same_as}
        run = lake.begin("run", "override", uuid4().hex, parameters=parameters)
        writer = run.writer(OVERRIDES)
        writer.write(parameters | {"at": datetime.now(UTC)})
        run.add(OVERRIDES, writer.close())
        return lake.commit(run, {"run_id": run.run_id, **parameters}).run_id
