"""Ray for a stage, and a word of it while it starts."""

from collections.abc import Iterator
from contextlib import contextmanager

from flows.progress import waiting
from infra.cluster import Cluster, ray_cluster


@contextmanager
def started_ray() -> Iterator[Cluster]:
    """Give Ray as `ray_cluster` does; whoever watches sees that its start is waited for."""
    with waiting("Ray starts, about 10 s"), ray_cluster() as cluster:
        pass
    yield cluster
