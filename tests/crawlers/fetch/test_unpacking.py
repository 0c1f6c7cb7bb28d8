"""Servers that call their packing by another name: the bytes say what they are."""

import gzip
import zlib

import brotli
import pytest
from scrapy import Request
from scrapy.exceptions import IgnoreRequest
from scrapy.http import HtmlResponse, Response, TextResponse
from scrapy.utils.test import get_crawler

from crawlers.fetch.reject_reasons import reject_reason_of
from crawlers.fetch.unpacking import CutAnswerError, Unpacking

URL = "https://shop.example/coat"
PAGE = ("<html><body><h1>Wollmantel, größer</h1>" + "<p>warm</p>" * 500).encode()
PICTURE = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 8


def bare(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


def unpacked(body: bytes, label: str, kind: str = "text/html", most: int = 1 << 20) -> Response:
    middleware = Unpacking.from_crawler(get_crawler(settings_dict={"DOWNLOAD_MAXSIZE": most}))
    headers = {"Content-Type": kind} | ({"Content-Encoding": label} if label else {})
    answer = middleware.process_response(Request(URL), Response(URL, headers=headers, body=body))
    assert isinstance(answer, Response)
    return answer


@pytest.mark.parametrize(
    ("body", "label"),
    [
        (gzip.compress(PAGE), "gzip"),
        (PAGE, "gzip"),
        (PAGE, "br"),
        (PAGE, "deflate"),
        (PAGE, "zstd"),
        (PAGE, "utf-8"),
        (PAGE, "identity"),
        (PAGE, "none"),
        (gzip.compress(gzip.compress(PAGE)), "gzip"),
        (gzip.compress(gzip.compress(PAGE)), "gzip, gzip"),
        (gzip.compress(PAGE), "br"),
        (gzip.compress(PAGE), "deflate"),
        (gzip.compress(PAGE), "x-gzip"),
        (brotli.compress(PAGE), "gzip"),
        (brotli.compress(PAGE), "deflate"),
        (zlib.compress(PAGE), "deflate"),
        (zlib.compress(PAGE), "gzip"),
        (bare(PAGE), "deflate"),
        (bare(PAGE), "gzip"),
        (gzip.compress(PAGE[:900]) + gzip.compress(PAGE[900:]), "gzip"),
        (gzip.compress(PAGE) + b"\0\0 behind", "gzip"),
        (gzip.compress(PAGE)[:-8] + b"12345678", "gzip"),
    ],
)
def test_a_page_is_read_whatever_its_packing_is_called(body: bytes, label: str) -> None:
    answer = unpacked(body, label)

    assert answer.body == PAGE
    assert isinstance(answer, HtmlResponse)
    assert "Content-Encoding" not in answer.headers
    assert "größer" in answer.text


@pytest.mark.parametrize(
    ("body", "label", "flag"),
    [
        (PAGE, "gzip", "its Content-Encoding says gzip, which its bytes are not"),
        (PAGE, "br", "its Content-Encoding says br, which its bytes are not"),
        (brotli.compress(PAGE), "x-gzip", "its Content-Encoding says x-gzip, which its bytes are not"),
        (gzip.compress(PAGE), "gzip", ""),
        (brotli.compress(PAGE), "br", ""),
        (bare(PAGE), "deflate", ""),
        (PAGE, "identity", ""),
        (PAGE, "", ""),
    ],
)
def test_a_label_that_lies_is_told(body: bytes, label: str, flag: str) -> None:
    assert "; ".join(unpacked(body, label).flags) == flag


def test_a_packed_file_that_is_served_as_a_page_is_unpacked() -> None:
    middleware = Unpacking.from_crawler(get_crawler())
    page = TextResponse(URL, body=gzip.compress(PAGE), headers={"Content-Type": "text/html"})

    answer = middleware.process_response(Request(URL), page)

    assert isinstance(answer, Response) and answer.body == PAGE


@pytest.mark.parametrize("label", ["gzip", "br", "deflate", ""])
def test_a_picture_stays_as_it_was_served(label: str) -> None:
    assert unpacked(PICTURE, label, "image/jpeg").body == PICTURE


@pytest.mark.parametrize(
    ("body", "label"),
    [
        (gzip.compress(PAGE)[:-20], "gzip"),
        (gzip.compress(PAGE)[:30] + b"\xff" * 60, "gzip"),
        (gzip.compress(PAGE)[:5], "gzip"),
        (brotli.compress(PAGE)[:-5], "br"),
        (zlib.compress(PAGE)[:-30], "deflate"),
    ],
)
def test_an_answer_that_ends_within_its_packing_was_cut_and_is_no_shorter_page(
    body: bytes, label: str
) -> None:
    with pytest.raises(CutAnswerError) as caught:
        unpacked(body, label)

    reason, detail = reject_reason_of(caught.value)
    assert reason == "connection"
    assert label in detail and "resolve" not in detail


@pytest.mark.parametrize("label", ["gzip", "br", "deflate", "utf-8"])
@pytest.mark.parametrize("pack", [gzip.compress, brotli.compress, zlib.compress, bare])
def test_what_unpacks_to_too_much_is_refused_by_whatever_name(pack, label: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(IgnoreRequest) as caught:
        unpacked(pack(bytes(4 << 20)), label)

    assert reject_reason_of(caught.value)[0] == "too_large"


@pytest.mark.parametrize(
    ("pack", "label"), [(brotli.compress, "br"), (bare, "deflate"), (zlib.compress, "deflate")]
)
def test_a_few_packed_bytes_are_unpacked_as_their_label_says(pack, label: str) -> None:  # type: ignore[no-untyped-def]
    for n in range(30):
        word = f"coat {n}".encode()
        assert unpacked(pack(word), label).body == word


def test_nothing_is_nothing() -> None:
    assert unpacked(b"", "gzip").body == b""
