"""A photo that an image service fetches and makes smaller is the photo that it names."""

import pytest

from crawlers.extract.photos.photo_sizes import largest_of_each, sized
from crawlers.extract.photos.size_words import UNSIZED

PHOTO = "https://shop.example/media/coat-red.jpg"
ENCODED = "https%3A%2F%2Fshop.example%2Fmedia%2Fcoat-red.jpg"


@pytest.mark.parametrize(
    ("address", "pixels"),
    [
        ("https://i0.wp.com/shop.example/media/coat-red.jpg?resize=300%2C400&ssl=1", 300),
        ("https://i2.wp.com/shop.example/media/coat-red.jpg?fit=600%2C800&ssl=1", 600),
        ("https://i0.wp.com/shop.example/media/coat-red.jpg?ssl=1", UNSIZED - 1),
        (f"https://shop.example/_next/image?url={ENCODED}&w=640&q=75", 640),
        ("https://shop.example/_next/image?url=%2Fmedia%2Fcoat-red.jpg&w=3840&q=75", 3840),
        ("https://shop.example/_vercel/image?url=%2Fmedia%2Fcoat-red.jpg&w=1200&q=75", 1200),
        ("https://shop.example/.netlify/images?url=/media/coat-red.jpg&w=320&h=320&fit=cover", 320),
        ("https://images.weserv.nl/?url=shop.example/media/coat-red.jpg&w=300", 300),
        (f"https://wsrv.nl/?url={ENCODED}&h=500&output=webp", 500),
        ("https://shop.example/thumb.php?src=/media/coat-red.jpg&w=120", 120),
        ("https://res.cloudinary.com/demo/image/fetch/w_300,c_fill/https://shop.example/media/coat-red.jpg", 300),
        (f"https://res.cloudinary.com/demo/image/fetch/c_fill,w_450/{ENCODED}", 450),
        ("https://cdn.example/cdn-cgi/image/width=300,quality=75/https://shop.example/media/coat-red.jpg", 300),
        ("https://img.example/unsafe/300x400/https://shop.example/media/coat-red.jpg", 300),
        ("https://img.example/insecure/plain/https:/shop.example/media/coat-red.jpg", UNSIZED - 1),
        ("https://i1.wp.com/shop.example/media/coat-red-300x400.jpg?w=900", 300),
    ],
)  # fmt: skip
def test_a_service_s_address_names_its_source(address: str, pixels: int) -> None:
    assert sized(address).photo == sized(PHOTO).photo
    assert sized(address).pixels == pixels


def test_the_photo_s_own_file_is_the_largest() -> None:
    small, own = f"https://shop.example/_next/image?url={ENCODED}&w=640", PHOTO
    assert largest_of_each({small: "front", own: ""}) == {own: "front"}
    whole = f"https://wsrv.nl/?url={ENCODED}"
    assert largest_of_each({own: "", whole: ""}) == {own: ""}


@pytest.mark.parametrize(
    "address",
    [
        "https://shop.example/image.php?id=7&url=/coats/red",  # no file
        "https://shop.example/coat.jpg?src=newsletter",
        "https://i0.wp.com/coat.jpg",  # no host in it
        "https://shop.example/wp.com/coat.jpg",
        "https://shop.example/_next/image?w=640",
    ],
)
def test_what_names_no_other_photo_is_one_of_its_own(address: str) -> None:
    assert sized(address).photo.startswith(("shop.example", "i0.wp.com"))
    assert sized(address).photo != sized(PHOTO).photo


def test_a_chain_of_services_names_the_last_and_ends() -> None:
    chain = f"https://a.example/i?url=https%3A%2F%2Fb.example%2Fi%3Fw%3D50%26url%3D{ENCODED.replace('%', '%25')}&w=400"
    assert sized(chain).photo == sized(PHOTO).photo and sized(chain).pixels == 50
    assert sized("https://a.example/" + "https://" * 200 + "b.example/a.jpg").photo
