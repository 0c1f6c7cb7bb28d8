import gzip
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawlers.discover.sitemap import MOST_BYTES, CutError, Entry, entries, is_sitemap
from crawlers.discover.visit import Visit
from schemas.reject import Reject
from tests.crawlers.sitemaps import HEAD, ONE, SPACE, listing, urlset


def urls(body: bytes) -> list[str]:
    assert is_sitemap(body)
    return [entry.url for entry in entries(body)]


def zipped(body: bytes) -> bytes:
    """The same bytes at any time of the day, since they name a test."""
    return gzip.compress(body, mtime=0)


@pytest.mark.parametrize(
    "body",
    [
        ONE,
        b"\xef\xbb\xbf" + ONE,
        b"\n\n  \t" + ONE,
        b"\n\xef\xbb\xbf\n" + ONE,
        zipped(ONE),
        zipped(zipped(ONE)),
        zipped(ONE[:90]) + zipped(ONE[90:]),
        ONE.replace(SPACE, b""),
        ONE.replace(SPACE, b' xmlns="http://www.google.com/schemas/sitemap/0.84"'),
        ONE.replace(b"<url>", b"<sm:url>").replace(b"</url>", b"</sm:url>"),
        ONE.replace(b"urlset", b"s:urlset").replace(b" xmlns=", b" xmlns:s="),
        ONE.replace(b"<loc>", b"<loc><![CDATA[").replace(b"</loc>", b"]]></loc>"),
        ONE.replace(b"<loc>", b"<loc>\n   ").replace(b"</loc>", b"\n</loc>"),
        ONE.replace(b"<url>", b"<!-- by hand --><?style x?><url>"),
        ONE.replace(b"loc>", b"LOC>"),
        ONE.decode().replace("UTF-8", "UTF-16").encode("utf-16"),
        ONE.replace(b"</lastmod>", b"</lastmod><image:image><image:loc>https://shop.example/a.jpg</image:loc></image:image>"),
        ONE.replace(b"</lastmod>", b"</lastmod><x>&nbsp;&undefined;</x>"),
        ONE + b"\n<!-- made in 3 ms -->\n",
        b"https://shop.example/p/1\r\n",
        b"\xef\xbb\xbfhttps://shop.example/p/1",
        zipped(b"https://shop.example/p/1\n\n# a remark\n"),
    ],
)  # fmt: skip
def test_every_way_to_write_a_sitemap_names_its_address(body: bytes) -> None:
    assert urls(body) == ["https://shop.example/p/1"]


def test_an_entry_has_its_lastmod_as_written_and_its_kind() -> None:
    rows = b"<sitemap><lastmod> Monday </lastmod><loc>/a.xml</loc></sitemap><sitemap><loc>b</loc></sitemap>"
    nested = HEAD + b"<sitemapindex>" + rows + b"</sitemapindex>"

    assert list(entries(ONE)) == [Entry("https://shop.example/p/1", "2026-01-02T03:04Z")]
    assert list(entries(nested)) == [Entry("/a.xml", "Monday", True), Entry("b", "", True)]


@pytest.mark.parametrize(
    "body", [b"", b"<html><a href='/'>x</a></html>", b"User-agent: *", b"{}", b"\x1f\x8b", b"https://a b c"]
)
def test_other_answers_are_no_sitemaps(body: bytes) -> None:
    assert not is_sitemap(body)


@pytest.mark.parametrize(
    ("cut", "kept"),
    [
        (lambda body: body[: body.index(b"p/2<") + 2], ["https://shop.example/p/1"]),
        (lambda body: body[: -len(b"</urlset>")], ["https://shop.example/p/1", "https://shop.example/p/2"]),
        (lambda body: gzip.compress(body)[:-12], None),
        (lambda body: gzip.compress(body)[:-1], None),
    ],
)
def test_a_cut_sitemap_gives_what_is_whole_and_says_that_it_is_cut(
    cut: Callable[[bytes], bytes], kept: list[str] | None
) -> None:
    body = cut(urlset(*(f"https://shop.example/p/{n}" for n in (1, 2, 3))))

    found: list[str] = []
    with pytest.raises(CutError):
        found += (entry.url for entry in entries(body))
    rows = listing(body)

    assert kept is None or [item.url for item in rows if isinstance(item, Visit)] == kept
    assert isinstance(rows[-1], Reject) and rows[-1].reason == "page_unreadable"


def laughs(levels: int) -> str:
    """Entities, each ten times the one before."""
    lines = "".join(f"<!ENTITY e{n} '{f'&e{n - 1};' * 10}'>" for n in range(1, levels))
    return f"<!DOCTYPE urlset [<!ENTITY e0 'lol'>{lines}]>"


@pytest.mark.parametrize(
    "body",
    [
        laughs(9) + "<urlset><url><loc>https://shop.example/&e8;</loc></url></urlset>",
        laughs(9) + "<urlset a='&e8;'><url b='&e8;'><loc c='&e8;'>&e8;</loc></url></urlset>",
        "<!DOCTYPE urlset [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>"
        "<urlset><url><loc>https://shop.example/&x;</loc></url></urlset>",
        "<!DOCTYPE urlset [<!ENTITY % x SYSTEM 'file:///etc/passwd'> %x;]>"
        "<urlset><url><loc>&x;</loc></url></urlset>",
        "<!DOCTYPE urlset SYSTEM 'file:///etc/passwd'><urlset><url><loc/></url></urlset>",
        "<urlset xmlns:xi='http://www.w3.org/2001/XInclude'><url><loc>"
        "<xi:include href='file:///etc/passwd' parse='text'/></loc></url></urlset>",
    ],
)  # fmt: skip
def test_entities_are_neither_expanded_nor_fetched(body: str) -> None:
    tracemalloc.start()
    try:
        found = [entry.url for entry in entries(body.encode())]
    except CutError:
        found = []
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert not any("root:" in url or "lol" in url for url in found)
    assert found == []
    assert peak < 4 << 20


def test_a_gzip_bomb_ends_at_the_limit() -> None:
    bomb = gzip.compress(ONE.replace(b"</urlset>", b"") + b" " * (MOST_BYTES + 1), 1)

    with pytest.raises(CutError, match="more than"):
        list(entries(bomb))


def test_fifty_megabytes_of_sitemap_need_little_memory() -> None:
    program = (
        "import gzip, io, resource\nfrom crawlers.discover.sitemap import entries\n"
        "row = '<url><loc>https://shop.example/p/%d</loc><lastmod>2026-01-01</lastmod><x>' + 'y' * 900 + '</x></url>'\n"
        "file = io.BytesIO()\n"
        "with gzip.GzipFile(fileobj=file, mode='wb', compresslevel=1) as out:\n"
        "    out.write(b'<urlset>')\n"
        "    for n in range(50_000): out.write((row % n).encode())\n"
        "    out.write(b'</urlset>')\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "count = sum(1 for entry in entries(file.getvalue()))\n"
        "print(count, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)"
    )

    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=True,
    )

    count, grown = map(int, done.stdout.split())
    unit = 1 if sys.platform == "darwin" else 1024
    assert count == 50_000
    assert grown * unit < 30 << 20


@given(
    st.lists(
        st.sampled_from(
            [
                "<url>",
                "</url>",
                "<loc>",
                "</loc>",
                "<sitemap>",
                "<lastmod>",
                "&x;",
                "]]>",
                "<!--",
                "/p/1",
                "\x00",
                "é",
            ]
        )
    )
)
def test_whatever_is_in_a_sitemap_it_is_read_or_called_cut(pieces: list[str]) -> None:
    body = "<urlset>" + "".join(pieces)
    with suppress(CutError):
        assert all(isinstance(entry, Entry) for entry in entries(body.encode()))
