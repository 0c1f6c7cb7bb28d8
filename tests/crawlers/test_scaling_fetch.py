"""What is read before any page, and beside pages: headers, robots.txt, packing, product files, the doctor's guesses.

See test_scaling.py; these take time in proportion to what they read, too.
"""

import asyncio
import gzip
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from scrapy import Request
from scrapy.http import HtmlResponse, Response
from scrapy.robotstxt import ProtegoRobotParser
from scrapy.utils.test import get_crawler

from crawlers.datasets.product_file import ProductFile
from crawlers.doctor.diagnosis import diagnosis
from crawlers.doctor.observations import Observations
from crawlers.doctor.profile_draft import draft
from crawlers.doctor.shop_links import listing_patterns, product_pattern
from crawlers.extract.headers import header_of
from crawlers.extract.photos.photo_urls import photos_in
from crawlers.fetch.conditional_requests import validators_of
from crawlers.fetch.guard import Guard
from crawlers.fetch.patience import retry_after_s
from crawlers.fetch.robots import ROBOTS_BYTES
from crawlers.fetch.settings import settings
from crawlers.fetch.unpacking import Unpacking
from tests.crawlers.growth import MOST, URL, Case, Reading, growth, of_page, of_text


def of_robots(piece: str, head: str = "User-agent: *\n") -> Case:
    """A robots.txt of n lines, as much of it as is read, and asked about one address."""

    def case(n: int) -> Reading:
        body = (head + "".join(piece.replace("{}", str(number)) for number in range(n))).encode()[
            :ROBOTS_BYTES
        ]

        def read() -> None:
            rules = ProtegoRobotParser(body, None)  # type: ignore[arg-type]
            rules.allowed("https://shop.example/p/aaaa", "vitrine")
            rules.crawl_delay("vitrine")

        return read

    return case


def of_address(rule: str) -> Case:
    """One rule of robots.txt, and an address of n letters."""

    def case(n: int) -> Reading:
        rules = ProtegoRobotParser(f"User-agent: *\nDisallow: {rule}\n".encode(), None)  # type: ignore[arg-type]
        url = f"https://shop.example/{'a' * n}"
        return lambda: rules.allowed(url, "vitrine")

    return case


def of_packed(pack: Callable[[bytes], bytes], label: str, piece: bytes) -> Case:
    middleware = Unpacking.from_crawler(get_crawler(settings_dict={"DOWNLOAD_MAXSIZE": 1 << 28}))

    def case(n: int) -> Reading:
        headers = {"Content-Type": "text/html", "Content-Encoding": label}
        answer = Response(URL, headers=headers, body=pack(piece * n))
        return lambda: middleware.process_response(Request(URL), answer.copy())

    return case


def of_header(name: str, piece: str, read: Callable[[Response], object]) -> Case:
    def case(n: int) -> Reading:
        answer = Response(URL, headers={name: piece * n})
        return lambda: read(answer)

    return case


async def answers_nothing(host: str, port: int) -> list[str]:
    return []


def judged(host: str) -> None:
    try:
        asyncio.run(Guard(resolve=answers_nothing).check(f"http://{host}/"))
    except Exception:
        return


def drafted_from(*pages: HtmlResponse) -> object:
    return draft("acme", "https://shop.example/", list(pages[:1]), list(pages))


def drafted_at(text: str) -> object:
    """Draft from two pages whose addresses are long, which is where the key of a product is looked for."""
    body = b"<h1>Coat</h1><img src=/1.jpg>"
    pages = [HtmlResponse(f"{URL}/{text}x{n}", body=body, encoding="utf-8") for n in range(2)]
    return drafted_from(*pages)


def examined(text: str) -> object:
    findings = Observations("acme", "https://shop.example/", "", "", settings("http://127.0.0.1/", ""))
    findings.robots["shop.example"] = text.encode()
    return diagnosis(findings)


CASES = {
    "robots: rules": of_robots("Disallow: /p{}/*x$\n"),
    "robots: agents": of_robots("User-agent: a{}\n"),
    "robots: groups": of_robots("User-agent: a{}\nDisallow: /x\n"),
    "robots: one line": of_robots("a*", "User-agent: *\nDisallow: /"),
    "robots: words without a colon": of_robots("crawl delay "),
    "robots: sitemaps": of_robots("Sitemap: https://shop.example/{}.xml\n"),
    "robots: stars and an address": of_address("/*a*a*a*a*a*a*a*a*b"),
    "robots: an end and an address": of_address("/*a$"),
    "robots in the doctor": of_text(examined, "Disallow: /*a*b$\n", ""),
    "packed: plain bytes called gzip": of_packed(bytes, "gzip", b"<p>wool</p>"),
    "packed: no text and no packing": of_packed(bytes, "gzip", b"\x00\x01\xfe"),
    "packed: gzip": of_packed(gzip.compress, "gzip", b"<p>wool</p>"),
    "packed: many members": of_packed(bytes, "gzip", gzip.compress(b"<p>wool</p>")),
    "packed: many labels": of_header(
        "Content-Encoding",
        "gzip, ",
        lambda answer: Unpacking.from_crawler(get_crawler()).process_response(Request(URL), answer.copy()),
    ),
    "Retry-After": of_text(retry_after_s, "1 Jan ", ""),
    "Retry-After in digits": of_text(retry_after_s, "9"),
    "Cache-Control": of_header("Cache-Control", "max-age  ", validators_of),
    "ETag": of_header("ETag", '"a', lambda answer: header_of(answer, "ETag")),
    "hosts": of_text(judged, "a.", "example"),
    "hosts of other scripts": of_text(judged, "ä", ".example"),
    "photos of a feed": of_text(lambda text: photos_in([{"src": f"/{text}.jpg", "alt": text}], URL), "a-"),
    "listings": of_text(lambda text: listing_patterns([f"{URL}/{text}", f"{URL}/b"]), "a/"),
    "patterns of numbers": of_text(lambda text: product_pattern([URL + text, f"{URL}{text}2"], []), "1."),
    "drafts: a number without an end": of_page(
        drafted_from,
        lambda number: "aaaa",
        "<h1>Coat</h1><img src=/1.jpg><p class=sku>Art. no {}!</p>",
    ),
    "drafts: digits in an address": of_text(drafted_at, "1"),
    "drafts: parts of an address": of_text(drafted_at, "a.b/"),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_four_times_as_much_takes_about_four_times_as_long(name: str) -> None:
    ratios = growth(CASES[name])

    assert min(ratios, default=0.0) <= MOST, ratios


@pytest.mark.parametrize("cell", ["<a", "a > ", "1.1 ", "&amp;", "a,", '{"a":'])
def test_a_product_file_is_read_in_proportion_to_its_cells(tmp_path: Path, cell: str) -> None:
    (tmp_path / "a.jpg").write_bytes(b"x")

    def case(n: int) -> Reading:
        file = tmp_path / f"{n}.parquet"
        row = {"product_id": "1", "title": "Coat", "image": "a.jpg", "fabric": cell * n}
        row |= dict.fromkeys(("description", "categories", "tags", "price", "colour"), cell * n)
        pq.write_table(pa.Table.from_pylist([row]), file)
        read = ProductFile(str(file), "acme")
        return lambda: list(read.read())

    ratios = growth(case)

    assert min(ratios, default=0.0) <= MOST, ratios
