"""What the files of a deployment say: services of compose, resources of Kubernetes, their pods and containers."""

from collections.abc import Iterator
from typing import Any

import yaml

from infra.machine import ROOT

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "infra/compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
RESOURCES = [
    resource
    for path in sorted((ROOT / "infra/kubernetes").glob("*.yaml"))
    for resource in yaml.safe_load_all(path.read_text())
]
OURS = "vitrine"  # the image


def clusters() -> Iterator[tuple[str, dict[str, Any]]]:
    """Name and spec of each Ray cluster, those of a job and of a service, too."""
    for resource in RESOURCES:
        if resource["apiVersion"] == "ray.io/v1":
            own = resource["spec"]
            yield resource["metadata"]["name"], own.get("rayClusterSpec", own.get("rayClusterConfig", own))


def groups(spec: dict[str, Any]) -> list[dict[str, Any]]:
    return [spec["headGroupSpec"], *spec["workerGroupSpecs"]]


def pods() -> Iterator[dict[str, Any]]:
    """Templates of every pod."""
    for resource in RESOURCES:
        if "template" in resource.get("spec", {}):
            yield resource["spec"]["template"]
    for _, spec in clusters():
        yield from (group["template"] for group in groups(spec))


def containers() -> Iterator[dict[str, Any]]:
    for pod in pods():
        yield from pod["spec"]["containers"]
