"""Four clients search a real server while what is live changes: no error, no answer of two models."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from flows.parameters.publish import RollbackParameters
from flows.queries.live import live
from flows.retrieval.publishing.rollback import roll_back
from tests.flows.processes import ROOT
from tests.flows.retrieval.judged_lake import JudgedLake
from tests.flows.retrieval.publishing.searching import WORDS, K, answer
from tests.infra.milvus.server import MilvusServer
from tests.workers.report.small_lake import SmallLake

CLIENTS = 4
SEARCHES, CHANGES = (
    int(os.environ.get("SEARCHES", "1200")),
    int(os.environ.get("CHANGES", "6")),
)  # more by hand
pytestmark = [pytest.mark.slow, pytest.mark.long]


def test_every_answer_is_whole_and_of_the_index_that_it_names(
    real_milvus: MilvusServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VITRINE_MILVUS_URI", real_milvus.address)
    judged = JudgedLake(SmallLake(tmp_path / "lake", products=48))
    judged.first()
    models = [judged.small.embeds["corbiere"], judged.model("other", 0.6)]
    command = [
        sys.executable,
        "-m",
        "tests.flows.retrieval.publishing.searching",
        judged.lake.uri,
        str(SEARCHES // CLIENTS),
    ]
    clients = [
        subprocess.Popen([*command, str(seed)], cwd=ROOT, stdout=(tmp_path / f"{seed}.jsonl").open("w"))
        for seed in range(CLIENTS)
    ]
    try:
        was_live = [live(judged.lake).now.index]
        for change in range(CHANGES):
            if change % 2:
                roll_back.fn(RollbackParameters(lake=judged.lake.uri))
            else:
                judged.candidate(models[1 - change // 2 % 2], models[change // 2 % 2])
                judged.published(force=True, why="to be searched meanwhile", k=1, smallest=10)
            was_live.append(live(judged.lake).now.index)
        for client in clients:
            assert client.wait(3_000) == 0
    finally:
        for client in clients:
            client.kill()

    lines = [
        line for seed in range(CLIENTS) for line in (tmp_path / f"{seed}.jsonl").read_text().splitlines()
    ]
    answers = [json.loads(line) for line in lines]
    assert len(answers) == SEARCHES and [each for each in answers if "error" in each] == []
    asked = {each["index"] for each in answers}
    assert asked <= set(was_live) and len(asked) >= 3
    expected = {(index, words): answer(judged.lake.uri, words, index) for index in asked for words in WORDS}
    assert [each for each in answers if each != expected[each["index"], each["words"]]] == []
    assert all(len(each["hits"]) == K for each in answers)
    by_model = {judged.lake.run(index).result["fingerprint"]: index for index in asked}
    one, other = ([expected[index, words]["hits"] for words in WORDS] for index in by_model.values())
    assert all(ours != theirs for ours, theirs in zip(one, other, strict=True))  # a mixture would be seen
