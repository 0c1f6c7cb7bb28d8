"""`vitrine import` as people give it: what they have, what they are told, what is left in the lake."""

import json
import subprocess
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from infra.lake import Lake
from schemas.manifest import Count
from tests.crawlers.shopserver import photo
from tests.flows.command_line import imported_by, vitrine


def done(result: subprocess.CompletedProcess[str]) -> dict[str, object]:
    assert result.returncode == 0, result.stderr
    answer: dict[str, object] = json.loads(result.stdout)
    return answer


def refused(result: subprocess.CompletedProcess[str], code: int = 1) -> str:
    """The one line, which --json says, too."""
    assert result.returncode == code and "Traceback" not in result.stderr, result.stderr
    message: str = json.loads(result.stdout)["error"]["message"]
    assert f"vitrine: {message}" in result.stderr.splitlines()
    return message


def test_a_folder_as_a_korean_office_saves_it_is_imported_whole(
    prefect_api: dict[str, str], tmp_path: Path
) -> None:
    folder = tmp_path / "shop"
    for season, number, name in (("SS", 1, "줄무늬 셔츠"), ("AW", 2, "겨울 외투")):
        part = folder / f"season={season}" / "part-0.csv"
        part.parent.mkdir(parents=True)
        (part.parent / f"{number}a.jpg").write_bytes(photo(number))
        (part.parent / f"{number}b.jpg").write_bytes(photo(number + 10))
        row = f"00{number};{name};{number}a.jpg|{number}b.jpg;['면', '데일리'];;12,900\r\n"
        part.write_bytes(f"Product ID;제목;Image;labels;in_stock;was\r\n{row}".encode("cp949"))
    mapping = "title=제목,tags=labels:json,list_price=was"

    answer = done(
        vitrine(
            "import", str(folder), "--shop", "kr", "--map", mapping, "--lake", f"{tmp_path}/lake", "--json"
        )
    )

    assert answer["read_as"] == "2 files: CSV in cp949, separated by semicolons"
    assert (answer["products"], answer["images_new"], answer["rejected"]) == (2, 4, {})
    lake = Lake(f"{tmp_path}/lake")
    coat, shirt = lake.table(lake.run(str(answer["crawl_id"])), "products").sort_by("title").to_pylist()
    assert (coat["product_id"], shirt["product_id"]) == ("kr:002", "kr:001")
    assert (shirt["title"], shirt["tags"], shirt["in_stock"]) == ("줄무늬 셔츠", ["면", "데일리"], None)
    assert (float(shirt["list_price"]), dict(shirt["attributes"])["season"]) == (12_900.0, "SS")


@pytest.mark.slow
def test_rows_that_are_damaged_are_refused_alone(prefect_api: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(photo(1))
    lines = [
        "id,title,title,image",
        "1,Gürtel,x,a.jpg",
        "2,G\udcffrtel,x,a.jpg",
        f"{'3' * 2_000},Hut,x,a.jpg",
    ]
    (tmp_path / "t.csv").write_bytes("\n".join(lines).encode("utf-8", "surrogateescape"))

    mapped = ("--map", "product_id=id")

    answer = done(
        vitrine("import", f"{tmp_path}/t.csv", "--shop", "s", *mapped, "--lake", f"{tmp_path}/lake", "--json")
    )

    assert answer["rejected"] == {"row_unreadable": 1, "row_incomplete": 1}
    lake = Lake(f"{tmp_path}/lake")
    rejects = lake.table(lake.run(str(answer["crawl_id"])), "rejects")["detail"].to_pylist()
    assert any("product_id of 2,000 characters is longer than 256" in detail for detail in rejects)


def test_rows_are_counted_as_rows_and_photos_as_photos(prefect_api: dict[str, str], tmp_path: Path) -> None:
    for number in range(4):
        (tmp_path / f"{number}.jpg").write_bytes(photo(number))
    lines = [
        "product_id,title,image",
        *('1,Hut,"0.jpg|1.jpg|gone.jpg"', '2,"Rock', 'in two lines","gone.jpg|2.jpg"'),
        *("3,Kleid,3.jpg", "1,Hut,2.jpg", "", "4,Mantel", "5,Schal,gone.jpg|far.jpg", "6,,0.jpg"),
    ]
    (tmp_path / "t.csv").write_text("\n".join(lines))
    lake = Lake(f"{tmp_path}/lake")

    result = vitrine("import", f"{tmp_path}/t.csv", "--shop", "s", "--lake", lake.uri, "--json")
    answer = done(result)

    assert "s: rows: 7 rows" in result.stderr and "photos:" not in result.stderr
    assert (answer["rows"], answer["products"], answer["images_new"]) == (7, 3, 4)
    run = lake.run(str(answer["crawl_id"]))
    refused_rows = {"row_unreadable": 1, "file_missing": 1, "row_incomplete": 1}
    assert run.counts["import"] == Count(7, 4, refused_rows)
    assert run.counts["image"] == Count(8, 5, {"file_missing": 3})
    rejects = lake.table(run, "rejects").to_pylist()
    assert sorted((row["stage"], row["reason"], row["url"]) for row in rejects) == [
        ("image", "file_missing", "t.csv line 2 photo 3"),
        ("image", "file_missing", "t.csv line 3 photo 1"),
        ("image", "file_missing", "t.csv line 9 photo 2"),
        ("import", "file_missing", "t.csv line 9 photo 1"),
        ("import", "row_incomplete", "t.csv line 10"),
        ("import", "row_unreadable", "t.csv line 8"),
    ]


def test_the_floor_judges_rows_and_photos_each_by_themselves(
    prefect_api: dict[str, str], tmp_path: Path
) -> None:
    """Of 60 rows each has a photo, and of 180 photos two thirds are missing."""
    (tmp_path / "0.jpg").write_bytes(photo(0))
    rows = "".join(f"{n},Hut,0.jpg|{n}a.jpg|{n}b.jpg\n" for n in range(60))
    (tmp_path / "t.csv").write_text(f"product_id,title,image\n{rows}")

    message = refused(
        vitrine("import", f"{tmp_path}/t.csv", "--shop", "s", "--lake", f"{tmp_path}/lake", "--json")
    )

    assert message.startswith("image stopped: 33 of 50 photos refused: file_missing, e.g. 8a.jpg")
    assert "(t.csv line 10 photo 2)" in message


@pytest.mark.slow
def test_a_catalogue_of_wrong_paths_says_so_and_keeps_the_refusals(
    prefect_api: dict[str, str], tmp_path: Path
) -> None:
    rows = [{"product_id": n, "title": "Hut", "image": f"missing/{n}.jpg"} for n in range(30)]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "t.parquet")
    lake = Lake(f"{tmp_path}/lake")

    message = refused(vitrine("import", f"{tmp_path}/t.parquet", "--shop", "s", "--lake", lake.uri, "--json"))

    assert "30 of 30 rows refused: file_missing, e.g. missing/0.jpg" in message
    assert "(t.parquet row 1)" in message
    (kept,) = lake.runs()
    assert (kept.flow, kept.rows("rejects"), lake.unfinished()) == ("refused", 30, 0)
    assert kept.run_id in message


def test_what_cannot_be_read_is_refused_before_anything_starts(tmp_path: Path) -> None:
    pq.write_table(pa.table({"product_id": ["1"], "title": ["t"], "image": [1]}), tmp_path / "t.parquet")
    lake = f"{tmp_path}/lake"

    words = ("import", f"{tmp_path}/t.parquet", "--shop", "s", "--lake", lake, "--json")

    assert "column image holds int64, no photos" in refused(vitrine(*words))
    assert not {"prefect", "ray", "torch"} & imported_by(*words)
    assert not Path(lake).exists()


@pytest.mark.parametrize(
    ("words", "why", "code"),
    [
        (("none.csv",), "no such file", 1),
        (("t.csv", "--encoding", "klingon"), "no such encoding", 2),
        (("t.csv", "--delimiter", "::"), "one character is wanted", 2),
        (("t.csv", "--map", "titel=name"), "there is no titel", 2),
        (("t.csv",), "needs a column title; it has product_id, name, image", 1),
    ],
)
def test_a_wrong_word_is_refused_in_one_line(
    tmp_path: Path, words: tuple[str, ...], why: str, code: int
) -> None:
    (tmp_path / "t.csv").write_text("product_id,name,image\n1,Hut,a.jpg\n")
    file, *rest = words

    words = ("import", str(tmp_path / file), *rest, "--shop", "s", "--lake", f"{tmp_path}/lake", "--json")
    message = refused(vitrine(*words), code)

    assert why in message
