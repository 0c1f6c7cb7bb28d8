"""Every command line in compose.yaml, in kubernetes/ and in the Dockerfile is one that its program takes."""

import json
import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.machine import ROOT
from tests.flows.taken_commands import refused
from tests.infra.deployment import OURS, RESOURCES, SERVICES, clusters, containers, groups


def command_lines() -> Iterator[list[str]]:
    """Words of each command that one of our containers runs, those within a shell's line, too."""
    for service in SERVICES.values():
        if service["image"] == OURS:
            yield from _within(service["command"])
            yield from _within(service.get("healthcheck", {}).get("test", ["CMD"])[1:])
    for container in containers():
        if container["image"] == OURS:
            yield from _within([*container.get("command", []), *container.get("args", [])])
    for resource in RESOURCES:
        if resource["kind"] == "RayJob":
            yield from _within(shlex.split(resource["spec"]["entrypoint"]))
    for _, spec in clusters():
        for group in groups(spec):
            role = ["--head"] if "groupName" not in group else ["--address=head:6379"]
            yield [
                "ray",
                "start",
                *role,
                *(f"--{name}={word}" for name, word in group["rayStartParams"].items()),
            ]
    (last,) = re.findall(r"^CMD (.*)$", (ROOT / "infra/Dockerfile").read_text(), re.M)
    yield json.loads(last)


def _within(words: list[str]) -> Iterator[list[str]]:
    if words[:2] == ["sh", "-c"]:
        yield from (
            shlex.split(part.strip().removeprefix("exec ")) for part in re.split(r"&&|\|\|", words[2])
        )
    elif words:
        yield words


LINES = list(command_lines())


@pytest.mark.parametrize("words", LINES, ids=[" ".join(words)[:80].splitlines()[0] for words in LINES])
def test_a_command_line_is_one_that_its_program_takes(words: list[str]) -> None:
    assert refused(words) == ""


def test_the_command_lines_are_found_and_one_with_a_slip_would_not_be_taken() -> None:
    assert {tuple(words[:2]) for words in LINES} >= {
        ("vitrine", "deploy"), ("vitrine", "serve"), ("vitrine", "retrain"), ("prefect", "server"),
        ("prefect", "worker"), ("ray", "start"), ("ray", "health-check"),
    }  # fmt: skip
    for slip in (
        "vitrine serve --hots 0.0.0.0",
        "prefect worker start --pol vitrine",
        "ray start --adress=x:1",
    ):
        assert refused(shlex.split(slip)).startswith(slip)


@pytest.mark.parametrize(("code", "of_the_job"), [(0, 0), (3, 0), (1, 1), (130, 1)])
def test_a_model_that_the_gate_refuses_is_no_fault_of_the_job_and_anything_else_is(
    code: int, of_the_job: int, tmp_path: Path
) -> None:
    """KubeRay starts a job again that has failed; the gate would say the same again, a training later."""
    [entrypoint] = [each["spec"]["entrypoint"] for each in RESOURCES if each["kind"] == "RayJob"]
    stand_in = tmp_path / "vitrine"
    stand_in.write_text(f"#!/bin/sh\nexit {code}\n")
    stand_in.chmod(0o755)
    where = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}

    assert subprocess.run(shlex.split(entrypoint), env=where, check=False).returncode == of_the_job
