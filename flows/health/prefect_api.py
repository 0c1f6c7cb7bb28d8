"""The Prefect server that PREFECT_API_URL names: its version, clock and pools, and whether a worker takes from them."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx
import prefect
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterTags
from prefect.client.schemas.objects import WorkerStatus
from prefect.exceptions import ObjectNotFound, PrefectHTTPStatusError

from flows.health.finding import Finding, clock, versions

TAG = "vitrine"  # of our deployments
SERVER = "Prefect server"


def findings(url: str, pools: Sequence[str]) -> Iterator[Finding]:
    """Look at a server and at the work pools that our deployments take."""
    try:
        with get_client(sync_client=True) as client:
            yield from _server(client)
            yield _deployments(client)
            for pool in pools:
                yield _pool(client, pool)
    except (httpx.HTTPError, PrefectHTTPStatusError) as error:
        why = " ".join(str(error).split())[:200] or type(error).__name__
        cure = "start it (prefect server start), or mend PREFECT_API_URL and PREFECT_API_AUTH_STRING"
        yield Finding(SERVER, f"{url} does not answer ({why})", cure)


def _server(client: SyncPrefectClient) -> Iterator[Finding]:
    theirs, ours = {"prefect": client.api_version()}, {"prefect": prefect.__version__}
    yield versions(SERVER, theirs, ours)
    said = client.request("GET", "/health").headers.get("date")
    if said:
        yield clock("clock of the Prefect server", parsedate_to_datetime(said), datetime.now(UTC))


def _deployments(client: SyncPrefectClient) -> Finding:
    ours = DeploymentFilter(tags=DeploymentFilterTags(all_=[TAG]))
    names = sorted(each.name for each in client.read_deployments(deployment_filter=ours))
    return Finding("deployments", ", ".join(names) or "none of ours", "" if names else "vitrine deploy")


def _pool(client: SyncPrefectClient, name: str) -> Finding:
    what = f"work pool {name}"
    try:
        paused = client.read_work_pool(name).is_paused
    except ObjectNotFound:
        return Finding(what, "is not there", "vitrine deploy")
    workers = client.read_workers_for_work_pool(name)
    alive = sorted(each.name for each in workers if each.status == WorkerStatus.ONLINE)
    if paused:
        return Finding(what, "is paused", f"prefect work-pool resume {name}")
    if not alive:
        gone = f", {len(workers)} went silent" if workers else ""
        return Finding(what, f"has no live worker{gone}", f"prefect worker start --pool {name}")
    told = "; runs take VITRINE_*, RAY_ADDRESS and keys from where it was started, not from here"
    return Finding(what, f"{len(alive)} live: {', '.join(alive)}{told}")
