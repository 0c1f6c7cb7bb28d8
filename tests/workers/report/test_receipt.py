"""Lineage, commands, and what must not be on a page that is mailed around."""

from workers.report.data import Run
from workers.report.receipt import lineage, receipt, without_secrets


def run(run_id: str, *parents: str) -> Run:
    return Run(run_id, "flow", "", "", 1.0, list(parents), [], {}, "")


def test_a_run_stands_right_of_all_its_parents() -> None:
    drawing = lineage([run("a"), run("b"), run("c", "a", "b"), run("d", "c", "a"), run("e", "d", "c")])

    x = {node.run.run_id: node.x for node in drawing.nodes}
    assert x["a"] == x["b"] == 0 < x["c"] < x["d"] < x["e"] < drawing.width


def test_a_line_that_only_repeats_another_way_is_not_drawn() -> None:
    assert len(lineage([run("a"), run("b", "a"), run("c", "b", "a")]).lines) == 2


def test_no_two_runs_lie_on_each_other() -> None:
    drawing = lineage([run(str(n)) for n in range(5)] + [run("z", *map(str, range(5)))])

    assert len({(node.x, node.y) for node in drawing.nodes}) == 6


def test_passwords_leave_addresses_at_any_depth() -> None:
    value = {"url": ["https://user:pass@shop.test/a@b"], "n": 3, "lake": "s3://key:secret@bucket/x"}

    assert without_secrets(value) == {"url": ["https://shop.test/a@b"], "n": 3, "lake": "s3://bucket/x"}


def test_nothing_done_gives_an_empty_receipt() -> None:
    assert receipt([], "lake").runs == [] and lineage([]).nodes == []
