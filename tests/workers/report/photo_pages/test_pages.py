"""workers/report/photo_pages: which photos and names are shown, and a page that asks for nothing and escapes names."""

import io
import re
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from workers.report.photo_pages import chosen, pictures
from workers.report.photo_pages.render import initials, render
from workers.report.photo_pages.shown import (
    Comparison,
    HeatMap,
    Hit,
    Landmark,
    Name,
    PhotoPage,
    PhotoReport,
    Ranking,
    Told,
    Window,
)

ATTACK = "<script>alert(1)</script>"
SQUARE = pictures.jpeg(np.full((3, 24, 24), 200, np.uint8))
PAGE = PhotoPage(
    image_id="a" * 64,
    title=ATTACK,
    square=SQUARE,
    told=[Told("Category", [Name("Dress", 1.0, True), Name(ATTACK, 0.25, False)], ["Coat"])],
    landmarks=[Landmark("left hem", 0.25, 0.5, 0.9, (0.3, 0.5)), Landmark("right hem", 0.5, 0.5, 0.2, None)],
    error=0.05,
    maps=[HeatMap("left hem", pictures.heat(np.eye(4, dtype=np.float32)), 1.0)],
    rankings=[Ranking("by its vector", [Hit("b" * 64, 0.9, True), Hit("c" * 64, 0.8, False)], 1)],
    comparisons=[Comparison("b" * 64, True, [Window((0, 0, 0.5, 0.5), (0.5, 0, 0.5, 0.5), -1.0)])],
)
REPORT = PhotoReport(
    "20261128T010203Z-0000", "mall-in-shop", "6 photos", "grnet", "2026-11-28T01:02:03", "Every 2nd.",
    [("recall@1", "50.0 %")], [PAGE, PAGE], {"b" * 64: SQUARE},
)  # fmt: skip


def test_photos_are_every_nth_by_their_ids() -> None:
    ids = [f"{n:02}" for n in range(20)]

    assert chosen.every_nth([*ids, *ids], 6) == (["00", "03", "06", "09", "12", "15"], 3)
    assert chosen.every_nth(ids[:2], 6) == (["00", "01"], 1)


def test_names_are_told_best_first_with_those_that_were_missed() -> None:
    scores = np.array([1.0, 5.0, 3.0, -3.0], np.float32)

    found = chosen.told("colour", ["red", "blue", "green", "grey"], scores, {"grey", "blue"}, str.title, 2)

    assert found == Told("colour", [Name("Blue", 1.0, True), Name("Green", 0.75, False)], ["Grey"])


def test_the_error_of_landmarks_is_in_sides_of_the_square_and_of_those_seen() -> None:
    said = np.array([[0.0, 0.0, 0.9], [1.0, 1.0, 0.1]], np.float32)
    true = np.array([[0.6, 0.8, 1.0], [0.0, 0.0, 0.0]])

    marks, error = chosen.landmarks(["a", "b"], said, true)

    assert error == pytest.approx(0.5) and marks[1].true is None
    assert marks[0].true == pytest.approx((0.8, 0.9)) and (marks[0].x, marks[0].y) == (0.5, 0.5)


def test_a_heat_map_is_clear_where_it_is_low() -> None:
    with Image.open(io.BytesIO(pictures.heat(np.array([[0.2, 0.4], [0.3, 0.2]], np.float32)))) as image:
        opaque = np.asarray(image)[:, :, 3]

    assert opaque.tolist() == [[0, pictures.MOST_OPAQUE], [round(pictures.MOST_OPAQUE / 2), 0]]


def test_the_page_shows_all_of_it_asks_for_nothing_and_escapes_names() -> None:
    page = render(REPORT)

    assert page.count('id="photo-') == 2 and "default-src 'none'" in page
    assert not re.findall(r"url\((?!data:image/)", page) and "<script" not in page
    assert page.count("&lt;script&gt;") == 4
    assert 'class="mark-told" cx="25.00" cy="50.00"' in page and ">LH</text>" in page
    assert "Mean distance 5.0\N{NO-BREAK SPACE}% of the square’s side, of 1 landmarks" in page
    assert 'class="against" x="0.6"' in page and "first right photo at place 1" in page
    assert page.count(".h0{") == page.count(".s0{") == page.count(".s1{") == 1  # each photo is carried once
    assert initials("right waistline") == "RW"


def test_a_page_has_only_what_its_method_has() -> None:
    bare = PhotoPage(image_id="d" * 64, title="one", square=SQUARE)

    page = render(replace(REPORT, pages=[bare], hits={}))

    for absent in ("Where it looks", "What it finds", "What decided", "told <b"):
        assert absent not in page
