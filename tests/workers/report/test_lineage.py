"""The drawing of runs and parents."""

from workers.report.data import Run
from workers.report.lineage import NODE_HEIGHT, lineage


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


def test_a_long_line_gets_a_place_of_its_own_in_every_column_it_passes() -> None:
    drawing = lineage([run("a"), run("b"), run("c", "b"), run("d", "c"), run("e", "d", "a")])

    middles = {node.y + NODE_HEIGHT // 2 for node in drawing.nodes if node.run.run_id in "cd"}
    through = next(line for line in drawing.lines if line.count("H") == 2)
    assert not middles & {int(piece.split()[-1]) for piece in through.split(" H")[:-1]}


def test_runs_of_one_second_stand_by_parentage_and_not_by_their_ids() -> None:
    drawing = lineage([run("z"), run("m", "z"), run("a", "m")])

    assert [node.run.run_id for node in sorted(drawing.nodes, key=lambda node: node.x)] == ["z", "m", "a"]
    assert len(drawing.lines) == 2


def test_nothing_is_drawn_of_nothing() -> None:
    assert lineage([]).nodes == []
