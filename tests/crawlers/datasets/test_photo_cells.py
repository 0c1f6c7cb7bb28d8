"""crawlers/datasets/photo_cells.py: every way in which people keep photos in a column."""

import base64
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from crawlers.datasets.photo_cells import MOST_PHOTOS, CellError, Photo, check_photo_type, photos_of
from crawlers.datasets.table_rows import Unreadable
from schemas.errors import InputError

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(100))
BASE64 = base64.b64encode(PNG).decode()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("a.jpg", "b.jpg", "one, two.jpg", "part/c.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(PNG)
    return tmp_path.resolve()


def contents(cell: Any, root: Path, separator: str = "") -> list[Any]:
    """Bytes, addresses, names of files below the root, or reasons."""
    found = []
    for photo in photos_of(cell, root, root / "part", separator):
        if isinstance(photo, CellError):
            found.append(photo.reason)
        else:
            content = photo.content
            found.append(content.relative_to(root).as_posix() if isinstance(content, Path) else content)
    return found


@pytest.mark.parametrize(
    ("cell", "photos"),
    [
        (PNG, [PNG]),
        ([PNG, PNG], [PNG, PNG]),
        ({"bytes": PNG, "path": "x.jpg"}, [PNG]),
        ({"bytes": None, "path": "a.jpg"}, ["a.jpg"]),
        ([{"bytes": PNG, "path": None}, {"bytes": None, "path": "b.jpg"}], [PNG, "b.jpg"]),
        (BASE64, [PNG]),
        (f"data:image/png;base64,{BASE64}", [PNG]),
        ([BASE64, "a.jpg"], [PNG, "a.jpg"]),
        ("a.jpg", ["a.jpg"]),
        ("c.jpg", ["part/c.jpg"]),  # beside the part file
        ("part\\c.jpg", ["part/c.jpg"]),
        ("a.jpg|b.jpg", ["a.jpg", "b.jpg"]),
        ("a.jpg, b.jpg", ["a.jpg", "b.jpg"]),
        ("a.jpg\nb.jpg", ["a.jpg", "b.jpg"]),
        ("one, two.jpg", ["one, two.jpg"]),
        ('["a.jpg", "b.jpg"]', ["a.jpg", "b.jpg"]),
        ("['a.jpg', 'b.jpg']", ["a.jpg", "b.jpg"]),
        ("https://x.example/1,2.jpg", ["https://x.example/1,2.jpg"]),
        ("https://x.example/1.jpg, https://x.example/2.jpg", ["https://x.example/1.jpg", "https://x.example/2.jpg"]),
        ("https://x.example/1.jpg|http://x.example/2.jpg", ["https://x.example/1.jpg", "http://x.example/2.jpg"]),
        (None, []),
        ("", []),
        ([], []),
        ({"bytes": None, "path": None}, []),
        ("../../a.jpg", ["address"]),
        ("/etc/passwd", ["address"]),
        ("file:///etc/passwd", ["address"]),
        ("a\0.jpg", ["address"]),
        ("x" * 5_000, ["address"]),
        ("y" * 300, ["y" * 300]),  # too long a name is a file that is not there
        (17, ["row_incomplete"]),
        ([1.5], ["row_incomplete"]),
        ("data:image/svg+xml,<svg/>", ["not_an_image"]),
        ("data:image/png;base64,!!!", ["corrupt"]),
        (Unreadable("x"), ["row_unreadable"]),
    ],
)  # fmt: skip
def test_a_cell_is_read_as_the_photos_it_means(cell: Any, photos: list[Any], root: Path) -> None:
    assert contents(cell, root) == photos


def test_a_file_address_below_the_folder_is_a_file(root: Path) -> None:
    assert contents((root / "one, two.jpg").as_uri(), root) == ["one, two.jpg"]


def test_a_separator_that_the_user_names_decides(root: Path) -> None:
    assert contents("a.jpg~b.jpg", root, "~") == ["a.jpg", "b.jpg"]


def test_a_link_that_leads_outside_or_in_a_circle_is_refused(root: Path) -> None:
    (root / "out.jpg").symlink_to("/etc/passwd")
    (root / "circle.jpg").symlink_to(root / "circle.jpg")

    assert contents("out.jpg", root) == ["address"]
    assert contents("circle.jpg", root) in (["address"], ["circle.jpg"])


def test_one_row_has_so_many_photos_at_most(root: Path) -> None:
    photos = list(photos_of([PNG] * (MOST_PHOTOS + 9), root, root))

    assert len(photos) == MOST_PHOTOS + 1 and photos[0] == Photo(PNG, "")
    assert isinstance(photos[-1], CellError) and photos[-1].reason == "out_of_bounds"


@pytest.mark.parametrize(
    ("kind", "cell", "read"),
    [
        (pa.string(), "a.jpg", "a.jpg"),
        (pa.large_binary(), PNG, PNG),
        (pa.binary(len(PNG)), PNG, PNG),
        (pa.list_(pa.binary()), [PNG], PNG),
        (pa.list_(pa.struct({"bytes": pa.binary(), "path": pa.string()})), [{"bytes": PNG, "path": ""}], PNG),
        (pa.dictionary(pa.int32(), pa.string()), "a.jpg", "a.jpg"),
    ],
    ids=str,
)
def test_columns_of_photos_pass_and_their_cells_are_read(
    kind: pa.DataType, cell: Any, read: Any, root: Path
) -> None:
    check_photo_type("f", "image", kind)

    plain = kind.value_type if pa.types.is_dictionary(kind) else kind
    assert contents(pa.array([cell], plain)[0].as_py(), root) == [read]


@pytest.mark.parametrize(
    ("kind", "named"),
    [
        (pa.int64(), "int64"),
        (pa.list_(pa.float32()), "list<"),
        (pa.struct({"pixels": pa.binary()}), "struct<pixels: binary>"),
        (pa.timestamp("us"), "timestamp"),
    ],
)
def test_another_column_is_refused_by_its_type(kind: pa.DataType, named: str) -> None:
    with pytest.raises(InputError, match=f"column image holds {named}"):
        check_photo_type("f", "image", kind)
