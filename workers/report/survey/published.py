"""What the survey prints, number by number, and what is wrong with it; behind them two tables of other papers.

Source: Lee, Oh, Jung, Kim, "Visual Fashion Analysis Using Deep Learning: A Survey", J-KICS 2020, Tables 2 and 3. Marked
numbers are misprints, left as printed; each note says what stands elsewhere.
"""

from schemas.annotation import LANDMARKS
from workers.report.survey.table import Cell, Column, Row, Table

_GROUPS = ("texture", "fabric", "shape", "part", "style", "all")
MARKS = "abcdefgh"
# A method, the mark of its note, its numbers with a letter behind those that have one.
_TABLE_2 = """
WTBI [8]            |a|43.73 66.26b 24.21 32.65 25.38 36.06 23.39 31.26 26.31 33.24 49.85 58.68 27.46 35.37
DARN [9]            |a|59.48 79.58 36.15 48.15 36.64 48.52 35.89 46.93 39.17 50.14 66.11 71.36 42.35 51.95
FashionNet [1]      | |82.58 90.17 37.46 49.52 39.90c 49.84 39.47 48.59 44.13 54.02 66.43 73.16 45.52 54.61
Wang et al. [3]     |d|90.99 95.78 50.31 65.48 40.31 48.23 53.32 61.05 40.65 56.32 68.70 74.25 51.53 60.95
Corbiere et al. [12]|e|86.30 92.80 53.60 63.20 39.10 48.80 50.10 59.50 38.80 48.90 30.50 38.30 23.10 30.40
"""
_TABLE_3 = """
WTBI [8]               |a|0.24b 0.63b 0.87b
DARN [9]               | |0.36b 1.11b 1.52b
GRNet [13]             | |25.7 64.4 75.0
Shin et al. (FLAM) [14]| |26.5 66.4 75.5
"""
_IN_SHOP = """
WTBI           |a|35.0 47.0 50.6 51.5 53.0 54.5
DARN           |a|38.0 56.0 67.5 70.0 72.0 72.5
FashionNet     |a|53.2 72.5 76.4 77.0 79.0 80.0
Corbiere et al.|b|39.0 71.8 78.1 81.6 83.8 85.6
"""
_LANDMARKS = """
FashionNet     | |- - - - - - - - .0872
Wang et al.    | |.0415 .0404 .0496 .0449 .0502 .0523 .0537 .0551 .0484
Liu and Lu 2018| |- - - - - - - - .0474
"""


def table_2(average: str = "micro") -> Table:
    """Category classification and attribute prediction; ours with the recall of this average."""
    columns = [Column("Category", f"top-{k}", "all", "accuracy", k) for k in (3, 5)]
    metric = f"attribute-recall-{average}"
    columns += [Column(group.title(), f"top-{k}", group, metric, k) for group in _GROUPS for k in (3, 5)]
    return Table(
        "deepfashion-c",
        "Table 2. Category classification and attribute prediction on DeepFashion-C, percent",
        tuple(columns),
        _rows(_TABLE_2),
        (
            (
                "a",
                'reference [8] is Chen et al. 2012, while "Where to buy it" is [7]; the text calls both rows '
                "hand-crafted, which DARN, a deep network, is not",
            ),
            ("b", "66.25 in the code that later papers reuse"),
            ("c", "39.30 in other copies of this row"),
            ("d", 'printed as "Want et al."'),
            (
                "e",
                "learnt from shops' texts, without DeepFashion's labels: not comparable with supervised rows",
            ),
            (
                "",
                "The text names top-1 and top-3; the head's top-3 and top-5 are right. The survey does not say how "
                f"recall is averaged; ours is {average}, each group ranked by itself.",
            ),
        ),
    )


def table_3() -> Table:
    """Retrieval from a consumer's photo to the shop's."""
    return Table(
        "consumer2shop",
        "Table 3. Retrieval on DeepFashion Consumer-to-Shop, percent",
        tuple(Column("", f"R@{k}", "all", "recall", k) for k in (1, 20, 50)),
        _rows(_TABLE_3),
        (
            ("a", 'reference [8] is Chen et al. 2012, while "Where to buy it" is [7]'),
            ("b", "ten times too small: 2.4, 6.3, 8.7 and 3.6, 11.1, 15.2 are meant"),
            (
                "",
                "FashionNet is missing. The survey does not say which photos are searched; ours are the distinct shop "
                "photos of the test items unless said otherwise.",
            ),
        ),
    )


def in_shop() -> Table:
    """Retrieval among the shop's own photos; not in the survey."""
    return Table(
        "in-shop",
        "In-Shop retrieval, percent (not in the survey)",
        tuple(Column("", f"R@{k}", "all", "recall", k) for k in (1, 10, 20, 30, 40, 50)),
        _rows(_IN_SHOP),
        (
            ("a", "read off a figure of the DeepFashion paper, as everybody quotes them"),
            ("b", "without DeepFashion's training set"),
        ),
    )


def landmarks() -> Table:
    """Normalised error by landmark; not in the survey."""
    columns = [
        Column(name.split(" ")[1].title(), name.split(" ")[0], name, "normalised-error", 0, higher=False)
        for name in LANDMARKS
    ]
    columns.append(Column("All", "mean", "average", "normalised-error", 0, higher=False))
    return Table(
        "deepfashion-c",
        "Landmarks on DeepFashion-C, normalised error (not in the survey)",
        tuple(columns),
        _rows(_LANDMARKS),
        (("", "Distances in the garment's box, whose width and height are both 1; visible landmarks only."),),
        scale=1.0,
        digits=4,
    )


def every_table(average: str = "micro") -> tuple[Table, ...]:
    """The survey's two, then the others."""
    return table_2(average), table_3(), in_shop(), landmarks()


def _rows(printed: str) -> tuple[Row, ...]:
    rows = (line.split("|") for line in printed.strip().splitlines())
    return tuple(
        Row(method.strip(), tuple(map(_cell, cells.split())), mark.strip()) for method, mark, cells in rows
    )


def _cell(text: str) -> Cell | None:
    if text == "-":
        return None
    mark = text[-1] if text[-1] in MARKS else ""
    return Cell(float(text.removesuffix(mark)), mark=mark)
