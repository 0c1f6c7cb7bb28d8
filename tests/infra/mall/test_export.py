"""infra/mall/export/catalogue_file.py: the drawn catalogue as a file, with the truth about every photo."""

import json
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from infra.mall.catalogue import draw_catalogue
from infra.mall.export.catalogue_file import SCHEMA, export
from schemas.errors import InputError

ROOT = Path(__file__).parents[3]


def test_every_photo_of_every_item_is_a_row_with_its_words_and_its_truth(tmp_path: Path) -> None:
    drawn = draw_catalogue(6, 2, size=(96, 120))
    path = tmp_path / "mall.parquet"

    count = export([drawn], str(path))

    table = pq.read_table(path)
    shown = [(item, photo) for item in drawn.items for photo in item.photos]
    assert table.schema.equals(SCHEMA, check_metadata=False)
    assert count == table.num_rows == len(shown)
    for row, (item, photo) in zip(table.to_pylist(), shown, strict=True):
        assert item.truth is not None
        assert (row["product_id"], row["title"], row["view"]) == (item.sku, item.title, photo.view)
        assert row["image"] == drawn.photo(item, photo)
        assert row["category"] == item.truth.category
        assert f"pattern: {item.truth.pattern}" in row["attributes"]
        assert row["domain"] == ("street" if photo.kind == "customer" else "shop")
        assert row["box"]["left"] < row["box"]["right"]
        assert [mark["name"] for mark in row["landmarks"]] == [
            mark.name for mark in drawn.annotation(item, photo).landmarks
        ]
    assert [path.name] == [file.name for file in tmp_path.iterdir()]


def test_a_place_that_cannot_be_written_is_named_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be written"):
        export([draw_catalogue(1, 2, size=(96, 120))], str(tmp_path / "no" / "mall.parquet"))


def test_the_command_exports_the_drawn_shops_and_refuses_a_file(tmp_path: Path) -> None:
    path = tmp_path / "mall.parquet"
    command = [
        sys.executable,
        "-m",
        "infra.mall",
        "--products",
        "3",
        "--size",
        "96x120",
        "--export",
        str(path),
    ]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    refused = subprocess.run([*command, "--catalog", str(path)], cwd=ROOT, capture_output=True, text=True)

    assert json.loads(done.stdout) == {"export": str(path), "photos": pq.read_metadata(path).num_rows}
    assert refused.returncode == 2
    assert "is for drawn garments" in refused.stderr and "\n" not in refused.stderr.strip()
