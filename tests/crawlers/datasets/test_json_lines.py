"""crawlers/datasets/json_lines.py: an object a line."""

import gzip
import json
from pathlib import Path

import pytest

from crawlers.datasets.json_lines import JsonLines
from crawlers.datasets.table_rows import Unreadable
from schemas.errors import InputError


def table(folder: Path, data: bytes) -> JsonLines:
    (folder / "t.jsonl").write_bytes(data)
    return JsonLines(folder / "t.jsonl", "t.jsonl")


def test_keys_are_columns_also_those_that_come_late_in_the_beginning(tmp_path: Path) -> None:
    lines = [{"sku": "007", "tags": ["a"]}, {"sku": 8, "colour": None}]
    opened = table(tmp_path, b"\xef\xbb\xbf" + "\n\n".join(map(json.dumps, lines)).encode())

    assert opened.columns == ("sku", "tags", "colour")
    assert list(opened.read(["sku", "colour"])) == [
        (1, {"sku": "007", "colour": None}),
        (3, {"sku": 8, "colour": None}),  # a blank line is one, too
    ]


@pytest.mark.parametrize(
    "line",
    [b'{"sku": 1', b'{"sku": "\xff"}', b"[1]", b"7", b"[" * 100_000, b'{"sku": ' + b"9" * 5_000 + b"}"],
)
def test_a_line_that_is_no_object_is_told_and_the_others_are_read(tmp_path: Path, line: bytes) -> None:
    read = table(tmp_path, b'{"sku": 1}\n' + line + b'\n{"sku": 2}').read(["sku"])
    first, damaged, last = (row for _, row in read)

    assert (first, last) == ({"sku": 1}, {"sku": 2})
    assert isinstance(damaged, Unreadable) and damaged.why.startswith("no JSON")


def test_a_file_without_an_object_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no line is an object"):
        table(tmp_path, b"{not json}\n")


def test_gzip_is_unpacked_and_its_end_is_missed(tmp_path: Path) -> None:
    rows = b"".join(b'{"sku": "%d"}\n' % (number**5) for number in range(50_000))
    packed = gzip.compress(rows)

    assert len(list(table(tmp_path, packed).read(["sku"]))) == 50_000
    with pytest.raises(InputError, match=r"breaks off after row \d+"):
        list(table(tmp_path, packed[: len(packed) // 2]).read(["sku"]))
