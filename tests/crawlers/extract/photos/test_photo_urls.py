"""crawlers/extract/photos/photo_urls.py: from what a markup writes to the addresses of photos."""

import pytest

from crawlers.extract.photos.photo_urls import add, addresses_in, photos_in

PAGE = "https://shop.example/products/coat"


@pytest.mark.parametrize(
    ("written", "addresses"),
    [
        ("/a.jpg", ["https://shop.example/a.jpg"]),
        (" //cdn.example/a.jpg?x=1&amp;y=2 ", ["https://cdn.example/a.jpg?x=1&y=2"]),
        ("https:/cdn/a.jpg", ["https://shop.example/cdn/a.jpg"]),
        ("http:/cdn/a.jpg", ["https://shop.example/cdn/a.jpg"]),
        ("https:///cdn.example/a.jpg", ["https://cdn.example/a.jpg"]),
        ("http://[x", ["http://[x"]),
        ("#primaryimage", []),
        (PAGE, []),
        (f"{PAGE}/#primaryimage", []),
        ("data:image/png;base64,AA", []),
        ("null", []),
        ("/a.jpg, /b.jpg", ["https://shop.example/a.jpg", "https://shop.example/b.jpg"]),
        ("https://x.example/a.jpg|https://x.example/b.jpg", ["https://x.example/a.jpg", "https://x.example/b.jpg"]),
        ("https://x.example/a.jpg https://x.example/b.png", ["https://x.example/a.jpg", "https://x.example/b.png"]),
        ('["/a.jpg", "/b.jpg", 3]', ["https://shop.example/a.jpg", "https://shop.example/b.jpg"]),
        ("[broken.jpg", ["https://shop.example/products/[broken.jpg"]),
        ("/w_1,h_2/a,b.jpg", ["https://shop.example/w_1,h_2/a,b.jpg"]),
        ("/fetch/a, /b.jpg", ["https://shop.example/fetch/a, /b.jpg"]),
    ],
)  # fmt: skip
def test_one_address_or_those_of_a_list(written: str, addresses: list[str]) -> None:
    assert list(addresses_in(written, PAGE)) == addresses


def test_the_first_reading_of_an_address_says_its_view() -> None:
    photos: dict[str, str] = {}
    add(photos, "/a.jpg", PAGE, "worn by a model")
    add(photos, "/a.jpg", PAGE, "back")
    add(photos, "/b.jpg", PAGE, view="customer")

    assert photos == {"https://shop.example/a.jpg": "model", "https://shop.example/b.jpg": "customer"}


def test_images_of_a_feed_are_objects_or_addresses() -> None:
    images = [
        {"src": "/a.jpg", "alt": "from the back"},
        "/b.jpg",
        {"src": 3},
        None,
        {"src": "/c.jpg", "name": "side"},
    ]

    assert photos_in(images, PAGE) == {
        "https://shop.example/a.jpg": "back",
        "https://shop.example/b.jpg": "",
        "https://shop.example/c.jpg": "side",
    }
    assert photos_in("/a.jpg", PAGE) == {}
