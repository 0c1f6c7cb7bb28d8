"""`vitrine import` of every kind of file that people bring: each row comes out, or is a reject with a reason.

Each case goes through the import and its process; what the command adds stands in test_import_command.py, what a
single reader does with more siblings of a kind in tests/crawlers/datasets.
"""

import base64
import gzip
import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from flows.crawl.import_products import import_file
from flows.parameters.crawl import ImportParameters
from infra.lake import Lake
from tests.crawlers.shopserver import photo

pytestmark = pytest.mark.slow


@dataclass
class Case:
    """What is written, what is told with it, and what is to come out of it."""

    write: Callable[[Path], Path]
    options: dict[str, Any] = field(default_factory=dict)
    products: int = 2
    photos: int = 2
    rejected: dict[str, int] = field(default_factory=dict)
    said: str = ""  # in what the command says it read the file as
    tags: list[str] | None = None  # of the first product


def text(name: str, lines: str, encoding: str = "utf-8", packed: bool = False) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        data = lines.encode(encoding, "surrogateescape")
        (folder / name).write_bytes(gzip.compress(data) if packed else data)
        return folder / name

    return write


def table(rows: list[dict[str, Any]], **types: pa.DataType | pa.Array) -> Callable[[Path], Path]:
    """A Parquet file of rows, with columns of these types or these columns themselves."""

    def write(folder: Path) -> Path:
        made = pa.Table.from_pylist(rows)
        for name, kind in types.items():
            column = kind if isinstance(kind, pa.Array) else pa.array([row[name] for row in rows], kind)
            made = made.set_column(made.column_names.index(name), name, column)
        pq.write_table(made, folder / "t.parquet")
        return folder / "t.parquet"

    return write


def two(**more: list[Any]) -> list[dict[str, Any]]:
    """Two products with a photo each, and further columns of two values."""
    rows: list[dict[str, Any]] = [
        {"product_id": str(n), "title": f"Hut {n}", "image": f"{'ab'[n]}.jpg"} for n in range(2)
    ]
    for name, values in more.items():
        for row, value in zip(rows, values, strict=True):
            row[name] = value
    return rows


def grey16(mode: str) -> bytes:
    """A 16-bit grey gradient: plain, or with transparency (a grey level that is meant to be seen through)."""
    file = io.BytesIO()
    grey = np.linspace(0, 65_535, 64 * 64).reshape(64, 64).astype(np.uint16)
    picture = Image.fromarray(grey)
    picture.save(file, "PNG", **({"transparency": 0} if mode == "transparent" else {}))
    return file.getvalue()


A, B = photo(1), photo(2)
A64, B64 = (base64.b64encode(data).decode() for data in (A, B))
FAR = datetime(9999, 12, 31, tzinfo=UTC)
NO_TEXT = pa.Array.from_buffers(  # says it is UTF-8, and is not: "ok", then a lone continuation byte
    pa.string(), 2, [None, pa.array([0, 2, 3], pa.int32()).buffers()[1], pa.py_buffer(b"ok\x80")]
)
BYTES_AND_PATH = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
NAMED = {"bytes": None, "path": "b.jpg"}
HEAD = "product_id,title,image"

CASES = {
    # another encoding, another dialect
    "latin-1 with tabs": Case(
        text("t.csv", "product_id\ttitle\timage\n1\tGürtel aus Köln\ta.jpg\n2\tMäntel, Größe 9\tb.jpg\n", "latin-1"),
        said="separated by tabs",
    ),
    "semicolons": Case(
        text("t.csv", "product_id;title;image\n1;Hut;a.jpg\n2;Rock;b.jpg\n"), said="separated by semicolons"
    ),
    "UTF-16 with a mark": Case(text("t.csv", f"{HEAD}\n1,Hut,a.jpg\n2,Rock,b.jpg\n", "utf-16"), said="utf-16"),
    "Shift_JIS": Case(
        text("t.csv", f"{HEAD}\n1,レディース ワンピース 半袖,a.jpg\n2,メンズ シャツ 長袖 綿100%,b.jpg\n", "shift_jis"),
        said="cp932",
    ),
    "pipes, told": Case(
        text("t.txt", "product_id|title|image\n1|Hut|a.jpg\n2|Rock|b.jpg\n"), {"delimiter": "|"}
    ),
    "gzipped JSON lines": Case(
        text("t.jsonl.gz", "\n".join(json.dumps(row) for row in two(tags=[["red", "warm"], []])), packed=True),
        tags=["red", "warm"],
    ),
    # headers
    "a header in capitals with blanks": Case(text("t.csv", " Product_ID , TITLE,Image \n1,Hut,a.jpg\n2,Rock,b.jpg\n")),
    "a doubled header": Case(text("t.csv", f"{HEAD},image\n1,Hut,a.jpg,b.jpg\n2,Rock,b.jpg,a.jpg\n")),
    "an empty header": Case(text("t.csv", f"{HEAD},\n1,Hut,a.jpg,x\n2,Rock,b.jpg,\n")),
    # one bad byte, one odd cell
    "a byte that is none": Case(
        text("t.csv", f"{HEAD}\n1,Hut,a.jpg\n2,R\udcfcck Größe,b.jpg\n3,Mantel Größe,b.jpg\n"),
        products=2, rejected={"row_unreadable": 1},
    ),
    "a time that Python has not, in a column nobody needs": Case(
        table(two(seen=[FAR, None]), seen=pa.timestamp("us", "America/New_York"))
    ),
    "text that is no text, in a column nobody needs": Case(table(two(note=["ok", "x"]), note=NO_TEXT)),
    "a duration, a decimal and a map nobody needs": Case(
        table(two(lasts=[1, 2], weighs=[None, None], facts=[[("a", "b")], []]),
              lasts=pa.duration("s"), weighs=pa.decimal256(70, 2), facts=pa.map_(pa.string(), pa.string()))
    ),
    # lists as text
    "a list as JSON": Case(
        text("t.csv", f'{HEAD},tags\n1,Hut,a.jpg,"[""red"",""warm""]"\n2,Rock,b.jpg,\n'), tags=["red", "warm"]
    ),
    "a list as Python": Case(
        text("t.csv", f"{HEAD},tags\n1,Hut,a.jpg,\"['red', 'warm']\"\n2,Rock,b.jpg,\n"), tags=["red", "warm"]
    ),
    "a list with pipes, mapped": Case(
        text("t.csv", f"{HEAD},labels\n1,Hut,a.jpg,red|warm\n2,Rock,b.jpg,\n"),
        {"mapping": {"tags": "labels:|"}},
        tags=["red", "warm"],
    ),
    # photos
    "a list of structs": Case(
        table(two(image=[[{"bytes": A, "path": "x.jpg"}, {"bytes": photo(3), "path": None}], [NAMED]]),
              image=pa.list_(BYTES_AND_PATH)),
        photos=3,
    ),
    "a list of bytes": Case(table(two(image=[[A, B], [photo(3)]]), image=pa.list_(pa.large_binary())), photos=3),
    "a struct": Case(table(two(image=[{"bytes": A, "path": ""}, NAMED]), image=BYTES_AND_PATH)),
    "base64": Case(text("t.csv", f"{HEAD}\n1,Hut,{A64}\n2,Rock,\"data:image/jpeg;base64,{B64}\"\n")),
    "several paths in a cell": Case(
        text("t.csv", f'{HEAD}\n1,Hut,"[""a.jpg"", ""b.jpg""]"\n2,Rock,b.jpg|gone.jpg\n'), rejected={"file_missing": 1}
    ),
    "a cell that is no picture": Case(
        text("t.csv", f"{HEAD}\n1,Hut,a.jpg\n2,Rock,t.csv\n"), products=1, photos=1, rejected={"not_an_image": 1}
    ),
    "16-bit grey": Case(table(two(image=[grey16("plain"), grey16("transparent")]))),
    # ids
    "an id of 2,000 characters": Case(
        text("t.csv", f"{HEAD}\n1,Hut,a.jpg\n2,Rock,b.jpg\n{'3' * 2_000},Hose,b.jpg\n"), rejected={"row_incomplete": 1}
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_every_row_comes_out_or_is_a_reject_with_a_reason(lake: Lake, tmp_path: Path, name: str) -> None:
    case = CASES[name]
    (tmp_path / "a.jpg").write_bytes(A)
    (tmp_path / "b.jpg").write_bytes(B)
    told = {"path": str(case.write(tmp_path)), "shop": "s", "lake": lake.uri} | case.options

    answer = import_file.fn(ImportParameters.read(told))

    assert (answer["products"], answer["images_new"], answer["rejected"]) == (
        case.products, case.photos, case.rejected,
    )  # fmt: skip
    assert case.said in answer["read_as"]
    (kept,) = lake.runs()
    assert lake.unfinished() == 0 and kept.rows("rejects") == sum(case.rejected.values())
    products = lake.table(kept, "products").sort_by("product_id").to_pylist()
    if case.tags is not None:
        assert products[0]["tags"] == case.tags
