"""flows/crawl/catalogue_check.py: a catalogue is judged, and one state of it told from another."""

import os
from pathlib import Path

import pytest

from flows.crawl.catalogue_check import check_file
from flows.parameters.crawl import ImportParameters
from schemas.errors import InputError


def test_a_catalogue_is_known_by_its_files(tmp_path: Path) -> None:
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text("product_id,title,image\n1,Hut,a.jpg\n")
    os.utime(tmp_path / "a.csv", ns=(1, 5_000_000_000))
    os.utime(tmp_path / "b.csv", ns=(1, 9_000_000_000))

    state = check_file(ImportParameters(path=str(tmp_path), shop="s", lake="x"))

    assert state == {"files": 2, "bytes": 70, "modified": 9_000_000_000}


def test_every_part_of_it_is_checked(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("product_id,title,image\n1,Hut,a.jpg\n")
    (tmp_path / "b.parquet").write_bytes(b"PAR1")

    with pytest.raises(InputError, match=r"b\.parquet: is not Parquet"):
        check_file(ImportParameters(path=str(tmp_path), shop="s", lake="x"))
