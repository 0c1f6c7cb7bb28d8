import asyncio
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
from scrapy.http import HtmlResponse, Response, TextResponse

from crawlers.discover.sitemap import MOST_BYTES, CutError, Entry, entries, is_sitemap
from crawlers.discover.visit import Found, Visit
from crawlers.platforms import Fetch, Platform, Shop, load
from schemas.reject import Reject

HEAD = b'<?xml version="1.0" encoding="UTF-8"?>\n'
SPACE = b' xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
ONE = (
    HEAD
    + b"<urlset"
    + SPACE
    + b"><url><loc>https://shop.example/p/1</loc><lastmod>2026-01-02T03:04Z</lastmod></url></urlset>"
)
URL = "https://shop.example/sitemap.xml"
HOME = HtmlResponse("https://shop.example/", body=b"<a href='/c/a'>A</a>", encoding="utf-8")


def urls(body: bytes) -> list[str]:
    assert is_sitemap(body)
    return [entry.url for entry in entries(body)]


def urlset(*locs: str) -> bytes:
    return (
        HEAD
        + b"<urlset"
        + SPACE
        + b">"
        + b"".join(f"<url><loc>{loc}</loc></url>".encode() for loc in locs)
        + b"</urlset>"
    )


def index(*locs: str) -> bytes:
    inside = "".join(f"<sitemap><loc>https://shop.example/{loc}</loc></sitemap>" for loc in locs)
    return HEAD + b"<sitemapindex" + SPACE + b">" + inside.encode() + b"</sitemapindex>"


def listing(body: bytes, url: str = URL) -> list[Found]:
    return list(
        load("structured", Shop("acme", "https://shop.example/")).listing(TextResponse(url, body=body))
    )


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


def test_the_product_sitemaps_of_an_index_come_first_and_unknown_ones_are_read() -> None:
    found = listing(
        index(
            "post-sitemap.xml",
            "sitemap-7.xml",
            "product_cat-sitemap.xml",
            "product-sitemap.xml",
            "wp-sitemap-posts-product-1.xml",
            "a/pages.xml",
            "wp-sitemap-taxonomies-product_cat-1.xml",
        )
    )

    assert [item.url.rpartition("/")[2] for item in found if isinstance(item, Visit)] == [
        "product-sitemap.xml",
        "wp-sitemap-posts-product-1.xml",
        "sitemap-7.xml",
    ]


def test_without_product_sitemaps_every_sitemap_of_an_index_is_read() -> None:
    found = listing(index("post-sitemap.xml", "categories.xml", "sitemap.php?page=2"))

    assert len(found) == 3
    assert all(isinstance(item, Visit) and not item.product for item in found)


def test_addresses_are_made_absolute_kept_in_the_shop_and_carry_lastmod() -> None:
    body = ONE.replace(
        b"</urlset>",
        b"<url><loc>/p/2</loc></url><url><loc>https://www.shop.example/p/3</loc></url><url><loc>/a.jpg</loc></url>"
        b"<url><loc>https://else.example/p/4</loc></url><url><loc>http://[x</loc></url><url><loc>javascript:1</loc></url></urlset>",
    )

    found = listing(body)

    assert found[0] == Visit("https://shop.example/p/1", True, "2026-01-02T03:04Z")
    assert [item.url for item in found if isinstance(item, Visit)][1:] == [
        "https://shop.example/p/2",
        "https://www.shop.example/p/3",
    ]
    assert [item.reason for item in found if isinstance(item, Reject)] == ["address"] * 3


def test_a_page_is_named_once_in_the_language_of_the_shop_and_its_twins_are_refused() -> None:
    links = "".join(
        f"<xhtml:link rel='alternate' hreflang='{tag}' href='/{tag}/p'/>" for tag in ("de", "fr", "xx?")
    )
    abroad = "<xhtml:link rel='alternate' hreflang='fr' href='https://shop-fr.example/p'/>"
    body = urlset().replace(
        b"</urlset>",
        f"<url><loc>/de/p</loc><lastmod>2026-01-01</lastmod>{links}</url><url><loc>/fr/p</loc>{links}</url>"
        f"<url><loc>/de/q</loc>{abroad}</url></urlset>".encode(),
    )
    body = body.replace(b"<urlset ", b"<urlset xmlns:xhtml='http://www.w3.org/1999/xhtml' ", 1)
    platform = load("structured", Shop("acme", "https://shop.example/", language="fr-ch"))

    found = list(platform.listing(TextResponse(URL, body=body)))

    assert [item.url for item in found if isinstance(item, Reject)] == [
        "https://shop.example/de/p",
        "https://shop.example/de/q",
    ]
    assert [item for item in found if isinstance(item, Visit)] == [
        Visit("https://shop.example/fr/p", True, "2026-01-01"),
        Visit("https://shop.example/fr/p", True),
    ]


def test_sitemaps_of_other_languages_are_refused_by_name() -> None:
    body = index(*(f"sitemap-{tag}.xml" for tag in ("de", "en", "fr")))
    platform = load("structured", Shop("acme", "https://shop.example/", language="en"))

    found = list(platform.listing(TextResponse(URL, body=body)))

    assert [item.url for item in found if isinstance(item, Visit)] == ["https://shop.example/sitemap-en.xml"]
    assert [item.reason for item in found if isinstance(item, Reject)] == ["language"] * 2


def test_categories_are_walked_only_where_a_sitemap_names_no_product() -> None:
    mixed = listing(urlset("https://shop.example/category/a", "https://shop.example/product/a"))
    lists = listing(urlset("https://shop.example/category/a", "https://shop.example/red-coat"))

    assert [item.product for item in mixed if isinstance(item, Visit)] == [True, True]
    assert [item.product for item in lists if isinstance(item, Visit)] == [False, True]


def test_an_answer_that_claims_to_be_a_sitemap_and_is_none_is_refused() -> None:
    for body in (b"<html>Not found</html>", b"<?xml version='1.0'?><rss></rss>"):
        with pytest.raises(ValueError, match="neither"):
            listing(body)


def detected(answers: dict[str, bytes], named: tuple[str, ...] = ()) -> tuple[float, list[str], list[str]]:
    """Score, what was asked, and where a shop that gives these answers is begun."""
    asked: list[str] = []

    async def fetch(url: str) -> TextResponse | None:
        asked.append(url)
        return Response(url, body=answers[url]) if url in answers else None  # type: ignore[return-value]

    platform: Platform = load("structured", Shop("acme", "https://shop.example/en/", named))
    probe: Fetch = fetch
    score = asyncio.run(platform.detect(HOME, probe))
    return score, asked, [visit.url for visit in platform.start(HOME)]


@pytest.mark.parametrize("place", ["sitemap.xml", "sitemap_index.xml", "wp-sitemap.xml", "sitemap.xml.gz"])
def test_the_usual_places_are_asked_until_one_answers(place: str) -> None:
    url = f"https://shop.example/{place}"

    score, asked, begun = detected({url: gzip.compress(ONE) if place.endswith("gz") else ONE})

    assert (score, asked[-1], begun) == (0.5, url, [url])


def test_sitemaps_of_robots_are_all_begun_when_one_answers_and_none_is_asked_twice() -> None:
    named = ("/a.xml", "https://cdn.example/b.xml", "/a.xml", "http://[broken")

    score, asked, begun = detected({"https://cdn.example/b.xml": ONE}, named)

    assert score == 0.5
    assert asked == begun == ["https://shop.example/a.xml", "https://cdn.example/b.xml"]


def test_a_shop_whose_sitemaps_do_not_answer_is_walked() -> None:
    score, asked, begun = detected({"https://shop.example/sitemap.xml": b"<html>no</html>"}, ("/gone.xml",))

    assert (score, len(asked), begun) == (0.1, 9, ["https://shop.example/c/a"])
    assert asked[1:6:4] == ["https://shop.example/en/sitemap.xml", "https://shop.example/sitemap.xml"]


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
