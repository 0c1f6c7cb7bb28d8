"""The Ray cluster that RAY_ADDRESS names: each of its nodes beside this machine."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from flows.health.finding import Finding, clock, versions
from flows.health.own_machine import LEAST_FREE_GIB
from infra.lake_files import LakeFiles
from infra.machine import code_version, describe_machine
from infra.ray_runtime import cluster
from schemas.errors import InputError, PipelineError

ANSWER_S = 60.0  # a node starts a worker for the question


def findings(address: str, lake: str) -> Iterator[Finding]:
    """Join a cluster, and ask every node of it."""
    try:
        joined = cluster.start(address)
    except InputError as error:
        yield Finding(
            "Ray",
            str(error),
            "start it (ray start --head), or mend RAY_ADDRESS; RAY_AUTH_TOKEN must be its own",
        )
        return
    yield Finding("Ray", f"{joined.cores} cores, {joined.gpus} GPUs, at {address}")
    yield from _of_nodes(lake)


def _of_nodes(lake: str) -> Iterator[Finding]:
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    asked = {}
    for node in ray.nodes():  # type: ignore[no-untyped-call]
        if node["Alive"]:
            there = NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)
            question = ray.remote(told).options(num_cpus=0, scheduling_strategy=there)
            asked[question.remote(lake)] = (f"Ray node {node['NodeManagerAddress']}", datetime.now(UTC))
    ours = _versions(describe_machine(), code_version())
    answered, silent = ray.wait(list(asked), num_returns=len(asked), timeout=ANSWER_S)
    for reference in answered:
        what, begun = asked[reference]
        try:
            yield from _of_node(what, ray.get(reference), ours, begun)
        except ray.exceptions.RayError as error:
            yield Finding(
                what, f"cannot run our code ({str(error).strip().splitlines()[-1]})", "install vitrine there"
            )
    for reference in silent:
        yield Finding(
            asked[reference][0],
            f"says nothing for {ANSWER_S:.0f} s",
            "ray status, and the logs of its raylet",
        )


def _of_node(what: str, said: dict[str, Any], ours: dict[str, str], begun: datetime) -> Iterator[Finding]:
    yield versions(what, _versions(said["machine"], said["code"]), ours)
    now = datetime.fromtimestamp(said["at"], UTC)
    if not begun <= now <= datetime.now(UTC):  # the answer was given between the question and its arrival
        yield clock(f"clock of {what}", now, begun if now < begun else datetime.now(UTC))
    if said["free_gib"] < LEAST_FREE_GIB:
        found = f"{said['free_gib']:.1f} GiB free for temporary files"
        yield Finding(f"disk of {what}", found, f"make {LEAST_FREE_GIB:.0f} GiB free there")
    if said["lake"]:
        cure = "give the node the lake's credentials (AWS_ACCESS_KEY_ID and its secret) and a way to its endpoint"
        yield Finding(f"lake seen from {what}", said["lake"], cure)


def _versions(machine: dict[str, Any], code: dict[str, str]) -> dict[str, str]:
    return {"python": machine["python"], **machine["libraries"], "vitrine": code["vitrine"]}


def told(lake: str) -> dict[str, Any]:
    """What a node says of itself; `lake` is why it cannot read the lake's root, empty where it can."""
    import shutil
    import tempfile

    try:
        LakeFiles(lake).text("vitrine.json")
        why = ""
    except PipelineError as error:
        why = str(error)
    free = shutil.disk_usage(tempfile.gettempdir()).free / 2**30
    return {
        "machine": describe_machine(),
        "code": code_version(),
        "at": time.time(),
        "free_gib": free,
        "lake": why,
    }
