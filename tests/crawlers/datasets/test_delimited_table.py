"""crawlers/datasets/delimited_table.py: text with separators, as people's programs save it."""

import gzip
from pathlib import Path
from typing import Any

import pytest

from crawlers.datasets.delimited_table import DelimitedTable
from crawlers.datasets.table_rows import Unreadable
from schemas.errors import InputError


def table(folder: Path, data: bytes, **told: str) -> DelimitedTable:
    (folder / "t.csv").write_bytes(data)
    return DelimitedTable(folder / "t.csv", "t.csv", **told)


def rows(folder: Path, data: bytes, **told: str) -> list[Any]:
    opened = table(folder, data, **told)
    return [
        row.why if isinstance(row, Unreadable) else tuple(row.values())
        for _, row in opened.read(opened.columns)
    ]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
@pytest.mark.parametrize("between", [",", ";", "\t", "|"])
def test_every_dialect_gives_the_same_rows(tmp_path: Path, between: str, encoding: str, end: str) -> None:
    lines = [("sku", "name"), ("007", "Gürtel"), ("008", '"so, ""wide"", really; | \t"')]

    data = end.join(between.join(line) for line in lines).encode(encoding)

    assert rows(tmp_path, data) == [("007", "Gürtel"), ("008", 'so, "wide", really; | \t')]


def test_what_was_taken_is_said_and_may_be_overruled(tmp_path: Path) -> None:
    data = "sku;name\n1;Gürtel".encode("cp1252")

    assert table(tmp_path, data).taken == "CSV in cp1252, separated by semicolons"
    assert rows(tmp_path, data, encoding="cp1250") == [("1", "Gürtel")]
    assert table(tmp_path, data, delimiter="^").columns == ("sku;name",)


def test_excel_may_say_the_separator_in_a_line_of_its_own(tmp_path: Path) -> None:
    assert rows(tmp_path, b"sep=;\r\nsku;name\r\n1;a,b\r\n2;c,d\r\n") == [("1", "a,b"), ("2", "c,d")]


def test_gzip_is_unpacked(tmp_path: Path) -> None:
    assert rows(tmp_path, gzip.compress(b"sku,name\n1,Belt\n")) == [("1", "Belt")]


def test_a_damaged_row_is_told_and_the_others_are_read(tmp_path: Path) -> None:
    data = "sku,name\n1,Gürtel\n2,G".encode() + b"\xff\n3\n4,a,b\n5,Hat,\nsku,name\n\n6,Scarf\n"

    assert rows(tmp_path, data) == [
        ("1", "Gürtel"),
        "byte 0xff is no utf-8: 2,G\ufffd",
        "1 columns instead of 2: 3",
        "3 columns instead of 2: 4,a,b",
        ("5", "Hat"),
        "the header once more",
        ("6", "Scarf"),
    ]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("head", ["", "sep=,|"])
def test_a_row_is_numbered_by_the_line_where_it_begins(
    tmp_path: Path, end: str, encoding: str, packed: bool, head: str
) -> None:
    text = f'{head}sku,name|1,"Gürtel|in two lines"|2,Hat||3|4,Scarf|'.replace("|", end)
    data = text.encode(encoding)

    numbered = table(tmp_path, gzip.compress(data) if packed else data).read(["sku"])

    before = 1 if head else 0
    assert [line - before for line, _ in numbered] == [2, 4, 6, 7]


def test_a_quote_that_is_not_closed_is_named_by_its_lines(tmp_path: Path) -> None:
    (row,) = rows(tmp_path, b'sku,name\n1,"Belt\n2,Hat\n3,Scarf\n4,a,b\n'.replace(b'"B', b'"x",B"'))[:1]

    assert "columns instead of 2" in row


def test_a_doubled_header_is_numbered(tmp_path: Path) -> None:
    assert table(tmp_path, b"sku, name ,name,\n1,a,b,c\n").columns == ("sku", "name", "name.2", "")


def test_utf_16_that_is_damaged_is_told_by_row(tmp_path: Path) -> None:
    data = (
        b"\xff\xfe"
        + "sku,name\n1,Belt\n".encode("utf-16-le")
        + b"2\0,\0\x00\xd8\n\0"
        + "3,Hat\n".encode("utf-16-le")
    )

    first, second, third = rows(tmp_path, data)

    assert (first, third) == (("1", "Belt"), ("3", "Hat")) and "no utf-16" in second


CUT_OFF = gzip.compress(b"a,b\n" + b"".join(b"%d,2\n" % number**5 for number in range(9_000)))[:-900]


@pytest.mark.parametrize(
    "data",
    [
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" * 9,
        b"\0" * 5_000,
        b"\xff\xd8\xff\xe0\0\x10JFIF" * 300,
        CUT_OFF,
    ],
)
def test_what_is_no_text_is_refused_in_one_line(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(InputError) as caught:
        rows(tmp_path, data)

    assert "\n" not in str(caught.value) and "\0" not in str(caught.value)
