"""What people said on the search page, in the next label run: words not learnt, groups joined, products left out."""

from pathlib import Path
from typing import Any

import pytest

from flows.queries.overrides import Override, overrides
from flows.serve.asking.overriding import override
from infra.lake import Lake
from schemas.errors import InputError
from tests.flows.crawled_lake import catalogue, crawled, labelled


def rows_of(lake: Lake, run_id: str) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for row in lake.table(lake.run(run_id), "labels").to_pylist():
        found.setdefault(row["product_id"], []).append(row)
    return found


def test_the_next_label_run_obeys_what_was_said(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path / "lake"))
    crawled(lake, "shop", catalogue())
    before = labelled(lake)
    override(lake, "shop:p1", "wrong_label")
    override(lake, "shop:p2", "not_fashion")
    override(lake, "shop:p3", "duplicate", same_as="shop:p7")

    after = labelled(lake)

    rows = rows_of(lake, after["run_id"])
    assert all(row["words"] == [] for row in rows["shop:p1"]) and len(rows["shop:p1"]) == 2
    assert all(row["words"] for row in rows["shop:p5"])
    assert "shop:p2" not in rows
    assert rows["shop:p3"][0]["group"] == rows["shop:p7"][0]["group"] != rows["shop:p5"][0]["group"]
    assert after["rejected"] == {"not_fashion": 1} and after["products"] == before["products"] - 1
    assert after["groups"] == before["groups"] - 2 and after["overrides"] == 3
    [reject] = lake.table(lake.run(after["run_id"]), "rejects").to_pylist()
    assert (reject["reason"], reject["product_id"]) == ("not_fashion", "shop:p2")


def test_what_is_taken_back_no_longer_holds_and_the_newest_counts(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path / "lake"))
    crawled(lake, "shop", catalogue())
    before = labelled(lake)
    for kind in ("wrong_label", "not_fashion", "wrong_label"):
        override(lake, "shop:p1", kind)
    assert overrides(lake) == {"shop:p1": Override("wrong_label", "")}

    override(lake, "shop:p1", "none")

    assert overrides(lake) == {}
    assert rows_of(lake, labelled(lake)["run_id"]) == rows_of(lake, before["run_id"])


@pytest.mark.parametrize(
    ("kind", "same_as"),
    [("ugly", ""), ("duplicate", ""), ("duplicate", "shop:p1"), ("wrong_label", "shop:p2")],
)
def test_what_cannot_be_meant_is_refused(tmp_path: Path, kind: str, same_as: str) -> None:
    lake = Lake(str(tmp_path / "lake"))

    with pytest.raises(InputError):
        override(lake, "shop:p1", kind, same_as)

    assert list(lake.runs()) == []
