"""A shop's own file as a catalogue: original bytes, standard fields only, little memory."""

import io
from decimal import Decimal
from pathlib import Path

import httpx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from infra.mall import parquet
from infra.mall.parquet import FileCatalogue
from infra.mall.server import Mall
from infra.mall.trade import MallSpec
from schemas.errors import InputError


def picture(shade: int, kind: str = "JPEG") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (20, 30), (shade, 80, 200 - shade)).save(out, kind)
    return out.getvalue()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    rows = {
        "sku": ["A", "B", "A", "C/1", "C 1"],
        "name": ["Red Shirt", "Blue <Jeans> & more", "Red Shirt", "Hat", "Hat"],
        "price": [19.9, None, 19.9, 5.0, 6.0],
        "categories": [["Men", "Shirts"], ["Men"], ["Men", "Shirts"], [], None],
        "image": [picture(1), picture(2, "PNG"), picture(3), picture(4), picture(5)],
        "article_type": ["ANSWER-shirt", "ANSWER-jeans", "ANSWER-shirt", "ANSWER-hat", "ANSWER-hat"],
    }
    path = tmp_path / "shop.parquet"
    pq.write_table(pa.table(rows), path, row_group_size=2)
    return path


MAPPING = {"product_id": "sku", "title": "name"}


def test_rows_of_one_product_are_its_photos_wherever_they_stand(file: Path) -> None:
    catalogue = FileCatalogue(str(file), MAPPING)

    assert [(item.sku, [photo.name for photo in item.photos]) for item in catalogue.items] == [
        ("A", ["main", "alt1"]), ("B", ["main"]), ("C/1", ["main"]), ("C 1", ["main"]),
    ]  # fmt: skip
    assert catalogue.items[0].price == Decimal("19.90") and catalogue.items[1].price is None
    assert catalogue.items[0].categories == ("Men", "Shirts")
    assert len({item.handle for item in catalogue.items}) == 4


@pytest.mark.parametrize("dialect", ["shopify", "structured"])
def test_bytes_are_served_untouched_and_unknown_columns_never(file: Path, dialect: str) -> None:
    spec = MallSpec(products=0, shops=(dialect,), catalogue_file=str(file), mapping=MAPPING)
    with Mall(spec) as mall, httpx.Client(base_url=mall.urls[0]) as client:
        base = "/cdn/shop/files/{}_{}.jpg" if dialect == "shopify" else "/media/{}/{}.jpg"
        items = mall.catalogues[0].items
        served = [client.get(base.format(item.handle, photo.name)) for item in items for photo in item.photos]
        page = "/products/{}" if dialect == "shopify" else "/p/{}.html"
        texts = [client.get(page.format(item.handle)).text for item in items]
        texts.append(client.get("/products.json").text)

    assert [answer.content for answer in served] == [
        picture(1),
        picture(3),
        picture(2, "PNG"),
        picture(4),
        picture(5),
    ]
    assert served[2].headers["content-type"] == "image/png"
    assert "ANSWER" not in "".join(texts)
    assert "Blue &lt;Jeans&gt; &amp; more" in texts[1]


def test_a_key_may_be_two_columns_joined(file: Path) -> None:
    catalogue = FileCatalogue(str(file), {"product_id": "sku+article_type", "title": "name"})

    assert [item.sku for item in catalogue.items][:2] == ["A-ANSWER-shirt", "B-ANSWER-jeans"]


def test_shops_share_a_file_without_sharing_a_product(file: Path) -> None:
    halves = [FileCatalogue(str(file), MAPPING, part=(n, 2)) for n in range(2)]

    assert [[item.sku for item in half.items] for half in halves] == [["A", "C/1"], ["B", "C 1"]]


def test_only_a_few_row_groups_are_held(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "GROUPS", 1)
    catalogue = FileCatalogue(str(file), MAPPING)
    assert isinstance(catalogue.rows, parquet._ParquetRows)

    for _ in range(2):
        for item in catalogue.items:
            for photo in item.photos:
                assert catalogue.photo(item, photo)[:2] in (b"\xff\xd8", b"\x89P")
                assert len(catalogue.rows._groups) == 1


def test_a_csv_names_images_beside_it(tmp_path: Path) -> None:
    (tmp_path / "one.jpg").write_bytes(picture(9))
    (tmp_path / "shop.csv").write_text(
        'product_id,title,image,tags,colour\n7,Tee,one.jpg,"a, b",rot\n', "utf-8"
    )

    catalogue = FileCatalogue(str(tmp_path / "shop.csv"))

    item = catalogue.items[0]
    assert (item.sku, item.tags, item.colour) == ("7", ("a", "b"), "rot")
    assert catalogue.photo(item, item.photos[0]) == picture(9)


def test_a_changed_file_changes_the_editions(file: Path) -> None:
    before = FileCatalogue(str(file), MAPPING)
    old = before.edition(before.items[0], before.items[0].photos[0])
    pq.write_table(pq.read_table(file).slice(0, 4), file)
    after = FileCatalogue(str(file), MAPPING)

    assert after.edition(after.items[0], after.items[0].photos[0]) != old


def test_what_cannot_be_used_is_named(file: Path, tmp_path: Path) -> None:
    (tmp_path / "text.parquet").write_text("no table")

    with pytest.raises(InputError, match="no such file"):
        FileCatalogue(str(tmp_path / "none.parquet"))
    with pytest.raises(InputError, match="is not a Parquet file"):
        FileCatalogue(str(tmp_path / "text.parquet"))
    with pytest.raises(InputError, match=r"no column 'product_id'.*sku, name.*--map product_id=COLUMN"):
        FileCatalogue(str(file))
    with pytest.raises(InputError, match="no column 'nom' for title"):
        FileCatalogue(str(file), {"product_id": "sku", "title": "nom"})
    with pytest.raises(InputError, match="--map heading: no such field"):
        FileCatalogue(str(file), {"heading": "name"})
