"""The drawn catalogue: the same everywhere, every kind of garment, words that are right most of the time."""

import io
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from infra.mall.catalogue import DrawnCatalogue, Trade, draw_catalogue
from infra.mall.garments.design import ASSORTMENTS, CATEGORIES, PATTERNS, design
from infra.mall.garments.palette import TONES
from infra.mall.photos.cutout import cutout
from infra.mall.seeds import chance
from infra.mall.words.tongue import tongue

ROOT = Path(__file__).parents[3]
FINGERPRINT = """
from hashlib import sha256
from infra.mall.catalogue import draw_catalogue
catalogue = draw_catalogue(6, 11, size=(96, 120))
found = sha256(repr(tuple(catalogue.items)).encode())
for item in catalogue.items:
    for photo in item.photos:
        found.update(catalogue.photo(item, photo))
        found.update(repr(catalogue.annotation(item, photo)).encode())
print(found.hexdigest())
"""


def test_two_processes_draw_the_same_mall_byte_for_byte() -> None:
    found = [
        subprocess.run(
            [sys.executable, "-c", FINGERPRINT], cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout
        for _ in range(2)
    ]

    assert found[0] == found[1]
    assert len(found[0].strip()) == 64


def test_another_seed_is_another_mall() -> None:
    one, other = draw_catalogue(20, 1), draw_catalogue(20, 2)

    assert [item.title for item in one.items] != [item.title for item in other.items]
    assert one.items[0].truth != other.items[0].truth


def test_a_longer_catalogue_begins_with_the_shorter_one() -> None:
    assert draw_catalogue(40, 5).items[:25] == draw_catalogue(25, 5).items


def test_a_small_catalogue_holds_every_category_and_a_larger_one_every_colour_and_pattern() -> None:
    small = {item.truth.category for item in draw_catalogue(len(CATEGORIES), 3).items if item.truth}
    looks = [item.truth for item in draw_catalogue(400, 3).items if item.truth]

    assert small == set(CATEGORIES)
    assert {look.colour for look in looks} == set(TONES)
    assert {look.pattern for look in looks} == set(PATTERNS)


def test_a_usual_assortment_holds_every_category_in_a_turn_and_each_as_often_as_it_says() -> None:
    turn = ASSORTMENTS["usual"].turn()
    drawn = draw_catalogue(20 * len(turn), 3, Trade(assortment="usual"))
    looks = [item.truth for item in drawn.items if item.truth]

    assert Counter(look.category for look in looks[: len(turn)]) == ASSORTMENTS["usual"].categories
    assert Counter(look.category for look in looks)["dress"] == 160
    reds, olives = ([look.colour for look in looks].count(colour) for colour in ("red", "olive"))
    assert reds > 2 * olives
    assert [drawn.items.path(n) for n in range(len(turn))] == [
        drawn.items[n].categories for n in range(len(turn))
    ]


@pytest.mark.parametrize("category", CATEGORIES)
@pytest.mark.parametrize("back", [False, True], ids=["front", "back"])
def test_every_category_draws_with_its_landmarks_on_the_cloth(category: str, back: bool) -> None:
    for number in range(4):
        look = design(chance("test", category, number), category, f"{category}{number}")

        cut = cutout(look, back, 240, 300)

        alpha = np.asarray(cut.image.getchannel("A"))
        assert 0.04 < (alpha > 128).mean() < 0.9
        assert (alpha[0] == 0).all() and (alpha[-1] == 0).all(), "nothing is cut off by the frame"
        for name, (x, y) in cut.marks.items():
            near = alpha[max(0, round(y) - 2) : round(y) + 3, max(0, round(x) - 2) : round(x) + 3]
            assert near.max() > 128, f"{name} of {look} lies beside the garment"


def test_the_middle_of_a_plain_garment_has_its_colour() -> None:
    looks = [item.truth for item in draw_catalogue(300, 8).items if item.truth]
    plain = [
        look for look in looks if look.pattern == "plain" and look.category in ("dress", "skirt", "sweater")
    ]
    assert len(plain) > 10

    for look in plain:
        pixels = np.asarray(cutout(look, True, 120, 150).image, np.float32)
        seen = np.median(pixels[pixels[..., 3] > 200][:, :3], axis=0)
        wanted = np.array([int(look.tone[n : n + 2], 16) for n in (1, 3, 5)])
        assert np.abs(seen - wanted).max() < 60, look


def test_a_customers_photo_hides_or_cuts_some_landmarks_and_moves_all(drawn: DrawnCatalogue) -> None:
    visible: Counter[bool] = Counter()
    for item in drawn.items:
        shop = {mark.name: mark for mark in drawn.annotation(item, item.photos[0]).landmarks}
        assert all(mark.visible for mark in shop.values())
        for photo in (photo for photo in item.photos if photo.kind == "customer"):
            for mark in drawn.annotation(item, photo).landmarks:
                visible[mark.visible] += 1
                assert (mark.x, mark.y) != (shop[mark.name].x, shop[mark.name].y)

    assert visible[True] > 4 * visible[False] > 0


def test_photos_are_jpegs_of_the_size_asked_for_and_a_cache_forgets_the_oldest(drawn: DrawnCatalogue) -> None:
    small = DrawnCatalogue(drawn.items, drawn.size, cache_bytes=10_000)
    item = small.items[0]
    first = [small.photo(item, photo) for photo in item.photos]

    assert {Image.open(io.BytesIO(data)).size for data in first} == {drawn.size}
    assert {Image.open(io.BytesIO(data)).format for data in first} == {"JPEG"}
    assert not all(small.has(item, photo) for photo in item.photos)
    assert [small.photo(item, photo) for photo in item.photos] == first


def test_an_items_photos_differ_from_each_other(drawn: DrawnCatalogue) -> None:
    for item in drawn.items[:5]:
        assert len({drawn.photo(item, photo) for photo in item.photos}) == len(item.photos) >= 4


def test_about_one_item_in_twenty_is_described_wrongly_on_purpose() -> None:
    items = draw_catalogue(4000, 1).items

    assert 0.035 < sum(bool(item.wrong) for item in items) / len(items) < 0.065
    assert {item.wrong for item in items} == {"", "category", "colour"}


def test_both_languages_speak_and_leave_things_out() -> None:
    items = draw_catalogue(600, 1).items
    share = sum(item.language == "de" for item in items) / len(items)
    truthful = [item for item in items if not item.wrong and item.truth]

    def named(colour: bool) -> float:
        hits = 0
        for item in truthful:
            assert item.truth is not None
            voice = tongue(item.language)
            words = voice.colours[item.truth.colour] if colour else voice.categories[item.truth.category]
            hits += any(word.lower() in item.title.lower() for word in words)
        return hits / len(truthful)

    assert 0.4 < share < 0.6
    assert 0.85 < named(colour=False) <= 1.0
    assert 0.3 < named(colour=True) < 0.8, "a colour is often not named"


def test_every_name_of_a_design_has_a_word_in_both_languages() -> None:
    for language in ("en", "de"):
        voice = tongue(language)
        assert set(CATEGORIES) == set(voice.categories) == set(voice.path)
        assert set(TONES) == set(voice.colours)
        assert set(PATTERNS) == set(voice.patterns)


@pytest.fixture(scope="module")
def drawn() -> DrawnCatalogue:
    return draw_catalogue(24, 4, size=(160, 200))
