"""Ray for a stage, and a word of it while it starts; what its machines would not see is refused before that."""

from collections.abc import Iterator
from contextlib import contextmanager

from flows.progress import waiting
from infra.lake_files import LakeFiles
from infra.ray_runtime import cluster
from infra.ray_runtime.cluster import Cluster, ray_cluster
from schemas.errors import InputError


@contextmanager
def started_ray(lake: LakeFiles) -> Iterator[Cluster]:
    """Give Ray as `ray_cluster` does; whoever watches sees that its start is waited for.

    Raises InputError where it would be a cluster of other machines, and the lake is a folder of this one.
    """
    refuse_unseen(lake)
    with waiting("Ray starts, about 10 s"), ray_cluster() as started:
        pass
    yield started


def refuse_unseen(lake: LakeFiles, weights: str = "") -> None:
    """Refuse what the machines of a cluster do not see; without a cluster nothing.

    lake     which must then be in an object store
    weights  path of a file of this machine, where one was named
    """
    if not (address := cluster.address()):
        return
    seen = f"which the machines of the Ray cluster at {address} do not see"
    if lake.is_local:
        why = f"is a folder of this machine, {seen}: give a lake such as s3://bucket/lake, or no RAY_ADDRESS"
        raise InputError(lake.uri, why)
    if weights:
        why = f"is a file of this machine, {seen}: name installed weights, go on from a run with --from, "
        raise InputError(weights, f"{why}or give no RAY_ADDRESS")
