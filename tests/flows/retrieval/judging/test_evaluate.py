"""flows/retrieval/judging/evaluate.py: what is scored under which name, and what is told beside the numbers."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flows.parameters.retrieval import EvaluateParameters
from flows.retrieval.judging.benchmark import read_benchmark
from flows.retrieval.judging.evaluate import ScoredMethod, left_out_note, score_photos
from flows.retrieval.judging.ground_truth import read_truth
from schemas.errors import InputError
from schemas.label import LABELS, VOCABULARY
from tests.workers.report.small_lake import SmallLake

SCORE = score_photos.fn
COLUMNS = ["article_type", "base_colour", "article_type+base_colour"]


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> SmallLake:
    return SmallLake(tmp_path_factory.mktemp("lake"), products=60)


@pytest.fixture(scope="module")
def truth(small: SmallLake, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The clean columns: kinds as people write them, one colour that no shop ever wrote, one value missing."""
    rows = []
    for n, (product, kind, colour, _) in enumerate(small.products):
        rows.append(
            {
                "product_id": product.product_id.split(":")[1],
                "article_type": {"dress": "Dresses", "shirt": "Shirts"}.get(kind, kind),
                "base_colour": "Mauve" if n in (3, 4) else None if n == 0 else colour.title(),
            }
        )
    path = tmp_path_factory.mktemp("truth") / "truth.parquet"
    pq.write_table(pa.Table.from_pylist(rows), path)
    return str(path)


def evaluated(small: SmallLake, truth: str | None, **choices: Any) -> dict[str, Any]:
    methods = [
        ScoredMethod(
            name, f"print-{name}", run.run_id, small.trains[name].run_id if name in small.trains else None
        )
        for name, run in small.embeds.items()
    ]
    methods.sort(key=lambda method: method.name != "corbiere")
    labels = choices.pop("labels", small.labels.run_id)
    given = {"lake": small.lake.uri, "truth": truth, "columns": COLUMNS} | choices
    return SCORE(EvaluateParameters.read(given), labels, methods)


@pytest.fixture(scope="module")
def result(small: SmallLake, truth: str) -> dict[str, Any]:
    return evaluated(small, truth)


def scored(result: dict[str, Any], benchmark: str, metric: str, k: int, method: str = "corbiere") -> float:
    [row] = [
        row
        for row in result["scores"]
        if (row["benchmark"], row["metric"], row["k"], row["method"], row["slice"])
        == (benchmark, metric, k, method, "all")
    ]
    return float(row["value"])


def test_every_score_has_a_name_of_its_own(small: SmallLake, result: dict[str, Any]) -> None:
    names = {
        (row["benchmark"], row["slice"], row["metric"], row["k"], row["method"]) for row in result["scores"]
    }

    assert len(names) == len(result["scores"])
    assert {name for name, *_ in names} == {
        "item-retrieval",
        "neighbours:article_type", "neighbours:base_colour", "neighbours:article_type+base_colour",
        "zero-shot:article_type", "zero-shot:base_colour",
        "probe:article_type", "probe:base_colour",
    }  # fmt: skip
    assert all(0 <= row["ci_low"] <= row["value"] <= row["ci_high"] <= 1 for row in result["scores"])
    stored = small.lake.table(small.lake.run(result["run_id"]), "scores").to_pylist()
    assert [row for row in stored if row["slice"] == "all"] == [
        row for row in result["scores"] if row["slice"] == "all"
    ]
    sliced = [row for row in stored if row["slice"] != "all"]
    assert {row["slice"].partition("=")[0] for row in sliced} == {"category", "language", "price", "shop"}
    assert [row for row in result["scores"] if row["slice"] != "all"] == [
        row for row in sliced if (row["method"], row["metric"], row["k"]) == ("corbiere", "recall", 20)
    ]


def test_only_methods_that_learnt_words_are_asked_for_names_and_all_for_a_probe(
    result: dict[str, Any],
) -> None:
    by_name: dict[str, set[str]] = {}
    for row in result["scores"]:
        by_name.setdefault(row["benchmark"], set()).add(row["method"])

    assert by_name["zero-shot:article_type"] == {"corbiere"}
    assert by_name["probe:article_type"] == {"corbiere", "untrained", "histogram"}


def test_labels_that_no_word_names_are_listed_and_counted_as_misses(result: dict[str, Any]) -> None:
    said = result["zero_shot"]["base_colour"]["corbiere"]

    assert said["unknown"] == ["Mauve"]
    assert said["labels"] == 6
    assert said["unknown_photos"] == 2
    most = 1 - said["unknown_photos"] / said["photos"]
    assert 0.5 < scored(result, "zero-shot:base_colour", "accuracy", 5) <= most
    assert result["zero_shot"]["article_type"]["corbiere"]["unknown"] == []


def test_a_probe_learns_from_the_train_split_and_says_how(small: SmallLake, result: dict[str, Any]) -> None:
    said = result["probe"]["article_type"]["corbiere"]
    train = {
        row["image_id"]
        for row in small.lake.table(small.labels, "labels").to_pylist()
        if row["split"] == "train"
    }

    assert said["photos"] == len(train)
    assert said["validation"][f"{said['strength']:g}"] == max(said["validation"].values())
    # The lake's vectors are a garment, a colour and noise, and more noise for `untrained`.
    assert scored(result, "probe:article_type", "accuracy", 1) > 0.6
    assert scored(result, "probe:article_type", "accuracy", 1, "untrained") < scored(
        result, "probe:article_type", "accuracy", 1
    )


def test_two_columns_together_are_harder_than_each(result: dict[str, Any]) -> None:
    both, kind, colour = (
        scored(result, f"neighbours:{name}", "precision", 10)
        for name in ("article_type+base_colour", "article_type", "base_colour")
    )

    assert 0 < both < min(kind, colour)


def test_the_whole_ranking_is_scored_beside_its_first_hits(result: dict[str, Any]) -> None:
    for method in ("corbiere", "histogram"):
        at_r = scored(result, "item-retrieval", "map-at-r", 0, method)
        precision = scored(result, "item-retrieval", "r-precision", 0, method)
        assert 0 < at_r <= precision <= 1
        assert at_r <= scored(result, "item-retrieval", "average-precision", 0, method)
        assert precision <= scored(result, "item-retrieval", "recall", 50, method)
    assert result["queries_without_answer"] == 0


def test_each_rival_is_compared_with_the_trained_method_query_by_query(result: dict[str, Any]) -> None:
    rows = {(row["against"], row["benchmark"], row["metric"], row["k"]): row for row in result["differences"]}

    for against in ("untrained", "histogram"):
        row = rows[against, "item-retrieval", "map-at-r", 0]
        gain = scored(result, "item-retrieval", "map-at-r", 0) - scored(
            result, "item-retrieval", "map-at-r", 0, against
        )
        assert row["difference"] == pytest.approx(gain)
        assert row["ci_low"] <= row["difference"] <= row["ci_high"]
    assert ("untrained", "zero-shot:article_type", "accuracy", 1) not in rows


def test_without_a_truth_or_a_probe_there_are_none_of_their_scores(small: SmallLake, truth: str) -> None:
    bare = evaluated(small, None, columns=None)
    unprobed = evaluated(small, truth, probe=False)

    assert {row["benchmark"] for row in bare["scores"]} == {"item-retrieval"}
    assert bare["zero_shot"] == bare["probe"] == unprobed["probe"] == {}
    assert not [row for row in unprobed["scores"] if row["benchmark"].startswith("probe")]


def test_a_file_of_synonyms_names_what_was_unknown(small: SmallLake, truth: str, tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("groups: [[mauve, wool]]", encoding="utf-8")

    said = evaluated(small, truth, synonyms=str(file), probe=False)["zero_shot"]["base_colour"]["corbiere"]

    assert said["unknown"] == []


def test_duplicated_rows_of_the_gallery_change_nothing(
    small: SmallLake, truth: str, result: dict[str, Any]
) -> None:
    """Files that list pairs repeat their photos; both sides are without duplicates here."""
    rows = small.lake.table(small.labels, "labels").to_pylist()
    words = small.lake.table(small.labels, "vocabulary").to_pylist()
    twice = small.commit(
        "label", {LABELS: rows + rows[::-1] + rows, VOCABULARY: words}, list(small.labels.parents), {}
    )

    assert read_benchmark(small.lake, twice, True) == read_benchmark(small.lake, small.labels, True)
    again = evaluated(small, truth, labels=twice.run_id)
    assert again["scores"] == result["scores"]
    assert (again["queries"], again["gallery"]) == (result["queries"], result["gallery"])


def test_two_columns_have_a_value_where_both_do(truth: str) -> None:
    kind, _, both = read_truth(truth, "product_id", COLUMNS)

    assert both.joined and not kind.joined
    assert "0" in kind.values and "0" not in both.values  # the first product has no colour
    assert both.values["1"] == f"{kind.values['1']} + Red"
    assert both.value(["nobody's", "1"]) == both.values["1"]


def test_a_column_that_is_not_there_is_named(truth: str) -> None:
    with pytest.raises(InputError, match="has no column sleeve"):
        read_truth(truth, "product_id", ["article_type+sleeve"])
    with pytest.raises(InputError, match="no such file"):
        read_truth(truth + "x", "product_id", None)


def test_a_truth_about_other_products_is_refused(small: SmallLake, tmp_path: Path) -> None:
    other = tmp_path / "other.csv"
    other.write_text("product_id,article_type\nnobody,dress\n", encoding="utf-8")

    before = [run.run_id for run in small.lake.runs("run")]
    with pytest.raises(InputError, match="names no product of the gallery"):
        evaluated(small, str(other), columns=["article_type"])
    assert [run.run_id for run in small.lake.runs("run")] == before


def test_what_a_scored_model_learnt_from_under_another_label_run_is_not_asked(small: SmallLake) -> None:
    rows = small.lake.table(small.labels, "labels").to_pylist()
    number = {product.product_id: n for n, (product, *_) in enumerate(small.products)}
    for row in rows:
        n, first = (
            number[row["product_id"]],
            row["image_id"] == small.products[number[row["product_id"]]][3][0],
        )
        row["split"] = "train" if n % 3 == 0 else "query" if first else "gallery"
    labels = small.commit(
        "label", {LABELS: rows}, small.labels.parents, {"kept_in_train": 3, "moved_to_train": 1}
    )

    result = evaluated(small, None, labels=labels.run_id)

    learnt = sorted(product for product, n in number.items() if n % 3 == 2)
    assert result["moved"] == {
        "kept_in_train": 3, "moved_to_train": 1, "left_out": len(learnt), "left_out_products": learnt[:20],
    }  # fmt: skip
    [note] = left_out_note(result["moved"])
    assert note.startswith(f"{len(learnt)} held-out products left out") and learnt[0] in note
    assert result["queries"] == sum(n % 3 == 1 for n in number.values())
    assert result["gallery"] == 3 * sum(n % 3 != 0 for n in number.values())  # they are found, and are wrong
    recall = next(row for row in result["scores"] if row["slice"] == "all" and row["metric"] == "recall")
    assert recall["n"] == result["queries"]


def test_under_its_own_label_run_nothing_is_left_out(result: dict[str, Any]) -> None:
    assert result["moved"]["left_out"] == 0 and result["moved"]["left_out_products"] == []
