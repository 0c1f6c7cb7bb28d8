"""What a flow run has done already, so that it goes on where it stopped when it is retried or resumed.

The lake itself is asked, not Prefect's stored results: a committed run says which flow run asked for it and with
which key. That holds on another worker, with another PREFECT_HOME and for a lake in an object store; and it cannot
speak of a run that is not there.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from prefect.runtime import flow_run

from infra.lake import Lake
from infra.open_run import OpenRun
from schemas.manifest import Manifest

ASKED_BY = "flow_run"
_begun: ContextVar[list[tuple[Lake, OpenRun]] | None] = ContextVar("begun", default=None)


def done_before(lake: Lake, flow: str, **facts: Any) -> Manifest | None:
    """Find what an earlier attempt of this very flow run committed: the newest run of `flow` with these facts.

    facts  the manifest's `key`, or values of its parameters
    """
    asked = _asked_by()
    if (
        not asked or flow_run.get_run_count() < 2
    ):  # a first attempt has done nothing; manifests need not be read
        return None
    wanted = asked | facts
    for manifest in lake.runs(None, flow, newest_first=True):
        said = manifest.parameters | {"key": manifest.key}
        if all(said.get(name) == value for name, value in wanted.items()):
            return manifest
    return None


def begin(
    lake: Lake,
    kind: str,
    flow: str,
    key: str,
    *,
    parents: Sequence[str] = (),
    parameters: Mapping[str, Any] | None = None,
) -> OpenRun:
    """Open a run as `Lake.begin` does, or go on with one; its parameters say too which flow run asked for it."""
    said = dict(parameters or {}) | _asked_by()
    run = lake.begin(kind, flow, key, parents=parents, parameters=said)
    if (begun := _begun.get()) is not None:
        begun.append((lake, run))
    return run


@contextmanager
def leaving_behind() -> Iterator[None]:
    """Mark the runs begun within as left behind where an error ends the work on them.

    The same request then goes on with them, also the next attempt in this very process.
    """
    token = _begun.set([])
    try:
        yield
    except BaseException:
        for lake, run in _begun.get() or []:
            lake.abandon(run)
        raise
    finally:
        _begun.reset(token)


def _asked_by() -> dict[str, Any]:
    """Return what a run's parameters say of who asked for it: the id of the flow run; outside of one, nothing."""
    run_id = flow_run.get_id()
    return {ASKED_BY: run_id} if run_id else {}
