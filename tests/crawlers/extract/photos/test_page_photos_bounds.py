"""crawlers/extract/photos/page_photos.py: a page of any pictures is looked at in a bounded number of steps."""

from collections.abc import Iterator

import pytest

from crawlers.extract.photos.page_photos import PagePhotos, photos_on
from crawlers.extract.photos.photo_sizes import sized
from tests.crawlers.growth import html, steps

STATED = "https://shop.example/p/1.jpg"
MOST = 600_000  # calls, in a quarter of a second; without bounds a megabyte of pictures took ten million


@pytest.fixture(autouse=True)
def _nothing_remembered() -> Iterator[None]:
    sized.cache_clear()
    yield
    sized.cache_clear()


def srcset(photo: str, number: int) -> str:
    return ", ".join(f"{photo.replace('{}', str(100 + k))} {100 + k}w" for k in range(number))


def pictures(number: int, candidates: int, photo: str) -> str:
    each = (photo.replace("{k}", str(k)) for k in range(number))
    return "".join(f"<img src='{one}' srcset='{srcset(one, candidates)}'>" for one in each)


BODIES = {
    "twenty sizes": pictures(2_000, 20, "/p/{k}_{}x.jpg"),
    "parameters": pictures(2_000, 40, "/{k}?w={}"),
    "a name that is stated": pictures(2_000, 20, "/p/1.jpg?i={k}&w={}"),
    "few of many sizes": pictures(100, 1_500, "/{k}_{}"),
    "one of many sizes": pictures(1, 1_500, "/p/1_{}x.jpg") * 20,
    "sources": "".join(
        f"<picture><source srcset='{srcset(f'/p/{k}-{{}}x', 300)}'><img src=/p/{k}.jpg></picture>" for k in range(150)
    ),
    "attributes": "".join(
        f"<img src=/p/1.jpg {' '.join(f'data-src-{a}{b}x=/p/{k}{a}{b}.jpg' for a in 'abcdefgh' for b in 'abcdefgh')}>"
        for k in range(600)
    ),
    "links": "".join(f"<a href=/p/{k}.jpg><img src=/t/{k}.jpg data-zoom=/z/{k}_2x.jpg></a>" for k in range(9_000)),
}  # fmt: skip


@pytest.mark.parametrize("name", BODIES)
def test_pictures_of_a_megabyte_take_few_steps(name: str) -> None:
    page = html(f"<body><div class=gallery>{BODIES[name]}</div>")

    assert steps(lambda: photos_on(page, [STATED])) <= MOST


def test_half_as_many_take_half_the_steps_until_the_bound() -> None:
    few, many = (html(f"<div class=gallery>{pictures(n, 10, '/p/{k}_{}x.jpg')}</div>") for n in (50, 100))

    assert steps(lambda: photos_on(many, [STATED])) <= 2.2 * steps(lambda: photos_on(few, [STATED]))


def test_a_gallery_that_shops_have_is_seen_whole() -> None:
    body = "<div class=gallery><img src=/p/1.jpg>" + pictures(100, 20, "/p/x{k}_{}x.jpg") + "</div>"

    assert photos_on(html(body), [STATED]) == PagePhotos({STATED: STATED}, {}, 100)
