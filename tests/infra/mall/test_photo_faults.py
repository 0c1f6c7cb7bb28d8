"""Every photo fault really happens on the wire, and the truth says what to make of it."""

import io
import socket
import struct
from collections.abc import Callable
from urllib.parse import urlsplit

import httpx
import pytest
from PIL import Image, UnidentifiedImageError

from infra.mall.faults.photos import PHOTO_FAULTS, STORED
from infra.mall.server import Mall
from schemas.reject import REASONS

DIALECTS = ("shopify", "structured", "woocommerce", "microdata", "opengraph", "plain")
Wire = Callable[[str], tuple[int, dict[str, str], bytes]]


def photo_with(faulty: Mall, number: int, fault: str) -> str:
    return next(
        url
        for product in faulty.truth(number).products.values()
        for url, photo in product.photos.items()
        if photo.fault == fault
    )


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


# One check per photo fault; each is given status, headers and body as they came over the socket.
Check = Callable[[int, dict[str, str], bytes], bool]
CHECKS: dict[str, Check] = {
    "html_page": lambda s, h, b: s == 200 and h["content-type"].startswith("text/html") and b"<p>" in b,
    "empty_body": lambda s, h, b: (s, h["content-length"], b) == (200, "0", b""),
    "truncated": lambda s, h, b: s == 200 and len(b) == int(h["content-length"]) and ends_early(b),
    "declared_png": lambda s, h, b: h["content-type"] == "image/png" and opened(b).format == "JPEG",
    "pixel_bomb": lambda s, h, b: len(b) < 1000 and struct.unpack(">II", b[16:24]) == (30_000, 30_000),
    "gzip_bomb": lambda s, h, b: h["content-encoding"] == "gzip" and len(b) < 120_000,
    "not_found": lambda s, h, b: s == 404,
    "gone": lambda s, h, b: s == 410,
    "animated_gif": lambda s, h, b: getattr(opened(b), "n_frames", 1) == 3,
    "single_colour": lambda s, h, b: len(opened(b).convert("RGB").getcolors(1000) or []) == 1,
    "thumbnail": lambda s, h, b: opened(b).size == (20, 20),
    "banner": lambda s, h, b: opened(b).size == (1500, 70),
    "webp": lambda s, h, b: h["content-type"] == "image/webp" and opened(b).format == "WEBP" and "etag" in h,
    "avif": lambda s, h, b: h["content-type"] == "image/avif" and opened(b).format == "AVIF" and "etag" in h,
    "to_canary": lambda s, h, b: s == 302 and h["location"].startswith("http://127.0.0.1:"),
    "redirect_loop": lambda s, h, b: s == 302 and h["location"].endswith(".jpg?hop=1"),
    "opted_out": lambda s, h, b: h["x-robots-tag"] == "noai" and opened(b).format == "JPEG",
}


def ends_early(data: bytes) -> bool:
    try:
        opened(data)
    except (OSError, UnidentifiedImageError):
        return data.startswith(b"\xff\xd8") and b"\xff\xd9" not in data[-64:]
    return False


@pytest.mark.parametrize("fault", CHECKS)
def test_a_photo_fault_happens_on_the_wire(faulty: Mall, fault: str, wire: Wire) -> None:
    url = photo_with(faulty, DIALECTS.index("structured"), fault)

    assert CHECKS[fault](*wire(url))
    assert CHECKS[fault](*wire(url)), "it stays"


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_shop_has_every_photo_fault_and_one_loris(faulty: Mall, dialect: str, wire: Wire) -> None:
    photos = [
        photo
        for product in faulty.truth(DIALECTS.index(dialect)).products.values()
        for photo in product.photos.values()
    ]
    status = wire(photo_with(faulty, DIALECTS.index(dialect), "gone"))[0]

    named = {photo.fault for photo in photos}
    assert named == {"", *(fault.name for fault in PHOTO_FAULTS)}
    assert sum(photo.fault == "slow_loris" for photo in photos) == 1
    assert all(photo.outcome == STORED or photo.outcome in REASONS for photo in photos)
    assert status == 410


def test_a_gzip_bomb_unpacks_to_a_hundred_megabytes(
    faulty: Mall, wire: Wire, unpacked: Callable[[bytes], int]
) -> None:
    assert unpacked(wire(photo_with(faulty, 2, "gzip_bomb"))[2]) == 100 << 20


def test_a_loris_sends_a_byte_a_second_and_never_ends(faulty: Mall) -> None:
    url = photo_with(faulty, 0, "slow_loris")
    parts = urlsplit(url)

    with socket.create_connection((str(parts.hostname), parts.port or 80), timeout=5) as wire:
        wire.sendall(f"GET {parts.path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        head = wire.recv(65536)
        while b"\r\n\r\n" not in head or not head.partition(b"\r\n\r\n")[2]:
            head += wire.recv(65536)
        later = [wire.recv(65536) for _ in range(2)]

    assert b"content-length: 200000" in head.lower()
    assert later == [b"\x00", b"\x00"]


def test_a_redirect_loop_never_ends(faulty: Mall) -> None:
    with pytest.raises(httpx.TooManyRedirects):
        httpx.get(photo_with(faulty, 0, "redirect_loop"), follow_redirects=True)


def test_odd_but_good_photos_have_validators_that_work(faulty: Mall) -> None:
    for fault in ("avif", "webp", "declared_png"):
        url = photo_with(faulty, 3, fault)
        first = httpx.get(url)
        assert httpx.get(url, headers={"If-None-Match": first.headers["etag"]}).status_code == 304
        assert httpx.get(url).content == first.content
