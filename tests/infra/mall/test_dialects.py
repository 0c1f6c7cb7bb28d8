"""Each dialect over real HTTP says, in its own way, what the mall's truth says."""

import gzip
import json
import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from html import unescape
from urllib.parse import urljoin
from xml.etree import ElementTree

import extruct
import httpx
import pytest
from parsel import Selector

from infra.mall import dialects
from infra.mall.server import Mall
from infra.mall.trade import MallSpec
from infra.mall.truth import ProductTruth

DIALECTS = ("shopify", "structured", "woocommerce", "microdata", "opengraph", "plain")
EACH = 42  # products a shop
SITEMAP = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9"}
Said = tuple[str, str, str, Decimal | None, Decimal | None, str, bool, list[str]]


@pytest.fixture(scope="module")
def mall() -> Iterator[Mall]:
    with Mall(MallSpec(products=EACH * 6, seed=4, shops=DIALECTS, size=(64, 80))) as mall:
        yield mall


def said(product: ProductTruth, key: str) -> Said:
    return (
        key,
        product.url,
        product.title,
        product.price,
        product.list_price,
        product.currency,
        product.in_stock,
        list(product.photos),
    )


def shopify(client: httpx.Client, product: ProductTruth) -> Said:
    feed = client.get("/products.json?limit=250").json()["products"]
    entry = next(entry for entry in feed if str(entry["id"]) == product.key)
    variant, before = entry["variants"][0], entry["variants"][0]["compare_at_price"]
    return (
        str(entry["id"]),
        f"{client.base_url}/products/{entry['handle']}".replace("//products", "/products"),
        entry["title"],
        Decimal(variant["price"]),
        Decimal(before) if before else None,
        client.get("/cart.js").json()["currency"],
        any(variant["available"] for variant in entry["variants"]),
        [image["src"] for image in entry["images"]],
    )


def structured(client: httpx.Client, product: ProductTruth) -> Said:
    text = client.get(product.url).text
    data = json.loads(re.findall(r'<script type="application/ld\+json">(.*?)</script>', text, re.S)[0])
    photos = [image["contentUrl"] for image in data["image"]] + [r["image"] for r in data["review"]]
    before = data["offers"].get("priceSpecification", {}).get("price")
    return (
        data["sku"],
        data["url"],
        data["name"],
        Decimal(data["offers"]["price"]),
        Decimal(before) if before else None,
        data["offers"]["priceCurrency"],
        data["offers"]["availability"].endswith("/InStock"),
        photos,
    )


def woocommerce(client: httpx.Client, product: ProductTruth) -> Said:
    entries = client.get("/wp-json/wc/store/v1/products?per_page=100").json()
    entry = next(entry for entry in entries if entry["sku"] == product.sku)
    cents = {name: Decimal(entry["prices"][name]) / 100 for name in ("price", "regular_price")}
    return (
        str(entry["id"]),
        entry["permalink"],
        unescape(entry["name"]),
        cents["price"],
        cents["regular_price"] if entry["on_sale"] else None,
        entry["prices"]["currency_code"],
        entry["is_in_stock"],
        [image["src"] for image in entry["images"]],
    )


def microdata(client: httpx.Client, product: ProductTruth) -> Said:
    answer = client.get(product.url)
    assert "ld+json" not in answer.text and "og:" not in answer.text
    found = extruct.extract(answer.text, base_url=product.url, syntaxes=["microdata"])["microdata"]
    facts = next(node for node in found if node["type"] == "https://schema.org/Product")["properties"]
    offer = facts["offers"]["properties"]
    before = offer.get("priceSpecification", {}).get("properties", {}).get("price")
    reviews = facts["review"] if isinstance(facts["review"], list) else [facts["review"]]
    return (
        facts["sku"],
        facts["url"],
        facts["name"],
        Decimal(offer["price"]),
        Decimal(before) if before else None,
        offer["priceCurrency"],
        offer["availability"].endswith("/InStock"),
        [*facts["image"], *(review["properties"]["image"] for review in reviews)],
    )


def opengraph(client: httpx.Client, product: ProductTruth) -> Said:
    page = Selector(client.get(product.url).text)
    assert not page.css("[itemscope], script")

    def tag(name: str) -> str:
        return page.css(f'meta[property="{name}"]::attr(content)').get("")

    before = tag("product:original_price:amount")
    assert tag("og:type") == "product" and tag("product:sale_price:amount") == (
        tag("product:price:amount") if before else ""
    )
    return (
        tag("product:retailer_item_id"),
        tag("og:url"),
        tag("og:title"),
        Decimal(tag("product:price:amount")),
        Decimal(before) if before else None,
        tag("product:price:currency"),
        tag("product:availability") == "in stock",
        page.css('meta[property="og:image"]::attr(content)').getall(),
    )


def plain(client: httpx.Client, product: ProductTruth) -> Said:
    page = Selector(client.get(product.url).text)
    assert not page.css("[itemscope], script, meta[property], link[rel=canonical]")
    before = page.css(".product .list-price::text").get()
    asked = page.css(".product .price::text").get("")
    return (
        page.css(".sku::text").get(""),
        product.url,
        page.css(".product-title::text").get(""),
        swiss(asked),
        swiss(before) if before else None,
        asked.split()[0],
        page.css(".stock::text").get("") == "Auf Lager",
        [urljoin(product.url, src) for src in page.css(".gallery img::attr(src)").getall()],
    )


def swiss(text: str) -> Decimal:
    return Decimal(text.removeprefix("CHF ").replace("'", "").replace(".–", ""))


READERS: dict[str, Callable[[httpx.Client, ProductTruth], Said]] = {
    reader.__name__: reader for reader in (shopify, structured, woocommerce, microdata, opengraph, plain)
}


def client_of(mall: Mall, dialect: str) -> tuple[httpx.Client, int]:
    number = DIALECTS.index(dialect)
    return httpx.Client(base_url=mall.urls[number]), number


def test_there_are_six_dialects_found_by_their_files() -> None:
    assert set(dialects.names()) == set(DIALECTS)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_product_is_stated_as_it_is(mall: Mall, dialect: str) -> None:
    client, number = client_of(mall, dialect)
    truth = mall.truth(number)

    with client:
        for product in truth.products.values():
            key, url, title, *rest = READERS[dialect](client, product)
            assert (key, url, " ".join(title.split()), *rest) == said(product, product.key)

    assert len(truth.products) == EACH
    reduced = [p for p in truth.products.values() if p.list_price is not None]
    assert bool(reduced) is (dialect != "structured"), "the usual structured shop has no sale"
    assert all(photo.outcome == "stored" for p in truth.products.values() for photo in p.photos.values())


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_photo_is_there(mall: Mall, dialect: str) -> None:
    client, number = client_of(mall, dialect)

    with client:
        for product in list(mall.truth(number).products.values())[:4]:
            for url in product.photos:
                answer = client.get(url)
                assert answer.status_code == 200 and answer.content[:2] == b"\xff\xd8"
                again = client.get(url, headers={"If-None-Match": answer.headers["etag"]})
                assert again.status_code == 304


@pytest.mark.parametrize("dialect", DIALECTS)
def test_categories_lead_to_every_product_once(mall: Mall, dialect: str) -> None:
    client, number = client_of(mall, dialect)
    found: list[str] = []

    with client:
        home = Selector(client.get("/").text)
        for path in home.css("nav a::attr(href)").getall():
            if "/account" in path:
                continue
            while path:
                page = Selector(client.get(path).text)
                found += [urljoin(mall.urls[number], p) for p in page.css("a.card::attr(href)").getall()]
                path = page.css("a[rel=next]::attr(href)").get("")

    assert sorted(found) == sorted(product.url for product in mall.truth(number).products.values())


@pytest.mark.parametrize("dialect", DIALECTS)
def test_robots_names_the_sitemap_which_lists_every_product_or_none(mall: Mall, dialect: str) -> None:
    client, number = client_of(mall, dialect)
    truth = mall.truth(number)

    with client:
        robots = client.get("/robots.txt").text
        named = re.findall(r"^Sitemap: (\S+)$", robots, re.M)
        children = [url for index in named for url in locations(client, index) if "product" in url]
        pages = [url for child in children for url in locations(client, child) if "_cat" not in child]
        guesses = [client.get(path).status_code for path in ("/sitemap.xml", "/sitemap_index.xml")]

    assert "Disallow: /" in robots
    if dialect in ("opengraph", "plain"):
        assert not named and guesses == [404, 404]
    else:
        assert sorted(pages) == sorted(product.url for product in truth.products.values())
        assert all(child.endswith(".xml.gz") is (dialect == "microdata") for child in children)


def locations(client: httpx.Client, url: str) -> list[str]:
    body = client.get(url).content
    tree = ElementTree.fromstring(gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body)
    return [str(node.text) for node in tree.findall("*/s:loc", SITEMAP)]


def test_the_store_api_pages_with_totals_and_links(mall: Mall) -> None:
    client, _ = client_of(mall, "woocommerce")
    api = "/wp-json/wc/store/v1/products"

    with client:
        usual, second, beyond = (
            client.get(api),
            client.get(f"{api}?per_page=20&page=2"),
            client.get(f"{api}?page=9"),
        )
        most = client.get(f"{api}?per_page=999")

    assert len(usual.json()) == 10 and usual.headers["x-wp-total"] == str(EACH)
    assert second.headers["x-wp-totalpages"] == "3" and len(second.json()) == 20
    assert re.findall(r'page=(\d+)>; rel="(\w+)"', second.headers["link"]) == [("1", "prev"), ("3", "next")]
    assert beyond.json() == [] and len(most.json()) == EACH


def test_the_store_api_writes_names_with_entities(mall: Mall) -> None:
    client, number = client_of(mall, "woocommerce")

    with client:
        names = [e["name"] for e in client.get("/wp-json/wc/store/v1/products?per_page=100").json()]
        home = client.get("/").text

    assert any("&#8211;" in name for name in names)
    assert 'content="WordPress' in home and 'content="WooCommerce' in home
    assert [" ".join(unescape(name).split()) for name in names] == [
        p.title for p in mall.truth(number).products.values()
    ]


def test_plain_shops_write_prices_of_four_digits() -> None:
    with (
        Mall(MallSpec(products=60, seed=1, shops=("plain",), size=(64, 80))) as mall,
        httpx.Client() as client,
    ):
        dear = [p for p in mall.truth(0).products.values() if p.price and p.price > 1000]

        assert dear and plain(client, dear[0])[3:5] == said(dear[0], "")[3:5]
