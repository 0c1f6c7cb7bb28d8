"""crawlers/extract/photos/page_photos.py: what a page shows beside the photos that its data states."""

import pytest
from scrapy.http import HtmlResponse

from crawlers.extract.photos.page_photos import photos_on

SHOP = "https://shop.example"
STATED = f"{SHOP}/p/coat.jpg"


def shown(body: str, *stated: str) -> tuple[dict[str, str], dict[str, str], int]:
    """Larger files and more views by path, and how many pictures are left."""
    page = HtmlResponse(f"{SHOP}/products/coat", body=f"<body>{body}</body>".encode(), encoding="utf-8")
    found = photos_on(page, stated or [STATED])
    assert all(url.startswith(SHOP) for url in [*found.larger.values(), *found.more])
    cut = len(SHOP)
    return (
        {old[cut:]: new[cut:] for old, new in found.larger.items() if old != new},
        {url[cut:]: view for url, view in found.more.items()},
        found.unread,
    )


@pytest.mark.parametrize(
    ("body", "larger"),
    [
        ("<img src=/p/coat.jpg srcset='/p/xl/77.jpg 1600w'>", "/p/xl/77.jpg"),
        ("<a href=/full/77.jpg><img src=/p/coat.jpg></a>", "/full/77.jpg"),
        ("<img src=/t/1.jpg data-src=/p/coat.jpg data-zoom-image=/z/1.jpg>", "/z/1.jpg"),
        ("<picture><source srcset='/p/coat.jpg 1x, /p/77.jpg 2x'><img src=/t.jpg></picture>", "/p/77.jpg"),
        ("<img src=/p/coat-300x300.jpg>", ""),  # the stated file has no size in its name: it is the whole one
        ("<img src=/p/coat.jpg>", ""),
        ("<img src=/p/overcoat.jpg srcset='/p/xl/77.jpg 1600w'>", ""),
    ],
)
def test_a_stated_photo_is_taken_in_the_largest_file_that_the_page_names_for_it(
    body: str, larger: str
) -> None:
    assert shown(body)[0] == ({"/p/coat.jpg": larger} if larger else {})


def test_a_stated_thumbnail_gives_way_to_a_larger_file_of_its_name() -> None:
    small = f"{SHOP}/p/coat-150x150.jpg"

    assert shown("<img src=/p/coat-600x600.jpg>", small)[0] == {"/p/coat-150x150.jpg": "/p/coat-600x600.jpg"}


OURS = "<a href=/p/coat.jpg><img src=/t/coat.jpg></a>"


@pytest.mark.parametrize(
    "body",
    [
        f"<ul><li>{OURS}</li><li><a href=/p/back.jpg><img src=/t/back.jpg></a></li></ul>",
        f"<div>{OURS}<a href=/p/back.jpg title=x><picture><img src=/t/back.jpg></picture></a></div>",
        f"<main>{OURS}<div class=product-thumbnails><a href=/p/back.jpg><img src=/t/back.jpg></a></div></main>",
        "<div id=imageGallery><a data-zoom-image=/z href=/p/back.jpg><img src=/t/back.jpg></a></div>",
        "<a href=/p/back.jpg class='fancybox' rel=g><img src=/t/9.jpg></a><div class=swiper-slide>"
        "<a href=/p/back.jpg><img src=/t/back.jpg></a></div>",
    ],
)
def test_a_link_to_a_file_in_the_gallery_is_one_more_view(body: str) -> None:
    assert shown(body)[1] == {"/p/back.jpg": "back"}


@pytest.mark.parametrize(
    "body",
    [
        "<a href=/p/other><img src=/p/other.jpg></a>",
        "<div class=related-gallery><a href=/p/other.jpg><img src=/t/other.jpg></a></div>",
        "<div class='reviews'><div class=gallery><a href=/u/1.jpg><img src=/u/1t.jpg></a></div></div>",
        "<footer><div class=slider><a href=/b/1.jpg><img src=/b/1t.jpg></a></div></footer>",
        "<div class=gallery><a href=/files/size-chart.jpg><img src=/t/chart.jpg></a></div>",
        "<div class=gallery><a href=/no-image.jpg><img src=/t/no-image.jpg></a></div>",
        "<p><a href=/p/lookbook.jpg><img src=/t/lookbook.jpg></a></p>",
        "<div class=gallery><a href=/p/coat-2000x2000.jpg><img src=/p/coat-100x100.jpg></a></div>",
    ],
)
def test_what_belongs_to_something_else_or_is_known_is_no_view(body: str) -> None:
    page = f"<main><div class=pictures>{OURS}</div>{body}</main>"

    assert shown(page)[1:] == ({}, 0)


def test_what_a_gallery_only_shows_is_counted_once_and_not_taken() -> None:
    body = (
        "<div class='product-gallery'><img src=/p/coat.jpg><img src=/p/side.jpg><img src=/p/side_small.jpg>"
        "<a href='#'><img src=/p/worn.jpg></a><img src=/icon.png width=24><img src=/blank.gif></div>"
    )

    assert shown(body) == ({}, {}, 2)


@pytest.mark.parametrize("mark", ["\x1b[31m", "\x07", "\u202e"])
@pytest.mark.parametrize("host", [SHOP, ""])
def test_an_address_holds_no_control_characters(mark: str, host: str) -> None:
    body = f"<img src=/p/coat.jpg data-zoom-image='{host}/z/{mark}coat.jpg'>"

    assert all(url.isprintable() for url in shown(body)[0].values())


def test_what_stands_behind_the_end_of_the_page_is_seen() -> None:
    assert shown("</body></html><div class=gallery><img src=/p/coat.jpg><img src=/p/2.jpg></div>")[2] == 1


def test_without_a_stated_photo_or_a_picture_nothing_is_looked_at() -> None:
    page = HtmlResponse(SHOP, body=b"<div class=gallery><a href=/a.jpg><img src=/b.jpg></a></div>")

    assert photos_on(page, []).more == {}
    assert shown("words")[1:] == ({}, 0)


def test_stated_photos_keep_their_place_and_their_view() -> None:
    page = HtmlResponse(
        f"{SHOP}/x",
        body=f"<p>{OURS}<a href=/p/back.jpg><img src=/t/back.jpg></a></p>".encode(),
        encoding="utf-8",
    )
    found = photos_on(page, [STATED])

    assert found.added_to({STATED: "front", f"{SHOP}/p/2.jpg": ""}) == {
        STATED: "front",
        f"{SHOP}/p/2.jpg": "",
        f"{SHOP}/p/back.jpg": "back",
    }


@pytest.mark.parametrize(
    "body",
    [
        "<img src=/p/a-300x300.jpg><img src=/p/a-1000x1000.jpg>",
        "<img src=/p/a-1000x1000.jpg><img src=/p/a-300x300.jpg>",
        "<img src=/p/a-600x600.jpg><img src=/p/a-300x300.jpg><img src=/p/a-1000x1000.jpg>",
        "<img src=/p/a-300x300.jpg><noscript><img src=/p/a-1000x1000.jpg></noscript>",
    ],
)
def test_the_largest_of_several_pictures_of_one_photo_is_taken_wherever_it_stands(body: str) -> None:
    larger, _, _ = shown(f"<div class=product-gallery>{body}</div>", f"{SHOP}/p/a-300x300.jpg")

    assert larger == {"/p/a-300x300.jpg": "/p/a-1000x1000.jpg"}
