"""What a shop's profile may say and how links are sorted by it; what is read from pages by it: pages/profile."""

import asyncio
from decimal import Decimal
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from scrapy.http import HtmlResponse, TextResponse

from crawlers.discover.visit import Visit
from crawlers.platforms import SURE, Shop, load
from crawlers.platforms.profile import Platform
from crawlers.profiles import shop_profile
from crawlers.profiles.shop_profile import SHOPS, find
from schemas.errors import InputError
from schemas.product import Product
from schemas.reject import Reject

LEAST = "urls: {product: ^/p/}\nfields: {title: h1, product_id: .sku, images: .gallery img}\n"
HOME = "https://shop.example/"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "acme.yaml"


def platform(file: Path, text: str, sitemaps: tuple[str, ...] = ()) -> Platform:
    file.write_text(text)
    loaded = load("profile", Shop("acme", HOME, sitemaps, str(file)))
    assert isinstance(loaded, Platform)
    return loaded


def page(body: str, url: str = HOME) -> HtmlResponse:
    return HtmlResponse(url, body=body.encode(), encoding="utf-8")


async def nothing(url: str) -> TextResponse | None:
    raise AssertionError(f"asked for {url}")


def test_the_example_is_a_valid_profile_with_every_key() -> None:
    example = SHOPS / "_example.yaml"

    profile = shop_profile.load(str(example))

    given = yaml.safe_load(example.read_text())
    assert set(given) == set(type(profile).model_fields)
    for part in ("urls", "fields", "prices", "limits"):
        assert set(given[part]) == set(type(getattr(profile, part)).model_fields)
    assert (profile.limits.pace.delay_s, profile.limits.pace.at_once) == (1.0, 2)


def test_no_shop_can_have_the_name_of_the_example() -> None:
    with pytest.raises(InputError, match="shop name '_example'"):
        find("_example")


def test_a_given_file_comes_before_the_one_of_the_shops_name_and_neither_is_needed(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shop_profile, "SHOPS", file.parent)
    assert find("acme") == ""
    file.write_text(LEAST)

    assert find("acme") == str(file)
    assert find("acme", "other.yaml") == "other.yaml"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("fields: {title: 'h1[', product_id: a, images: b}", "fields.title: 'h1[' is not a CSS selector"),
        (LEAST + "colour: red", "colour: no such key"),
        ("urls: {product: a}\nfields: {product_id: .a, images: b}", "fields.title: is missing"),
        ("urls: {product: a}\nfields: {title: h1, images: b, product_id: {css: a, regx: b}}",
         "fields.product_id.regx: no such key"),
        ("urls: {product: a}\nfields: {title: h1, images: b, product_id: [.a, {css: b, regex: '('}]}",
         "fields.product_id.2.regex: '(' is not a regular expression"),
        ("urls: {product: a}\nfields: {title: h1, images: b, product_id: {attribute: id}}",
         "fields.product_id: needs css, or url instead of it"),
        ("urls: {product: a}\nfields: {title: h1, images: b, product_id: c, in_stock: {css: .s}}",
         "fields.in_stock: css and text go together"),
        ("urls: {product: a}\nfields: {title: [], images: b, product_id: c}", "fields.title: is empty"),
        ("fields: {title: h1, product_id: a, images: b}", "needs urls.product or product_links"),
        ("markup: true\nfields: {}", "fields.title: is missing"),
        ("markup: false\nfields: {colour: .swatch}", "fields.title: is missing (and 2 more); with markup: true"),
        ("urls: {listing: ^/c/}\nfields: {colour: .swatch}", "needs urls.product or product_links"),
        ("fields: {customer_images: .reviews img}", "fields.customer_images: goes with images"),
        (LEAST + "prices: {decimal: ;}", "prices.decimal: ';'"),
        (LEAST + "limits: {delay_s: -1}", "limits.delay_s: -1"),
        (LEAST + "limits: {at_once: 99}", "limits.at_once: 99"),
        ("urls: {product: '['}\nfields: {title: h1, product_id: a, images: b}",
         "urls.product: '[' is not a regular expression"),
        ("fields: {title: h1", "is not YAML (line 1"),
        ("just words", "is no profile"),
        ("!!python/object/apply:os.system [id]", "is not YAML"),
        ("", "is no profile"),
    ],
)  # fmt: skip
def test_a_fault_is_one_line_that_names_file_key_and_reason(file: Path, text: str, why: str) -> None:
    file.write_text(text)

    with pytest.raises(InputError) as refused:
        shop_profile.load(str(file))

    line = str(refused.value)
    assert line.startswith(f"{file}: ")
    assert why in line
    assert "\n" not in line


def test_a_file_that_is_not_there_or_no_text_is_named(file: Path) -> None:
    with pytest.raises(InputError, match="No such file"):
        shop_profile.load(str(file))
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="UTF-8"):
        shop_profile.load(str(file))
    file.write_bytes(b"#" * (shop_profile.MOST_BYTES + 1))
    with pytest.raises(InputError, match="megabyte"):
        shop_profile.load(str(file))


def test_several_faults_are_counted_and_the_first_is_told(file: Path) -> None:
    file.write_text("urls: {product: a}\nfields: {}\n")

    with pytest.raises(InputError, match=r"fields\.title: is missing \(and 2 more\)"):
        shop_profile.load(str(file))


def test_a_shop_with_a_profile_is_recognised_without_asking_and_one_without_is_not(file: Path) -> None:
    without = load("profile", Shop("acme", HOME))

    assert asyncio.run(platform(file, LEAST).detect(page(""), nothing)) == SURE
    assert asyncio.run(without.detect(page(""), nothing)) == 0


def test_links_are_sorted_by_the_patterns_and_never_counts_first(file: Path) -> None:
    shop = platform(file, LEAST.replace("{product: ^/p/}", "{product: ^/p/, listing: ^/c/, never: 'sort='}"))
    links = [
        "/p/1",
        "p/2#reviews",
        "/p/3?sort=price",
        "/c/coats",
        "/c/coats?sort=a",
        "/about",
        "//other.example/p/9",
    ]
    html = "".join(f"<a href='{link}'>x</a>" for link in [*links, "http://[broken", "mailto:a@b.example"])

    found = list(shop.start(page(html)))

    assert found == [
        Visit(HOME + "p/1", product=True),
        Visit(HOME + "p/2", product=True),
        Visit(HOME + "c/coats"),
    ]


def test_selectors_find_products_and_the_next_page_where_addresses_do_not_tell(file: Path) -> None:
    least = LEAST.replace("urls: {product: ^/p/}", "product_links: .card a\nnext: .pager a.on")
    html = "<div class=card><a href=/a>A</a></div><a href=/b>B</a><p class=pager><a class=on href='?page=2'>2</a></p>"

    found = list(platform(file, least).listing(page(html, HOME + "all")))

    assert found == [Visit(HOME + "a", product=True), Visit(HOME + "all?page=2")]


def test_the_profiles_own_addresses_come_instead_of_the_home_page(file: Path) -> None:
    shop = platform(file, LEAST + "start: [/new, /p/7]\n", (HOME + "sitemap.xml",))

    assert list(shop.start(page("<a href=/p/1>x</a>"))) == [
        Visit(HOME + "new"),
        Visit(HOME + "p/7", product=True),
    ]


def test_a_sitemap_is_read_by_the_same_patterns(file: Path) -> None:
    shop = platform(file, LEAST, (HOME + "sitemap.xml",))
    entries = ["<loc>https://shop.example/p/1</loc><lastmod>2026-01-02</lastmod>", f"<loc>{HOME}about</loc>"]
    entries.append("<loc>https://elsewhere.example/p/2</loc>")
    body = "<urlset>" + "".join(f"<url>{entry}</url>" for entry in entries) + "</urlset>"
    sitemap = TextResponse(HOME + "sitemap.xml", body=body.encode(), encoding="utf-8")

    named = list(shop.start(page("")))
    found = list(shop.listing(sitemap))

    assert named == [Visit(HOME + "sitemap.xml")]
    assert found[0] == Visit(HOME + "p/1", product=True, lastmod="2026-01-02")
    assert [item.reason for item in found[1:] if isinstance(item, Reject)] == ["address"]


MARKED = (
    (
        "<script type='application/ld+json'>{'@type': 'Product', 'sku': 'S1', 'name': 'Coat', 'color': '#00f',"
        " 'image': '/1.jpg', 'offers': {'price': 20, 'priceCurrency': 'EUR'}}</script>"
    )
    .replace("'", '"')
    .replace('type="application/ld+json"', "type='application/ld+json'")
)


def test_a_profile_of_one_field_walks_the_shop_by_its_sitemap_and_reads_the_rest_from_the_markup(
    file: Path,
) -> None:
    shop = platform(file, "fields: {colour: .swatch}\n")
    body = b"<urlset><url><loc>https://shop.example/coat</loc></url></urlset>"
    sitemap = TextResponse(HOME + "sitemap.xml", body=body, encoding="utf-8")
    asked: list[str] = []

    async def fetch(url: str) -> TextResponse | None:
        asked.append(url)
        return sitemap if url == sitemap.url else None

    score = asyncio.run(shop.detect(page(""), fetch))
    (begin,) = shop.start(page(""))
    (visit,) = shop.listing(sitemap)
    assert isinstance(visit, Visit)
    shown = page(f"{MARKED}<h1>Coats!</h1><p class=swatch>Marine</p>", visit.url)
    (product,) = shop.product(shown)

    assert (score, asked, begin) == (SURE, [HOME + "sitemap.xml"], Visit(HOME + "sitemap.xml"))
    assert visit == Visit(HOME + "coat", product=True)
    assert isinstance(product, Product)
    assert (product.product_id, product.title, product.colour) == ("acme:S1", "Coat", "Marine")
    assert (product.price, product.currency) == (Decimal(20), "EUR")
    assert (product.source, product.sources["colour"]) == ("json-ld", "profile")


def test_a_profile_of_one_field_says_of_no_page_that_it_shows_a_product(file: Path) -> None:
    shop = platform(file, "fields: {colour: .swatch}\n")

    assert list(shop.product(page("<p class=swatch>Marine</p>", HOME + "about"))) == []


def test_where_the_profile_tells_which_pages_are_products_one_without_markup_is_refused(file: Path) -> None:
    shop = platform(file, "urls: {product: ^/p/}\nmarkup: true\nfields: {title: h1}\n")

    (row,) = shop.product(page("<h1>Coat</h1>", HOME + "p/1"))
    (product,) = shop.product(page(f"<h1>A coat</h1>{MARKED}", HOME + "p/1"))

    assert isinstance(row, Reject) and row.reason == "page_incomplete"
    assert isinstance(product, Product) and product.title == "A coat"
    assert list(shop.start(page("<a href=/p/1>1</a>"))) == [Visit(HOME + "p/1", product=True)]


def test_a_shop_read_by_its_markup_before_keeps_its_platform_and_gets_the_override(file: Path) -> None:
    file.write_text("fields: {colour: .swatch}\n")
    structured = load("structured", Shop("acme", HOME, profile=str(file)))

    (product,) = structured.product(page(f"{MARKED}<p class=swatch>Marine</p>", HOME + "coat"))
    (without,) = structured.product(page(MARKED, HOME + "coat"))

    assert isinstance(product, Product) and product.colour == "Marine"
    assert isinstance(without, Product) and without.colour == "#00f"


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=300), st.text(max_size=40))
def test_whatever_a_page_says_is_read_or_refused(markup: str, word: str) -> None:
    every = load("profile", Shop("acme", HOME, profile=str(SHOPS / "_example.yaml")))
    url = HOME + "item/1"
    html = (
        f"<h1>{word}</h1><b data-sku='{word}'></b><p class='price'>{markup}</p><div class='gallery'>{markup}"
        f"<img src='{word}' alt='{word}'></div><table class='facts'><tr><th>{word}<td>{markup}</table>{markup}"
    )
    answer = HtmlResponse(url, body=html.encode("utf-8", "replace"), encoding="utf-8")

    found = list(every.product(answer)) + list(every.listing(answer))

    assert all(item for item in found)
