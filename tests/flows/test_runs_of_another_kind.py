"""A run that a person names is of the flow whose runs are asked for there, or is refused in a line before any work."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flows.learn.label import label_products
from flows.learn.train import train_words
from flows.learn.tuning import tune_settings
from flows.parameters.label import LabelParameters
from flows.parameters.retrieval import EmbedParameters, EvaluateParameters, IndexParameters
from flows.parameters.train import TrainParameters
from flows.queries.live import searched
from flows.queries.report import write_report
from flows.retrieval.embedding.embed import embed_photos
from flows.retrieval.indexing.index import load_collection
from flows.retrieval.judging.evaluate import evaluate_model
from flows.retrieval.protocols.evaluation import benchmark_model
from flows.retrieval.protocols.photo_report import write_photo_report
from infra.lake import Lake
from schemas.errors import LakeError

NAMED: dict[str, Callable[[str, str], Any]] = {
    "label --crawls": lambda lake, run: label_products.fn(LabelParameters(lake=lake, crawls=(run,))),
    "train --labels": lambda lake, run: train_words.fn(TrainParameters(lake=lake, labels=run)),
    "train --search --labels": lambda lake, run: tune_settings.fn(
        TrainParameters(lake=lake, labels=run, search=2)
    ),
    "embed --labels": lambda lake, run: embed_photos.fn(EmbedParameters(lake=lake, labels=run)),
    "embed --train": lambda lake, run: embed_photos.fn(EmbedParameters(lake=lake, train=run)),
    "index --embed": lambda lake, run: load_collection.fn(IndexParameters(lake=lake, embed=run)),
    "evaluate --train": lambda lake, run: evaluate_model(EvaluateParameters(lake=lake, train=run)),
    "evaluate --index": lambda lake, run: evaluate_model(EvaluateParameters(lake=lake, index=run)),
    "evaluate --benchmark": lambda lake, run: benchmark_model(
        EvaluateParameters(lake=lake, train=run, benchmark="in-shop")
    ),
    "search --index": lambda lake, run: searched(Lake(lake), run),
    "report": lambda lake, run: write_report(lake, run),
    "report of photos": lambda lake, run: write_photo_report(lake, run),
}


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """With one committed label run, so that what is needed besides the run named is there."""
    place = Lake(str(tmp_path / "lake"))
    place.commit(place.begin("run", "label", "words"), {})
    return place


@pytest.mark.parametrize("ask", NAMED.values(), ids=NAMED)
def test_it_is_refused_by_its_id_and_what_it_is(ask: Callable[[str, str], Any], lake: Lake) -> None:
    other = lake.commit(lake.begin("run", "refused", "another"), {}).run_id

    with pytest.raises(LakeError, match=f"{other}.* is a run of refused"):
        ask(lake.uri, other)

    assert len(list(lake.runs())) == 2, "a refusal leaves no run behind"


def test_labels_of_another_kind_are_refused_before_anything_is_embedded(lake: Lake) -> None:
    labels = next(lake.runs("run", "label")).run_id
    trained = lake.commit(lake.begin("run", "train", "k", parents=[labels]), {"method": "corbiere"}).run_id

    for judge in (evaluate_model, benchmark_model):
        with pytest.raises(LakeError, match="is a run of train, not of label"):
            judge(EvaluateParameters(lake=lake.uri, train=trained, labels=trained, benchmark="in-shop"))
