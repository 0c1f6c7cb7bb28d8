"""flows/retrieval/judging/evaluation_check.py: what an evaluation could not tell is said before it begins."""

import json
from pathlib import Path

import pytest

from flows.parameters.retrieval import EvaluateParameters
from flows.retrieval.judging.evaluation_check import judge
from infra.lake import Lake
from schemas.errors import InputError
from schemas.label import LABELS, VOCABULARY
from tests.flows.command_line import imported_by, vitrine
from tests.workers.report.small_lake import SmallLake


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> SmallLake:
    return SmallLake(tmp_path_factory.mktemp("lake"), products=60)


@pytest.fixture(scope="module")
def single(small: SmallLake) -> str:
    """A label run whose held-out products have one photo each."""
    rows = [row for row in small.lake.table(small.labels, "labels").to_pylist() if row["split"] != "query"]
    words = small.lake.table(small.labels, "vocabulary").to_pylist()
    return small.commit("label", {LABELS: rows, VOCABULARY: words}, list(small.labels.parents), {}).run_id


def truth(folder: Path, ids: list[str]) -> str:
    (folder / "t.csv").write_text("\n".join(["product_id;category", *(f"{each};hat" for each in ids)]))
    return str(folder / "t.csv")


def parameters(small: SmallLake, path: str | None) -> EvaluateParameters:
    return EvaluateParameters(lake=small.lake.uri, truth=path)


def test_products_of_one_photo_are_told_with_what_to_do(
    small: SmallLake, single: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=r"second photo to search with: give several photos.*--truth FILE"):
        judge(small.lake, parameters(small, None), single)

    (note,) = judge(small.lake, parameters(small, truth(tmp_path, [str(n) for n in range(60)])), single)

    assert "no recall" in note


def test_a_truth_that_names_few_products_says_so_with_examples(small: SmallLake, tmp_path: Path) -> None:
    labels = small.labels.run_id

    assert judge(small.lake, parameters(small, truth(tmp_path, [str(n) for n in range(60)])), labels) == []
    few = truth(tmp_path, [str(n) if n % 2 else f"{n:05}" for n in range(60)])
    (note,) = judge(small.lake, parameters(small, few), labels)
    assert "products; none of " in note and "but 00000, 00002, 00004" in note
    with pytest.raises(InputError, match=r"names no product of the gallery.*none of \d+, \d+, \d+, but x"):
        judge(small.lake, parameters(small, truth(tmp_path, ["x"])), labels)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--truth", "none.csv"), "no such file"),
        (("--truth", "t.csv", "--columns", "sleeve"), "has no column sleeve; it has sku, kind"),
        (("--truth", "t.csv", "--truth-key", "sku"), "has none of the usual columns"),
        (("--truth", "t.csv", "--columns", "kind"), "has no column product_id"),
        (("--synonyms", "none.yaml"), "none.yaml"),
    ],
)
def test_wrong_files_are_refused_before_anything_starts(
    tmp_path: Path, words: tuple[str, ...], why: str
) -> None:
    (tmp_path / "t.csv").write_text("sku,kind\n1,hat\n")
    placed = [str(tmp_path / word) if "." in word else word for word in words]
    command = ("evaluate", *placed, "--lake", f"{tmp_path}/lake", "--json")

    done = vitrine(*command)

    assert done.returncode == 1 and why in json.loads(done.stdout)["error"]["message"]
    assert not {"prefect", "ray"} & imported_by(*command)
    assert Lake(f"{tmp_path}/lake").unfinished() == 0
