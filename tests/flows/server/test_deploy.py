"""flows/server on a real Prefect server: twice gives the same server, and what the files no longer have is removed."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from flows.server.automations import read_automations
from flows.server.deploy import deploy
from flows.server.deployments import deployment_specs
from schemas.errors import InputError
from tests.flows.prefect_server import ask, prefect, vitrine
from tests.flows.processes import ROOT

PREFECT = yaml.safe_load((ROOT / "infra/prefect.yaml").read_text())
AUTOMATIONS = yaml.safe_load((ROOT / "infra/automations.yaml").read_text())


def test_every_schedule_ships_inactive_and_no_place_or_secret_is_a_parameter() -> None:
    for spec in deployment_specs("infra/prefect.yaml", PREFECT):
        assert spec["schedules"] and not any(each.active for each in spec["schedules"])
        assert set(spec["parameters"]) <= {"shops", "schedule", "revisit", "keep"}


def test_the_automations_that_ship_are_ours() -> None:
    names = [each.name for each in read_automations("infra/automations.yaml", AUTOMATIONS)]

    assert names == ["vitrine: zombie runs", "vitrine: late night", "vitrine: failed share"]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (None, "a list"),
        ({"automations": [{"name": "vitrine: x"}]}, "automation 1, trigger"),
        ({"automations": [AUTOMATIONS["automations"][0] | {"name": "mine"}]}, "must begin with"),
    ],
)
def test_automations_that_are_none_are_refused(given: Any, words: str) -> None:
    with pytest.raises(InputError, match=words):
        read_automations("a.yaml", given)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"parameters": {"colour": "red"}}, "no parameter colour"),
        ({"entrypoint": "flows.nowhere.flow"}, "flows.nowhere"),
        ({"work_pool": {}}, "name"),
    ],
)
def test_deployments_that_are_none_are_refused(change: dict[str, Any], words: str) -> None:
    given = PREFECT | {"deployments": [PREFECT["deployments"][0] | change]}
    with pytest.raises(InputError, match=words):
        deployment_specs("prefect.yaml", given)


def test_without_a_server_there_is_nowhere_to_deploy_to(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PREFECT_API_URL", "PREFECT_PROFILE"):
        monkeypatch.delenv(name, raising=False)

    with pytest.raises(InputError, match="PREFECT_API_URL"):
        deploy()


def state_of(env: Mapping[str, str]) -> dict[str, Any]:
    """Everything that matters of a server, with ids and times of change: what is not touched keeps them."""
    deployments = ask(env, "deployments/filter")
    return {
        "deployments": {each["name"]: each for each in deployments},
        "limits": {each["name"]: each for each in ask(env, "v2/concurrency_limits/filter")},
        "automations": {each["name"]: each for each in ask(env, "automations/filter")},
        "pools": [each["name"] for each in ask(env, "work_pools/filter")],
    }


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_twice_gives_the_same_server_and_what_is_no_more_in_the_files_is_removed(
    server: dict[str, str], tmp_path: Path
) -> None:
    shops, file, automations = (
        tmp_path / name for name in ("shops.yaml", "prefect.yaml", "automations.yaml")
    )
    listed = [{"name": name, "url": f"http://127.0.0.1:1/{name}"} for name in ("one", "two")]
    shops.write_text(json.dumps({"shops": listed}))
    prefect(server, "gcl", "create", "somebody-else", "--limit", "3")
    words = ["deploy", "--shops", str(shops), "--file", str(file), "--automations", str(automations)]
    file.write_text(yaml.safe_dump(PREFECT))
    automations.write_text(yaml.safe_dump(AUTOMATIONS))

    made = vitrine(server, *words)
    first = state_of(server)
    again = vitrine(server, *words)

    assert sorted(made["limits"]["made"]) == ["vitrine-shop-one", "vitrine-shop-two"]
    assert state_of(server) == first
    assert not any(
        again[kind][what] for kind in again if kind != "server" for what in ("made", "changed", "removed")
    )
    assert first["deployments"]["nightly"]["schedules"][0]["active"] is False
    assert first["deployments"]["nightly"]["parameters"] == {"shops": str(shops), "schedule": "nightly"}

    nightly = first["deployments"]["nightly"]
    prefect(
        server, "deployment", "schedule", "resume", "crawl-and-index/nightly", nightly["schedules"][0]["id"]
    )
    shops.write_text(json.dumps({"shops": [listed[0] | {"schedule": "nightly"}]}))
    changed = [PREFECT["deployments"][0] | {"description": "Every night."}]
    file.write_text(yaml.safe_dump(PREFECT | {"deployments": changed}))
    automations.write_text(yaml.safe_dump({"automations": AUTOMATIONS["automations"][:1]}))
    pruned = vitrine(server, *words)
    now = state_of(server)

    assert pruned["deployments"] == {
        "made": [], "changed": ["crawl-and-index/nightly"], "kept": [], "removed": ["monthly", "old-runs", "weekly"],
    }  # fmt: skip
    assert pruned["limits"]["removed"] == ["vitrine-shop-two"]
    assert sorted(pruned["automations"]["removed"]) == ["vitrine: failed share", "vitrine: late night"]
    assert set(now["deployments"]) == {"nightly"} and "somebody-else" in now["limits"]
    assert now["deployments"]["nightly"]["description"] == "Every night."
    assert now["deployments"]["nightly"]["schedules"][0]["active"] is True  # as somebody switched it on
    assert now["automations"]["vitrine: zombie runs"] == first["automations"]["vitrine: zombie runs"]


@pytest.mark.slow
def test_what_cannot_be_deployed_is_one_line_and_changes_nothing(
    prefect_api: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "shops.yaml").write_text("shops: [{name: a, url: 'http://127.0.0.1:1/', schedule: nigthly}]")
    done = subprocess.run(
        [sys.executable, "-c", "from flows.cli import main; main()", "deploy", "--json", "--shops",
         str(tmp_path / "shops.yaml")],
        cwd=ROOT, env=os.environ | prefect_api, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip

    assert done.returncode == 1
    message = json.loads(done.stdout)["error"]["message"]
    assert "shop a, schedule: no deployment nigthly" in message
    assert ask(prefect_api, "deployments/filter") == []


SAVE_BLOCKS = """
from prefect.blocks.notifications import SlackWebhook
from prefect.blocks.system import Secret
SlackWebhook(url="http://127.0.0.1:9/hook").save("ops")
Secret(value="of-milvus").save("vitrine-milvus-token")
"""
READ_TOKEN = (
    "from flows.retrieval.indexing.index import stored_token; print(stored_token('http://127.0.0.1:19530'))"
)


@pytest.mark.slow
def test_blocks_of_the_server_tell_people_and_keep_the_secret(server: dict[str, str]) -> None:
    def python(program: str) -> str:
        done = subprocess.run(
            [sys.executable, "-c", program], cwd=ROOT, env=server, capture_output=True, text=True, timeout=300,
            check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    shops = ("deploy", "--shops", "infra/shops.example.yaml")
    assert python(READ_TOKEN) == ""
    python(SAVE_BLOCKS)

    vitrine(server, *shops, "--notify", "slack-webhook/ops")
    actions = {name: each["actions"] for name, each in state_of(server)["automations"].items()}
    assert len(actions) == 3 and all(each[-1]["type"] == "send-notification" for each in actions.values())
    assert python(READ_TOKEN) == "of-milvus"
    with pytest.raises(AssertionError, match="--notify slack-webhook/none: no such block"):
        vitrine(server, *shops, "--notify", "slack-webhook/none")
