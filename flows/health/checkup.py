"""`vitrine doctor` without a shop: this machine, and of the deployment what the settings name."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from flows import terminal
from flows.health import milvus, own_machine
from flows.health.finding import Finding
from flows.orchestration import configured_api
from infra.machine import ROOT
from infra.settings import Settings, load_settings

CONNECT_S = 5.0


def checkup(lake: str = "") -> dict[str, Any]:
    """Look at everything, and name each fault with its cure.

    lake  its address; that of the settings where none is given
    Returns the machine, `checks` (what, found and cure, each in a line) and `faults`, how many of them there are.
    """
    settings = load_settings(lake=lake or None)
    told = own_machine.described(settings.lake)
    checks = [finding._asdict() for finding in _findings(settings, told)]
    return told | {"checks": checks, "faults": sum(1 for check in checks if check["cure"])}


def show(result: dict[str, Any]) -> None:
    """The machine, what was found, and each cure."""
    machine = {name: value for name, value in result.items() if name not in ("checks", "faults", "lake")}
    machine |= {"gpus": result["gpus"] or "none", "ports": own_machine.ports(result["ports"])}
    terminal.fields_table("this machine", machine)
    marks = {True: "well", False: "FAULT"}
    rows = [[marks[not check["cure"]], check["what"], check["found"]] for check in result["checks"]]
    terminal.rows_table("what was looked at", ["", "what", "found"], rows)
    cures = [[check["what"], check["cure"]] for check in result["checks"] if check["cure"]]
    if cures:
        terminal.rows_table("what to do", ["what", "cure"], cures)


def _findings(settings: Settings, told: dict[str, Any]) -> Iterator[Finding]:
    yield from own_machine.findings(settings, told)
    yield from milvus.findings(settings)
    if url := configured_api():
        from flows.health import prefect_api  # brings Prefect, seconds that a laptop need not pay

        yield from prefect_api.findings(url, _pools())
    if settings.ray_address:
        from flows.health import ray_nodes

        yield from ray_nodes.findings(settings.ray_address, settings.lake)
    yield from _metrics(settings)


def _pools() -> list[str]:
    """Names of the work pools that the deployments of infra/prefect.yaml take."""
    given = yaml.safe_load((ROOT / "infra" / "prefect.yaml").read_text("utf-8"))
    return sorted({each["work_pool"]["name"] for each in given["deployments"]})


def _metrics(settings: Settings) -> Iterator[Finding]:
    """Whether what flows tell Prometheus can be left where the settings say."""
    if folder := settings.metrics_folder:
        writable = Path(folder).is_dir() and os.access(folder, os.W_OK)
        cure = "" if writable else f"mkdir -p {folder}, and let this user write there"
        yield Finding("metrics folder", folder if writable else f"{folder} cannot be written", cure)
    if gateway := settings.pushgateway:
        place = urlsplit(gateway if "//" in gateway else f"//{gateway}")
        try:
            with socket.create_connection((place.hostname or "", place.port or 9091), timeout=CONNECT_S):
                yield Finding("Pushgateway", f"{gateway} answers")
        except OSError as error:
            yield Finding(
                "Pushgateway", f"{gateway} does not answer ({error})", "start it, or mend VITRINE_PUSHGATEWAY"
            )
