"""Pages that fail for a moment, trap, lie or forbid: where the plan says, and nowhere in a mall without faults."""

import gzip
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from urllib.parse import unquote, urlsplit

import httpx
import pytest

from infra.mall.faults import markup
from infra.mall.faults.photos import STORED
from infra.mall.faults.plan import RESTLESS, STALE, Plan
from infra.mall.faults.transient import TRANSIENT
from infra.mall.server import Mall
from infra.mall.trade import MallSpec

DIALECTS = ("shopify", "structured", "woocommerce", "microdata", "opengraph", "plain")
Wire = Callable[[str], tuple[int, dict[str, str], bytes]]


def addresses(faulty: Mall, fault: str) -> Iterator[str]:
    """Pages and photos whose first answer has the fault, and that nothing else is wrong with."""
    for number in range(len(DIALECTS)):
        plan = faulty.plan(number)
        for product in faulty.truth(number).products.values():
            good = [url for url, photo in product.photos.items() if not photo.fault]
            for url in (product.url, *good):
                parts = urlsplit(url)
                if plan.transient(f"{unquote(parts.path)}?{parts.query}") == fault:
                    yield url


@pytest.mark.parametrize("fault", TRANSIENT)
def test_a_fault_of_a_moment_spoils_the_first_answer_only(faulty: Mall, wire: Wire, fault: str) -> None:
    with Mall(faulty.spec) as fresh:
        url = next(addresses(fresh, fault))
        try:
            first = wire(url)
        except ConnectionResetError:
            first = (0, {}, b"")
        later, headers, body = wire(url)

    status, said, part = first
    assert {
        "error_500": status == 500,
        "error_503": status == 503,
        "too_many_429": status == 429 and said.get("retry-after") == "1",
        "body_cut": status == 200 and 0 < len(part) < int(said.get("content-length", 0)),
        "connection_reset": status == 0,
    }[fault]
    assert later == 200 and len(body) == int(headers["content-length"]) > 0


def test_the_home_page_and_robots_never_fail(faulty: Mall) -> None:
    for url in faulty.urls:
        assert httpx.get(f"{url}/robots.txt").status_code == httpx.get(url).status_code == 200


def good(url: str, headers: dict[str, str] | None = None) -> httpx.Response:
    """The answer, asked again where a fault of a moment stood in the way."""
    for _ in range(3):
        try:
            answer = httpx.get(url, headers=headers)
        except httpx.TransportError:
            continue
        if answer.status_code < 500 and answer.status_code != 429:
            return answer
    raise AssertionError(f"{url} stays bad")


@pytest.mark.parametrize("dialect", DIALECTS)
def test_extra_pages_are_linked_where_a_crawler_looks(faulty: Mall, dialect: str) -> None:
    number = DIALECTS.index(dialect)
    truth, base = faulty.truth(number), faulty.urls[number]
    children = {
        "shopify": "/sitemap_products_1.xml",
        "structured": "/sitemap-products-1.xml",
        "woocommerce": "/wp-sitemap-posts-product-1.xml",
        "microdata": "/sitemaps/products-1.xml.gz",
    }

    home = good(base).text.replace("&amp;", "&")
    listed = good(base + children[dialect]).content if dialect in children else b""
    listed = gzip.decompress(listed) if listed[:2] == b"\x1f\x8b" else listed
    text = listed.decode().replace("&amp;", "&")

    assert {extra.name for extra in truth.extras} == {
        "calendar", "calendar_path", "facets", "redirect_to_canary", "gzip_bomb_page", "disallowed",
        "long_address", "duplicate", "noai_product",
    }  # fmt: skip
    assert all(f'href="{extra.path}"' in home for extra in truth.extras)
    if dialect in children:
        assert all((base + extra.path in text) is extra.listed for extra in truth.extras)


def extras(faulty: Mall, number: int, name: str) -> list[str]:
    return [faulty.urls[number] + extra.path for extra in faulty.truth(number).extras if extra.name == name]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_same_product_answers_at_several_addresses(faulty: Mall, dialect: str) -> None:
    number = DIALECTS.index(dialect)
    pages = [product.url for product in faulty.truth(number).products.values()]

    doubled = extras(faulty, number, "duplicate")

    assert len(doubled) == 3 and "?utm_source=" in doubled[0] and "?color=red" in doubled[1]
    for url, page in zip(doubled, pages, strict=False):
        assert url != page and good(url).text == good(page).text


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_product_that_opted_out_is_no_product_of_the_truth(faulty: Mall, dialect: str) -> None:
    number = DIALECTS.index(dialect)
    url = extras(faulty, number, "noai_product")[0]

    page = good(url).text

    assert '<meta name="robots" content="noai, noimageai">' in page
    assert url not in {product.url for product in faulty.truth(number).products.values()}
    assert 'name="robots"' not in good(next(iter(faulty.truth(number).products.values())).url).text


def test_a_calendar_and_a_filter_never_end(faulty: Mall) -> None:
    base = faulty.urls[4]

    assert "/calendar?month=1000001" in httpx.get(f"{base}/calendar?month=1000000").text
    assert "/calendar/2027/1" in httpx.get(f"{base}/calendar/2026/12").text
    assert "sort=price&amp;page=1&amp;page=2" in httpx.get(f"{base}/filter?sort=price&page=1").text


def test_a_page_bomb_unpacks_to_a_hundred_megabytes(
    faulty: Mall, wire: Wire, unpacked: Callable[[bytes], int]
) -> None:
    status, headers, body = wire(extras(faulty, 1, "gzip_bomb_page")[0])

    assert (status, headers["content-encoding"]) == (200, "gzip")
    assert len(body) < 200_000 and unpacked(body) > 100_000_000


def test_an_address_of_three_thousand_characters_answers(faulty: Mall) -> None:
    url = extras(faulty, 5, "long_address")[0]

    assert len(urlsplit(url).path + urlsplit(url).query) + 1 == 3000 and httpx.get(url).status_code == 200


def test_the_disallowed_page_is_forbidden_and_who_asks_is_noted(faulty: Mall) -> None:
    for number, base in enumerate(faulty.urls):
        path = urlsplit(extras(faulty, number, "disallowed")[0]).path
        rules = [
            line.removeprefix("Disallow: ")
            for line in httpx.get(f"{base}/robots.txt").text.splitlines()
            if line.startswith("Disallow: ")
        ]
        httpx.get(base + path)
        assert any(path.startswith(rule) for rule in rules)
        assert httpx.get(f"{base}/_mall/stats").json()["disallowed"][path] >= 1


def test_the_canary_counts_each_connection_and_redirects_lead_there(faulty: Mall) -> None:
    assert faulty.canary is not None
    before = faulty.canary.connections

    photos = (p.photos.items() for p in faulty.truth(0).products.values())
    address = next(url for pairs in photos for url, photo in pairs if photo.fault == "to_canary")
    photo = httpx.get(address, follow_redirects=True)
    page = httpx.get(extras(faulty, 0, "redirect_to_canary")[0], follow_redirects=True)

    assert photo.text == page.text == "canary"
    assert faulty.canary.connections == before + 2
    assert httpx.get(f"{faulty.urls[0]}/_mall/stats").json()["canary"] == before + 2


@pytest.mark.parametrize("style", markup.STYLES)
def test_json_ld_is_written_in_every_style(faulty: Mall, style: str) -> None:
    broken = {"cdata", "comment", "trailing_commas", "entities", "control_characters", "semicolon"}
    product = next(
        p for p in faulty.truth(DIALECTS.index("structured")).products.values() if p.markup == style
    )

    text = good(product.url).text.partition(markup.OPENS)[2].partition(markup.CLOSES)[0]

    assert product.sku in text
    try:
        json.loads(text)
    except ValueError:
        assert style in broken
    else:
        assert style not in broken


def lying(faulty: Mall, number: int, lie: str) -> str:
    plan = faulty.plan(number)
    return next(plan.site.page_url(item) for item in plan.site.catalogue.items if plan.lie(item) == lie)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_restless_etag_is_new_each_time(faulty: Mall, dialect: str) -> None:
    url = lying(faulty, DIALECTS.index(dialect), RESTLESS)
    first = good(url)

    second = good(url, {"If-None-Match": first.headers["etag"]})

    assert second.status_code == 200 and second.text == first.text
    assert second.headers["etag"] != first.headers["etag"]


def test_a_stale_etag_says_304_though_the_page_and_the_sitemap_moved() -> None:
    spec = MallSpec(products=30, seed=1, shops=("structured",), size=(64, 80), faults=True)
    with Mall(spec) as mall:
        plan = mall.plan(0)
        items = {item.sku: item for item in plan.site.catalogue.items if plan.lie(item) == STALE}
        first = {sku: good(plan.site.page_url(item)) for sku, item in items.items()}
        for seed in range(200):
            changed = [sku for sku in mall.advance(seed)["nordlicht"].price if sku in items]
            if changed:
                break
        url = plan.site.page_url(items[changed[0]])
        known = {"If-None-Match": first[changed[0]].headers["etag"]}
        again, whole = good(url, known), good(url)
        sitemap = good(f"{mall.urls[0]}/sitemap-products-1.xml").text

    assert again.status_code == 304 and whole.text != first[changed[0]].text
    assert whole.headers["etag"] == known["If-None-Match"]
    assert again.headers["last-modified"] != first[changed[0]].headers["last-modified"]
    assert items[changed[0]].updated.isoformat() not in sitemap.partition(url)[2].partition("</url>")[0]


def test_only_shops_with_a_sitemap_have_stale_etags(faulty: Mall) -> None:
    for number, dialect in enumerate(DIALECTS):
        plan = faulty.plan(number)
        lies = {plan.lie(item) for item in plan.site.catalogue.items}
        assert (STALE in lies) is (dialect not in ("opengraph", "plain"))


def test_the_plan_is_the_seeds_alone(faulty: Mall) -> None:
    def outcomes(plan: Plan) -> list[tuple[str, str]]:
        items = plan.site.catalogue.items
        return [plan.outcome(item, photo) for item in items for photo in item.photos]

    with Mall(faulty.spec) as again, Mall(replace(faulty.spec, seed=4)) as other:
        assert outcomes(faulty.plan(0)) == outcomes(again.plan(0)) != outcomes(other.plan(0))


def test_a_mall_without_faults_has_none() -> None:
    with Mall(MallSpec(products=12, shops=("structured",), size=(64, 80))) as mall:
        truth = mall.truth(0)
        assert mall.canary is None and truth.extras == ()
        assert {p.outcome for product in truth.products.values() for p in product.photos.values()} == {STORED}
        assert httpx.get(f"{mall.urls[0]}/calendar?month=1").status_code == 404
        assert {httpx.get(p.url).status_code for p in truth.products.values()} == {200}
