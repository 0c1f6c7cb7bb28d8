"""One concurrency limit per shop on a Prefect server, so that machines that share it crawl a shop one at a time."""

from collections.abc import Sequence
from typing import Any

from prefect.client.orchestration import SyncPrefectClient

from flows.crawl.one_crawl import LIMITS, limit_name
from flows.server.applied import Applied, surplus

PAGE = 200


def apply_limits(client: SyncPrefectClient, shops: Sequence[str]) -> Applied:
    """Make the limits of these shops, one slot each; remove those of shops that are no more."""
    there = {limit.name: limit for limit in _limits(client)}
    wanted = [limit_name(shop) for shop in shops]
    done = Applied()
    for name in wanted:
        limit = there.get(name)
        as_it_should = limit is not None and limit.limit == 1
        if not as_it_should:
            client.upsert_global_concurrency_limit_by_name(name, 1)
        (done.made if limit is None else done.kept if as_it_should else done.changed).append(name)
    for name in surplus(there, wanted, LIMITS):
        client.delete_global_concurrency_limit_by_name(name)
        done.removed.append(name)
    return done


def _limits(client: SyncPrefectClient) -> list[Any]:
    limits: list[Any] = []
    while page := client.read_global_concurrency_limits(limit=PAGE, offset=len(limits)):
        limits += page
    return limits
