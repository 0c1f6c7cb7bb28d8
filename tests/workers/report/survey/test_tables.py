"""The survey's tables: printed rows as printed, misprints marked, ours behind them, in every format."""

import csv
import io
from typing import Any

import pytest

from workers.report.survey.formats import FORMATS, lines_of
from workers.report.survey.measured import BenchmarkScores, filled
from workers.report.survey.published import every_table

DATA = "mall-deepfashion-c, 200 photos"


def score(metric: str, k: int, value: float, **changes: Any) -> dict[str, Any]:
    usual = {"benchmark": "mall-deepfashion-c", "slice": "all", "metric": metric, "k": k, "value": value}
    return (
        usual | {"ci_low": value - 0.02, "ci_high": value + 0.04, "n": 50, "method": "fashionnet"} | changes
    )


SCORES = [
    score("accuracy", 1, 0.2),
    score("accuracy", 3, 0.5),
    score("attribute-recall-micro", 3, 0.25, slice="fabric", n=48),
    score("attribute-recall-macro", 3, 0.125, slice="fabric", n=48),
    score("normalised-error", 0, 0.0621, slice="average"),
    score("accuracy", 3, 0.3, benchmark="mall-deepfashion-c/probe", method="untrained"),
    score("recall", 20, 0.75, benchmark="consumer2shop", method="fashionnet"),
]


def test_printed_numbers_are_those_of_the_survey_and_misprints_are_marked() -> None:
    two, three, *_ = every_table()

    wang = next(row for row in two.published if row.method.startswith("Wang"))
    assert [cell.value for cell in wang.cells if cell] == [
        90.99, 95.78, 50.31, 65.48, 40.31, 48.23, 53.32, 61.05, 40.65, 56.32, 68.70, 74.25, 51.53, 60.95,
    ]  # fmt: skip
    assert wang.mark and "Want et al." in dict(two.notes)[wang.mark]
    marked = {
        (table.name, row.method.split(" ")[0], cell.value)
        for table in (two, three)
        for row in table.published
        for cell in row.cells
        if cell and cell.mark
    }
    assert marked == {
        ("deepfashion-c", "WTBI", 66.26),
        ("deepfashion-c", "FashionNet", 39.90),
        *(("consumer2shop", "WTBI", value) for value in (0.24, 0.63, 0.87)),
        *(("consumer2shop", "DARN", value) for value in (0.36, 1.11, 1.52)),
    }
    for table in every_table():
        used = {row.mark for row in table.published} | {
            c.mark for row in table.published for c in row.cells if c
        }
        assert used - {""} == {mark for mark, _ in table.notes} - {""}
        assert all(len(row.cells) == len(table.columns) for row in table.published)


def test_our_rows_stand_behind_with_data_n_and_interval() -> None:
    two, three, in_shop, landmarks = filled([BenchmarkScores("r1", DATA, SCORES)])

    assert [(row.method, row.data, row.n) for row in two.measured] == [
        ("fashionnet", DATA, 50),
        ("fashionnet untrained, probe", DATA, 50),
    ]
    first = two.measured[0].cells
    assert [two.shown(cell) for cell in first[:5]] == ["50.0 ± 3.0", "-", "-", "-", "25.0 ± 3.0"]
    assert three.shown(three.measured[0].cells[1]) == "75.0 ± 3.0"
    assert not in_shop.measured
    assert landmarks.shown(landmarks.measured[0].cells[-1]) == "0.062 ± 0.030"


def test_another_average_shows_other_numbers_and_is_named() -> None:
    two = filled([BenchmarkScores("r1", DATA, SCORES)], "macro")[0]

    assert two.shown(two.measured[0].cells[4]) == "12.5 ± 3.0"
    assert "ours is macro" in dict(two.notes)[""]


def test_of_a_method_on_the_same_data_the_newest_run_counts() -> None:
    runs = [
        BenchmarkScores("r1", DATA, SCORES),
        BenchmarkScores("r2", DATA, [score("accuracy", 3, 0.9)]),
        BenchmarkScores("r3", "other photos", [score("accuracy", 3, 0.1)]),
    ]

    rows = [row for row in filled(runs)[0].measured if row.method == "fashionnet"]

    assert [(row.data, row.cells[0].value) for row in rows if row.cells[0]] == [
        (DATA, pytest.approx(90)),
        ("other photos", pytest.approx(10)),
    ]


def test_bold_is_the_best_of_its_kind_and_never_a_misprint() -> None:
    two, three, _, landmarks = filled([BenchmarkScores("r1", DATA, SCORES)])
    bold = {
        (table.title[:7], row.method, place)
        for table in (two, three, landmarks)
        for row in table.rows
        for place in range(len(table.columns))
        if table.is_best(row, place)
    }

    assert ("Table 2", "Wang et al. [3]", 0) in bold and ("Table 2", "Corbiere et al. [12]", 2) in bold
    assert ("Table 3", "Shin et al. (FLAM) [14]", 0) in bold
    assert ("Landmar", "Liu and Lu 2018", 8) in bold  # the smallest error
    assert ("Table 2", "fashionnet", 0) in bold and ("Table 2", "FashionNet [1]", 4) not in bold


def test_every_format_holds_every_number() -> None:
    tables = filled([BenchmarkScores("r1", "50 % of <img> & co_1", SCORES)])

    page, latex, sheet = (FORMATS[name](tables) for name in ("html", "latex", "csv"))

    assert "<img>" not in page.replace("&lt;img&gt;", "") and "://" not in page
    assert r"50 \% of <img> \& co\_1" in latex and latex.count(r"\begin{tabular}") == 4
    rows = list(csv.DictReader(io.StringIO(sheet)))
    assert {row["table"] for row in rows} == {table.title for table in tables}
    for table in tables:
        head, lines = lines_of(table)
        assert all(len(line) == len(head) for line in lines)
        for row in table.rows:
            for cell in filter(None, row.cells):
                assert table.shown(cell) in page
                assert table.shown(cell).replace("±", r"$\pm$") in latex
    (marked,) = [row for row in rows if row["value"] == "39.9000"]
    assert "39.30 in other copies" in marked["note"]
