"""flows/learn/held_out.py: what a judged model learnt from is not asked, whatever arrives beside it."""

from pathlib import Path
from typing import Any

import pytest

from flows.learn.held_out import NAMED, named
from infra.lake import Lake
from schemas.label import VOCABULARY
from tests.flows.crawled_lake import catalogue, crawled, figures, labelled
from tests.flows.learn.committed_runs import committed
from workers.data.split import share_of

ASKED = [f"s:a{n}" for n in range(900) if share_of(f"s:a{n}") < 0.25]  # smaller than every id of `catalogue`


def trained(lake: Lake, labels: str, *others: str, method: str = "house") -> str:
    """A train run that learnt something, as far as a label run looks at it."""
    return committed(lake, "train", VOCABULARY, [], parents=[labels, *others], images=9, method=method)


def sides(lake: Lake, result: dict[str, Any]) -> dict[str, bool]:
    rows = lake.table(lake.run(result["run_id"]), "labels", ["product_id", "split"]).to_pylist()
    return {row["product_id"]: row["split"] == "train" for row in rows}


def joining(n: int = 60) -> dict[str, tuple[str, list[str]]]:
    """The catalogue, and beside its first n products one of a smaller id that is held out and shows the same photo."""
    new = {ASKED[i].split(":")[1]: (f"The red dress no{i}", [f"a{i}"]) for i in range(n)}
    return catalogue() | new


@pytest.mark.parametrize("learnt", [True, False])
def test_a_group_stays_in_train_while_a_model_that_learnt_from_it_is_judged(
    tmp_path: Path, learnt: bool
) -> None:
    lake = Lake(str(tmp_path))
    crawled(lake, "s", catalogue())
    first = labelled(lake)
    if learnt:
        trained(lake, first["run_id"])
    before = sides(lake, first)
    crawled(lake, "s", joining())

    result = labelled(lake)

    after = sides(lake, result)
    train = {product for product, side in before.items() if side and int(product.split("p")[1]) < 60}
    card = {row["name"]: row for row in result["report_card"] if row["section"] == "sides"}
    if learnt:
        assert all(after[product] for product in train)
        assert result["kept_in_train"] == card["kept in train"]["value"] == 2 * len(train)
        assert ASKED[0] in card["kept in train"]["detail"] or not after[ASKED[0]]
    else:
        assert not any(after[product] for product in train)
        assert card["models judged"]["value"] == card["kept in train"]["value"] == 0
    assert result["moved_to_train"] == 0


def test_a_product_that_joins_a_group_learnt_from_moves_to_train_and_is_named(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    crawled(lake, "s", catalogue())
    first = labelled(lake)
    trained(lake, first["run_id"])
    before = sides(lake, first)
    asked, learnt = (
        next(name for name, side in before.items() if side is wanted) for wanted in (False, True)
    )
    both = {
        "z": ("red dress", [f"a{asked.split('p')[1]}", f"a{learnt.split('p')[1]}"])
    }  # shows photos of two
    crawled(lake, "s", catalogue() | both)

    result = labelled(lake)

    after = sides(lake, result)
    assert after[asked] and after[learnt] and after["s:z"]
    assert result["moved_to_train"] == 1
    assert figures(result, "sides")["moved to train"] == 1
    assert any(row["detail"].endswith(f"now: {asked}") for row in result["report_card"])


def test_a_photo_learnt_from_stays_in_train_when_its_product_is_gone(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    crawled(lake, "s", catalogue())
    first = labelled(lake)
    trained(lake, first["run_id"])
    before = sides(lake, first)
    learnt = [int(name.split("p")[1]) for name, side in before.items() if side]
    crawled(lake, "s", {ASKED[i].split(":")[1]: (f"The red dress no{i}", [f"a{i}"]) for i in range(80)})

    after = sides(lake, labelled(lake))

    assert {i for i in range(80) if after[ASKED[i]]} == set(learnt)


def test_only_the_newest_model_of_a_method_is_judged_with_what_it_went_on_from(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    crawled(lake, "s", catalogue())
    first = labelled(lake)
    one = trained(lake, first["run_id"])
    crawled(lake, "t", {f"q{i}": ("red dress", [f"x{i}"]) for i in range(20)}, seed=1)
    other = labelled(lake, [next(run.run_id for run in lake.runs("crawl", newest_first=True))])
    two = trained(lake, other["run_id"])
    crawled(lake, "s", joining())

    forgotten = labelled(lake)
    on = trained(lake, other["run_id"], one)
    kept = labelled(lake)

    assert forgotten["kept_in_train"] == 0 < kept["kept_in_train"]
    details = [
        [row["detail"] for row in told["report_card"] if row["name"] == "models judged"]
        for told in (forgotten, kept)
    ]
    assert details == [[two], [on]]


def test_of_many_products_the_first_are_named() -> None:
    import pyarrow as pa

    ids = pa.array([f"s:{n:02}" for n in range(NAMED + 2)][::-1])

    assert named(ids, "why").startswith("why: s:00, s:01, ") and named(ids, "why").endswith(" and 2 more")
    assert named(ids[:0], "why") == "why"
