import io
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest
from PIL import Image

from crawlers.datasets.product_file import PhotoRow, ProductFile
from schemas.errors import InputError
from schemas.reject import Reject


def photo(seed: int = 0) -> bytes:
    buffer = io.BytesIO()
    pixels = np.random.default_rng(seed).integers(0, 256, (40, 40, 3), np.uint8)
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def parquet(folder: Path, **columns: list[object]) -> str:
    path = folder / "shop.parquet"
    pq.write_table(pa.table(columns), path)
    return str(path)


def photo_rows(path: str, mapping: dict[str, str] | None = None) -> list[PhotoRow | Reject]:
    read = ProductFile(path, "acme", mapping).read()
    return [each for row in read for each in (row if isinstance(row, list) else [row])]


def entries(path: str, mapping: dict[str, str] | None = None) -> list[PhotoRow]:
    found = photo_rows(path, mapping)
    assert all(isinstance(entry, PhotoRow) for entry in found)
    return found  # type: ignore[return-value]


def test_known_columns_become_fields_and_the_others_attributes(tmp_path: Path) -> None:
    path = parquet(
        tmp_path,
        product_id=["A1"],
        title=["Wool  coat"],
        image=[photo()],
        description=["<p>Warm</p><p>wool</p>"],
        categories=["Women > Coats"],
        tags=["a, b"],
        colour=["Camel"],
        gender=["Women"],
        price=["1.299,00 €"],
        in_stock=["Yes"],
        view=["Front"],
        season=["Winter"],
        year=[2011.0],
        empty=[None],
        thumbnail=[b"\x00\x01"],
    )

    (entry,) = entries(path)

    product = entry.product
    assert (product.product_id, product.title, product.description) == ("acme:A1", "Wool coat", "Warm\nwool")
    assert (product.categories, product.tags) == (("Women", "Coats"), ("a", "b"))
    assert (str(product.price), product.currency, product.in_stock) == ("1299.0000", "EUR", True)
    assert (entry.view, entry.place, entry.photo) == ("front", "shop.parquet row 1", photo())
    assert product.attributes == {"season": "Winter", "year": "2011"}


def test_two_columns_joined_make_an_id_and_stay_facts(tmp_path: Path) -> None:
    path = parquet(
        tmp_path, sku=["S1", "S1"], colour=["red", ""], name=["Tee", "Tee"], image=[photo(), photo(1)]
    )

    first, second = entries(path, {"product_id": "sku+colour", "title": "name"})

    assert (first.product.product_id, second.product.product_id) == ("acme:S1-red", "acme:S1")
    assert (first.product.colour, first.product.attributes) == ("red", {"sku": "S1"})


def test_a_csv_keeps_leading_zeros_and_names_files_and_addresses(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(photo())
    text = 'product_id,title,image\n007,"Tee, ""red""\nline",a.png\n008,Cap,https://cdn.example/c-back.jpg\n'
    (tmp_path / "shop.csv").write_text(text)

    first, second = entries(str(tmp_path / "shop.csv"))

    assert (first.product.product_id, first.product.title) == ("acme:007", 'Tee, "red" line')
    assert first.photo == tmp_path / "a.png"
    assert (second.photo, second.view) == ("https://cdn.example/c-back.jpg", "back")


def test_tab_separated_rows_are_read(tmp_path: Path) -> None:
    (tmp_path / "shop.tsv").write_text("product_id\ttitle\timage\n1\tTee\thttp://cdn.example/1.jpg\n")

    assert entries(str(tmp_path / "shop.tsv"))[0].product.title == "Tee"


def test_incomplete_and_broken_rows_are_refused_in_their_place(tmp_path: Path) -> None:
    rows = "product_id,title,image\n1,,a.png\n,Tee,a.png\n3,Tee,\n4,Tee\n5,Tee,../secret.png\n6,Tee,/etc/passwd\n"
    (tmp_path / "shop.csv").write_text(rows)

    found = photo_rows(str(tmp_path / "shop.csv"))

    assert sorted((row.reason, row.detail) for row in found) == [  # type: ignore[union-attr]
        ("address", "../secret.png is outside the catalogue's folder"),
        ("address", "/etc/passwd is outside the catalogue's folder"),
        ("row_incomplete", "no image"),
        ("row_incomplete", "no product_id"),
        ("row_incomplete", "no title"),
        ("row_unreadable", "2 columns instead of 3: 4,Tee"),
    ]


def test_a_picture_as_hugging_face_tools_store_it_is_read(tmp_path: Path) -> None:
    path = parquet(tmp_path, product_id=[1], title=["Tee"], image=[{"bytes": photo(), "path": None}])

    (entry,) = entries(path)

    assert (entry.photo, entry.product.product_id) == (photo(), "acme:1")


def test_a_missing_column_is_named_with_what_there_is_and_what_to_do(tmp_path: Path) -> None:
    path = parquet(tmp_path, product_id=["1"], name=["Tee"], image=[photo()])

    with pytest.raises(
        InputError, match=r"needs a column title; it has product_id, name, image; map it with --map title"
    ):
        ProductFile(path, "acme")


@pytest.mark.parametrize(
    ("mapping", "words"),
    [
        ({"title": "label"}, "no column label"),
        ({"titel": "name"}, "there is no titel"),
        ({"product_id": "name+x", "title": "name"}, "no column x"),
    ],
)
def test_a_wrong_mapping_is_refused(tmp_path: Path, mapping: dict[str, str], words: str) -> None:
    path = parquet(tmp_path, product_id=["1"], name=["Tee"], image=[photo()])

    with pytest.raises(InputError, match=words):
        ProductFile(path, "acme", mapping)


@pytest.mark.parametrize(
    ("name", "data"), [("a.parquet", b"PAR1 not"), ("b.parquet", b""), ("c.csv", b""), ("d.jpg", b"x")]
)
def test_a_file_of_another_kind_is_refused_in_one_line(tmp_path: Path, name: str, data: bytes) -> None:
    (tmp_path / name).write_bytes(data)

    with pytest.raises(InputError) as caught:
        ProductFile(str(tmp_path / name), "acme")

    assert "\n" not in str(caught.value)


def test_a_missing_file_a_folder_and_a_bad_shop_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        ProductFile(str(tmp_path / "x.parquet"), "acme")
    with pytest.raises(InputError, match="holds no file that ends in"):
        ProductFile(str(tmp_path), "acme")
    with pytest.raises(InputError, match="a:b"):
        ProductFile(parquet(tmp_path, product_id=["1"], title=["t"], image=["u"]), "a:b")


def test_a_file_that_breaks_off_says_after_which_row(tmp_path: Path) -> None:
    path = Path(
        parquet(tmp_path, product_id=["1"] * 900, title=["t"] * 900, image=[photo(n) for n in range(900)])
    )
    data = bytearray(path.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 2000] = bytes(2000)
    path.write_bytes(data)

    try:
        rows = len(photo_rows(str(path)))
    except InputError as error:
        assert "breaks off after row" in str(error)
    else:
        assert rows == 900  # the damage may lie inside a photo, which the photo's own check finds


def test_a_large_csv_is_read_in_batches(tmp_path: Path) -> None:
    rows = pa.table(
        {"product_id": [f"{n:06}" for n in range(5000)], "title": ["t"] * 5000, "image": ["u.png"] * 5000}
    )
    pacsv.write_csv(rows, tmp_path / "shop.csv")

    assert [entry.product.product_id for entry in entries(str(tmp_path / "shop.csv"))] == [
        f"acme:{n:06}" for n in range(5000)
    ]
