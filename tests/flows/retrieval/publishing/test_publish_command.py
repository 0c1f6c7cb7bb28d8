"""`vitrine publish`, `search` and `rollback` as people call them, on Milvus Lite: output, exit status, one line."""

import json
from pathlib import Path

import pytest

from tests.flows.command_line import vitrine
from tests.flows.retrieval.judged_lake import JudgedLake
from tests.workers.report.small_lake import SmallLake

pytestmark = [pytest.mark.slow, pytest.mark.long, pytest.mark.timeout(900)]


def test_a_worse_model_ends_with_3_and_the_live_index_is_searched_until_it_is_forced(tmp_path: Path) -> None:
    judged = JudgedLake(SmallLake(tmp_path / "lake", products=120))
    lake = ("--lake", judged.lake.uri)
    good = judged.small.embeds["corbiere"]
    judged.indexed(good)
    judged.scored([judged.method("corbiere", good)])

    first = vitrine("publish", *lake, "--json")
    assert first.returncode == 0, first.stderr
    live = json.loads(first.stdout)
    assert (live["published"], live["verdict"]) == (True, "first")

    judged.candidate(judged.model("worse", 0.6), good)
    rule = ("--k", "1", "--margin", "0.1", "--smallest", "10")
    refused = vitrine("publish", *lake, *rule)
    assert refused.returncode == 3
    assert "worse: recall@1 " in refused.stdout and "the live index stays" in refused.stdout
    assert refused.stderr.splitlines()[-1].startswith("vitrine: not published: recall@1 ")
    found = json.loads(vitrine("search", "--words", "dress", *lake, "--json").stdout)
    assert found["collection"] == live["collection"]

    as_json = vitrine("publish", *lake, *rule, "--dry-run", "--json")
    assert as_json.returncode == 3 and json.loads(as_json.stdout)["would_publish"] is False
    forced = vitrine("publish", *lake, *rule, "--force", "--why", "a trial", "--json")
    assert forced.returncode == 0
    found = json.loads(vitrine("search", "--words", "dress", *lake, "--json").stdout)
    assert found["collection"] == json.loads(forced.stdout)["collection"] != live["collection"]

    back = vitrine("rollback", *lake)
    assert back.returncode == 0 and f"live: {live['collection']}, 480 entities" in back.stdout
    found = json.loads(vitrine("search", "--words", "dress", *lake, "--json").stdout)
    assert found["collection"] == live["collection"]
    listed = vitrine("runs", *lake).stdout
    assert "is live again" in listed and "forced: " not in listed and "worse: recall@1" in listed
