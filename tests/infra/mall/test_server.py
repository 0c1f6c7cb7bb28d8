"""The drawn shops over real HTTP."""

import io
import json
import re
from collections import Counter
from collections.abc import Iterator
from html import unescape
from typing import Any
from urllib.parse import urlparse
from xml.etree import ElementTree

import httpx
import pytest
from PIL import Image

from infra.mall import dialects
from infra.mall.server import Mall
from infra.mall.trade import MallSpec
from schemas.errors import InputError

SITEMAP = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9"}
PRODUCTS = 70


@pytest.fixture(scope="module")
def mall() -> Iterator[Mall]:
    with Mall(MallSpec(products=PRODUCTS, seed=2, size=(120, 150))) as mall:
        yield mall


@pytest.fixture(scope="module")
def shopify(mall: Mall) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=mall.urls[0]) as client:
        yield client


@pytest.fixture(scope="module")
def structured(mall: Mall) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=mall.urls[1]) as client:
        yield client


def feed(client: httpx.Client, limit: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for page in range(1, 100):
        products = client.get("/products.json", params={"limit": limit, "page": page}).json()["products"]
        if not products:
            return found
        found += products
    raise AssertionError("the feed has no end")


def locations(client: httpx.Client, path: str) -> list[str]:
    tree = ElementTree.fromstring(client.get(path).text)
    return [str(node.text) for node in tree.findall("*/s:loc", SITEMAP)]


def product_pages(client: httpx.Client) -> list[str]:
    files = [url for url in locations(client, "/sitemap.xml") if "products" in url]
    return [url for file in files for url in locations(client, urlparse(file).path)]


def test_the_items_are_divided_among_the_shops(mall: Mall) -> None:
    assert [(shop.name, shop.dialect, shop.products) for shop in mall.shops] == [
        ("atelier", "shopify", 35),
        ("nordlicht", "structured", 35),
    ]
    assert not {item.brand for item in mall.catalogues[0].items} & {
        item.brand for item in mall.catalogues[1].items
    }


@pytest.mark.parametrize("limit", [7, 35, 250])
def test_the_feed_lists_each_product_once_up_to_the_empty_page(shopify: httpx.Client, limit: int) -> None:
    assert len({product["id"] for product in feed(shopify, limit)}) == len(feed(shopify, limit)) == 35


def test_a_feed_page_holds_thirty_unless_asked_and_never_more_than_250(shopify: httpx.Client) -> None:
    assert len(shopify.get("/products.json").json()["products"]) == 30
    assert len(shopify.get("/products.json?limit=9999").json()["products"]) == 35
    assert len(shopify.get("/products.json?limit=x&page=-3").json()["products"]) == 30


def test_a_feed_entry_has_what_shopify_gives(shopify: httpx.Client, mall: Mall) -> None:
    for product, item in zip(feed(shopify, 250), mall.catalogues[0].items, strict=True):
        assert product["title"] == item.title and product["vendor"] == item.brand
        assert isinstance(product["id"], int) and isinstance(product["tags"], list)
        assert re.fullmatch(r"\d+\.\d\d", product["variants"][0]["price"])
        assert product["variants"][0]["available"] is item.in_stock
        for number, (image, photo) in enumerate(zip(product["images"], item.photos, strict=True)):
            assert image["position"] == number + 1 and (image["width"], image["height"]) == (120, 150)
            assert re.fullmatch(
                rf"{mall.urls[0]}/cdn/shop/files/{item.handle}_{photo.name}\.jpg\?v=\d+", image["src"]
            )
        alone = shopify.get(f"/products/{item.handle}.json").json()["product"]
        assert alone["id"] == product["id"] and isinstance(alone["tags"], str)


def test_a_shopify_shop_shows_what_it_is_and_its_currency(shopify: httpx.Client) -> None:
    home = shopify.get("/")

    assert "Shopify.shop" in home.text and "/cdn/shop/" in home.text
    assert '"active":"EUR"' in home.text
    assert shopify.get("/meta.json").json()["currency"] == shopify.get("/cart.js").json()["currency"] == "EUR"


def test_collections_hold_every_product_once(shopify: httpx.Client) -> None:
    listed = shopify.get("/collections.json?limit=250").json()["collections"]
    found: Counter[int] = Counter()
    for collection in listed:
        products = shopify.get(f"/collections/{collection['handle']}/products.json?limit=250").json()[
            "products"
        ]
        assert len(products) == collection["products_count"]
        found.update(product["id"] for product in products)

    assert len(found) == 35 and set(found.values()) == {1}


@pytest.mark.parametrize("shop", ["shopify", "structured"])
def test_the_sitemap_lists_each_product_once_and_each_page_answers(
    shop: str, request: pytest.FixtureRequest
) -> None:
    client: httpx.Client = request.getfixturevalue(shop)

    pages = product_pages(client)

    assert len(pages) == len(set(pages)) == 35
    for url in pages:
        page = client.get(urlparse(url).path)
        assert page.status_code == 200 and page.headers["content-type"].startswith("text/html")
        assert "etag" in page.headers and "last-modified" in page.headers


def test_each_product_page_states_its_product(structured: httpx.Client, mall: Mall) -> None:
    items = {item.sku: item for item in mall.catalogues[1].items}
    for url in product_pages(structured):
        text = structured.get(urlparse(url).path).text
        data = json.loads(re.findall(r'<script type="application/ld\+json">(.*?)</script>', text, re.S)[0])
        item = items.pop(data["sku"])
        assert data["@type"] == "Product" and data["name"] == item.title and data["url"] == url
        assert data["description"] == item.description_html and data["offers"]["priceCurrency"] == "EUR"
        assert [image["name"] for image in data["image"]] == [p.view for p in item.photos if p.kind == "shop"]
        assert len(data["review"]) == sum(photo.kind == "customer" for photo in item.photos)
        assert data.get("color", "") == item.colour
    assert not items


def test_what_is_true_but_unsaid_is_not_served(structured: httpx.Client, mall: Mall) -> None:
    text = "".join(structured.get(urlparse(url).path).text for url in product_pages(structured))

    for item in mall.catalogues[1].items:
        assert item.truth is not None
        assert item.truth.key not in text and item.truth.tone not in text


def test_category_pages_lead_to_every_product_by_rel_next(mall: Mall) -> None:
    with (
        Mall(MallSpec(products=700, seed=3, shops=("structured",))) as large,
        httpx.Client(base_url=large.urls[0]) as client,
    ):
        found: Counter[str] = Counter()
        for url in locations(client, "/sitemap-categories.xml"):
            path = urlparse(url).path
            while path:
                text = client.get(path).text
                found.update(re.findall(r'class="card" href="([^"]+)"', text))
                further = re.search(r'<a rel="next" href="([^"]+)"', text)
                path = unescape(further[1]) if further else ""
        files = [url for url in locations(client, "/sitemap.xml") if "products" in url]
        sizes = [len(locations(client, urlparse(file).path)) for file in files]

    assert len(found) == 700 and set(found.values()) == {1}
    assert sizes == [500, 200]


def test_every_photo_decodes_and_a_second_visit_costs_nothing(shopify: httpx.Client) -> None:
    for product in feed(shopify, 250)[:6]:
        for image in product["images"]:
            first = shopify.get(image["src"])
            assert first.headers["content-type"] == "image/jpeg"
            assert Image.open(io.BytesIO(first.content)).convert("RGB").size == (120, 150)
            again = shopify.get(image["src"], headers={"If-None-Match": first.headers["etag"]})
            assert again.status_code == 304 and not again.content
            since = shopify.get(image["src"], headers={"If-Modified-Since": first.headers["last-modified"]})
            assert since.status_code == 304


def test_an_old_copy_of_a_page_is_replaced_and_a_new_one_kept(structured: httpx.Client) -> None:
    path = urlparse(product_pages(structured)[0]).path
    page = structured.get(path)

    assert structured.get(path, headers={"If-None-Match": '"old"'}).status_code == 200
    assert (
        structured.get(path, headers={"If-Modified-Since": "Thu, 01 Jan 2015 00:00:00 GMT"}).status_code
        == 200
    )
    assert (
        structured.get(path, headers={"If-None-Match": f'W/{page.headers["etag"]}, "x"'}).status_code == 304
    )
    assert (
        structured.get(path, headers={"If-Modified-Since": page.headers["last-modified"]}).status_code == 304
    )
    assert structured.get(path, headers={"If-Modified-Since": "nonsense"}).status_code == 200


def test_head_has_the_headers_of_get_without_a_body(shopify: httpx.Client) -> None:
    handle = feed(shopify, 1)[0]["handle"]

    for path in (f"/products/{handle}", f"/cdn/shop/files/{handle}_front.jpg", "/products.json"):
        head, get = (
            shopify.head(path, headers={"accept-encoding": "identity"}),
            shopify.get(path, headers={"accept-encoding": "identity"}),
        )
        assert head.status_code == 200 and not head.content
        assert (head.headers["etag"], head.headers["content-length"]) == (
            get.headers["etag"],
            get.headers["content-length"],
        )


@pytest.mark.parametrize(
    "path", ["/products/none", "/products/none.json", "/cdn/shop/files/none.jpg", "/collections/none", "/x"]
)
def test_what_is_not_there_is_404(shopify: httpx.Client, path: str) -> None:
    assert shopify.get(path).status_code == 404


@pytest.mark.parametrize("shop", ["shopify", "structured"])
def test_robots_forbids_the_cart_and_the_counters_tell_who_went_there(
    shop: str, request: pytest.FixtureRequest
) -> None:
    client: httpx.Client = request.getfixturevalue(shop)
    robots = client.get("/robots.txt").text
    before = client.get("/_mall/stats").json()

    client.get("/cart")
    client.get("/none-such")

    after = client.get("/_mall/stats").json()
    assert (
        "Disallow: /cart" in robots and f"Sitemap: {str(client.base_url).rstrip('/')}/sitemap.xml" in robots
    )
    assert after["disallowed"]["/cart"] == before["disallowed"].get("/cart", 0) + 1
    assert after["requests"] == before["requests"] + 2
    assert after["statuses"]["404"] == before["statuses"].get("404", 0) + 1
    assert after["kinds"]["private"] == before["kinds"].get("private", 0) + 1


def test_a_dialect_is_a_file() -> None:
    assert {"shopify", "structured"} <= set(dialects.names())
    with pytest.raises(InputError, match=r"'magento'.*shopify, structured"):
        Mall(MallSpec(shops=("magento",)))


def test_a_taken_port_is_said(mall: Mall) -> None:
    port = urlparse(mall.urls[0]).port
    assert port is not None

    with pytest.raises(InputError, match=f"port {port}"), Mall(MallSpec(products=2, port=port)):
        pass
