"""flows/retrieval/publishing/publish.py and rollback.py on a small lake, Lite and a server: what goes live."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from flows.parameters.publish import PublishParameters, RollbackParameters
from flows.parameters.retrieval import SearchParameters
from flows.queries.live import live
from flows.queries.report import write_report
from flows.queries.search import search
from flows.retrieval.publishing.retention import DRAINED_S, drop_drained
from flows.retrieval.publishing.rollback import roll_back
from infra.milvus.store import VectorStore
from schemas.errors import InputError, LakeError, UsageError
from tests.flows.retrieval.judged_lake import JudgedLake
from tests.workers.report.small_lake import SmallLake

JUDGED = {"k": 1, "margin": 0.1, "smallest": 10}


@pytest.fixture
def judged(tmp_path: Path, milvus_address: str) -> Iterator[JudgedLake]:
    yield JudgedLake(SmallLake(tmp_path / "lake", products=120))


@pytest.fixture
def few(tmp_path: Path, milvus_address: str) -> Iterator[JudgedLake]:
    """For what depends on no query's answer."""
    yield JudgedLake(SmallLake(tmp_path / "lake", products=24))


def asked(judged: JudgedLake) -> str:
    return str(search(SearchParameters(lake=judged.lake.uri, words="dress", k=1))["collection"])


def test_models_go_live_by_what_they_find_and_come_back(judged: JudgedLake, milvus_address: str) -> None:
    first = judged.first()
    good = judged.small.embeds["corbiere"]
    assert (first["verdict"], first["published"]) == ("first", True) and "no rival" in first["why"]
    assert asked(judged) == first["collection"]

    worse = judged.model("worse", 0.6)
    refused_index = judged.candidate(worse, good)
    refused = judged.published(**JUDGED)
    assert (refused["verdict"], refused["published"]) == ("worse", False)
    assert refused["overall"]["high"] < -0.1 and 0 < refused["overlap_at_10"] < 1
    assert asked(judged) == first["collection"] and live(judged.lake).now.collection == first["collection"]

    forced = judged.published(force=True, why="to see", **JUDGED)
    assert forced["published"] and forced["why"].startswith("forced (to see) though recall@1 ")
    assert forced["previous"]["collection"] == first["collection"]
    assert asked(judged) == refused_index["collection"] == forced["collection"]

    judged.candidate(good, worse)  # a better model than the one that is live now
    better = judged.published(**JUDGED)
    assert (better["verdict"], better["published"]) == ("better", True) and better["overall"]["low"] > 0
    with VectorStore(milvus_address) as store:
        assert store.pointed("live") == better["collection"] == asked(judged)

    back = roll_back.fn(RollbackParameters(lake=judged.lake.uri, why="a trial"))
    assert back["collection"] == forced["collection"] == asked(judged)
    assert (
        roll_back.fn(RollbackParameters(lake=judged.lake.uri))["collection"]
        == better["collection"]
        == asked(judged)
    )
    with VectorStore(milvus_address) as store:
        assert store.pointed("live") == better["collection"]


def test_a_model_that_is_blind_for_one_kind_is_refused_by_the_name_of_the_slice(judged: JudgedLake) -> None:
    judged.first()
    blind = judged.model("blind", 0.0, blind="skirt")
    judged.candidate(blind, judged.small.embeds["corbiere"])

    refused = judged.published(**JUDGED | {"margin": 0.3})

    assert not refused["published"] and refused["overall"]["verdict"] == "not worse"
    assert refused["worse"] == ["category=skirt"] and refused["why"].startswith(
        "worse in category=skirt: recall@1 "
    )
    assert refused["slices"][0]["slice"] == "category=skirt" and refused["slices"][0]["difference"] < -0.3
    run = judged.lake.run(refused["run_id"])
    verdicts = {row["slice"]: row["verdict"] for row in judged.lake.table(run, "verdicts").to_pylist()}
    assert verdicts["category=skirt"] == "worse" and verdicts["category=dress"] == "not worse"
    changed = judged.lake.table(run, "changes").to_pylist()
    assert len(changed) == 50
    skirts = {product.product_id for product, kind, *_ in judged.small.products if kind == "skirt"}
    assert sum(row["product_id"] in skirts for row in changed[:10]) == 10
    assert all(len(row["live_image_ids"]) == 10 == len(row["candidate_similarities"]) for row in changed)

    page = Path(write_report(judged.lake.uri, run.parents[0])["report"]).read_text(encoding="utf-8")
    assert "What the new model changes" in page and "worse in category=skirt: recall@1 " in page
    first = judged.small.lake.table(run, "changes").to_pylist()[0]
    assert page.index('<li class="side">live') < page.index('<li class="side">new')
    assert f"first right photo at place {first['live_rank']}" in page


def test_the_same_model_on_a_newer_catalogue_goes_live_and_what_is_live_stays_so(few: JudgedLake) -> None:
    first = few.first()
    again = few.published()
    assert (again["verdict"], again["published"], again["previous"]) == ("already live", True, None)

    few.indexed(few.small.embeds["corbiere"])
    tried = few.published(dry_run=True)
    assert (tried["published"], tried["would_publish"], asked(few)) == (False, True, first["collection"])
    fresh = few.published()

    assert (fresh["verdict"], fresh["published"]) == ("same model", True)
    assert "0 entities added, 0 removed, 0 changed" in fresh["why"]
    assert fresh["previous"]["collection"] == first["collection"]
    assert set(fresh["milliseconds"]) == {"candidate", "live"}


def test_an_index_that_is_not_whole_goes_live_by_no_force(few: JudgedLake, milvus_address: str) -> None:
    few.first()
    second = few.indexed(few.small.embeds["corbiere"])
    with VectorStore(milvus_address) as store:
        store._client.delete(second["collection"], filter="price < 30")  # as somebody else might
        left = store.count(second["collection"])

    refused = few.published(force=True, why="hurry")

    assert not refused["published"] and f"holds {left} entities, not 96" in refused["why"]
    with VectorStore(milvus_address) as store:
        store.drop(second["collection"])
    assert "cannot be asked" in few.published(force=True, why="hurry")["why"]


def test_what_is_out_of_use_is_dropped_once_no_search_can_be_asking_it(
    few: JudgedLake, milvus_address: str
) -> None:
    collections = [few.first()["collection"]]
    for _ in range(2):
        few.indexed(few.small.embeds["corbiere"])
        result = few.published()
        collections.append(result["collection"])
        assert result["dropped"] == []  # all of it was in use a moment ago

    with VectorStore(milvus_address) as store:
        newest = live(few.lake).now.index
        soon = datetime.now(UTC) + timedelta(seconds=DRAINED_S - 60)
        late = datetime.now(UTC) + timedelta(seconds=DRAINED_S + 60)
        assert drop_drained(few.lake, store, newest, soon) == []
        assert drop_drained(few.lake, store, newest, late) == collections[:1]
        assert store.collections() == sorted(collections[1:])


def test_what_cannot_be_judged_is_refused_in_a_line(few: JudgedLake) -> None:
    lake = few.lake
    with pytest.raises(LakeError, match="nothing was ever published"):
        roll_back.fn(RollbackParameters(lake=lake.uri))
    with pytest.raises(LakeError, match="no index of the model that was evaluated; run index first"):
        few.published()
    few.first()
    with pytest.raises(LakeError, match="nothing was live before"):
        roll_back.fn(RollbackParameters(lake=lake.uri))
    worse = few.model("worse", 0.6)
    few.indexed(worse)
    few.scored([few.method("corbiere", worse)])
    with pytest.raises(
        InputError, match="no answers of the live model beside the candidate's; run evaluate again"
    ):
        few.published()
    with pytest.raises(InputError, match="is no index of the model that is judged"):
        few.published(index=live(lake).now.index)
    with pytest.raises(LakeError, match="is a run of label"):
        few.published(evaluation=few.small.labels.run_id)
    with pytest.raises(UsageError, match="--force: needs --why"):
        PublishParameters.read({"force": True})
