"""crawlers/datasets/catalogue_paths.py: a file, a folder, a glob, and what their paths say."""

from pathlib import Path

import pytest

from crawlers.datasets.catalogue_paths import parts_of
from schemas.errors import InputError


def files(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("x")


def test_a_folder_is_its_part_files_in_the_order_of_their_names(tmp_path: Path) -> None:
    files(tmp_path, "b/part-1.csv", "b/part-0.csv.gz", "a.parquet", "_SUCCESS", ".a.csv.crc", "b/_tmp/c.csv")
    files(tmp_path, "photos/1.jpg", "notes.md")
    (tmp_path / "empty.csv").write_text("")

    root, parts = parts_of(str(tmp_path))

    assert root == tmp_path.resolve()
    assert [part.name for part in parts] == ["a.parquet", "b/part-0.csv.gz", "b/part-1.csv"]


def test_a_glob_names_files_and_their_folder(tmp_path: Path) -> None:
    files(tmp_path, "x/1.csv", "x/2.csv", "y/3.csv", "y/4.txt")

    root, parts = parts_of(f"{tmp_path}/*/*.csv")

    assert (root, [part.name for part in parts]) == (tmp_path.resolve(), ["x/1.csv", "x/2.csv", "y/3.csv"])


def test_hive_partitions_are_columns(tmp_path: Path) -> None:
    null = "__HIVE_DEFAULT_PARTITION__"
    files(tmp_path, "gender=women%27s/season=SS/0.csv", f"gender={null}/0.csv")

    partitions = [dict(part.partitions) for part in parts_of(str(tmp_path))[1]]

    assert partitions == [{"gender": ""}, {"gender": "women's", "season": "SS"}]


@pytest.mark.parametrize("name", ["none.csv", "none/*.csv", "", "a\0b"])
def test_nothing_is_refused_in_one_line(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError) as caught:
        parts_of(f"{tmp_path}/{name}")

    assert "\n" not in str(caught.value)
