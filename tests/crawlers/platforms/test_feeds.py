"""Feed platforms against a shop in memory: how they recognise it, and that they read each page once."""

import asyncio
import json
from collections.abc import Callable

import pytest
from scrapy.http import JsonResponse

from crawlers.discover.visit import Visit
from crawlers.platforms import SURE, Shop, load
from schemas.product import Product
from tests.crawlers.platforms.feed_server import (
    SHOPIFY_PAGE,
    URL,
    Server,
    detected,
    home,
    one_product,
    shopify_entry,
    woo_entry,
)

WORDPRESS_PAGE = (
    '<body class="woocommerce"><link rel="https://api.w.org/" href="https://shop.example/wp-json/">'
)


def pages_of(
    entry: Callable[[int], object], count: int, size: str
) -> Callable[[dict[str, str]], list[object]]:
    """A feed of `count` entries that answers in pages."""

    def answer(query: dict[str, str]) -> list[object]:
        first = (int(query.get("page", 1)) - 1) * int(query[size])
        return [entry(key) for key in range(first + 1, min(first + int(query[size]), count) + 1)]

    return answer


def walked(name: str, server: Server, begin: list[str]) -> tuple[list[str], list[str]]:
    """Product ids and addresses read, each page by a process of its own: nothing is remembered between pages."""
    waiting, read, ids = list(begin), [], []
    while waiting:
        read.append(url := waiting.pop(0))
        answer = asyncio.run(server.fetch(url))
        assert answer is not None and len(read) < 50, "read for ever"
        for found in load(name, Shop("acme", URL)).listing(answer):
            if isinstance(found, Visit):
                waiting.append(found.url)
            elif isinstance(found, Product):
                ids.append(found.product_id)
    return ids, read


def test_shopify_is_known_by_its_feed_alone() -> None:
    server = Server(products_json=one_product, meta_json={"currency": "EUR"})

    score, begin = detected(load("shopify", Shop("acme", URL)), server, home())

    assert score == SURE
    assert begin == ["https://shop.example/products.json?limit=250&page=1"]
    assert server.asked == ["/products.json", "/meta.json"]


@pytest.mark.parametrize(
    ("markup", "answers", "currency", "asked"),
    [
        ('<script>Shopify.currency = {"active":"SEK","rate":"1.0"}</script>', {}, "SEK", []),
        ('<meta property="og:price:currency" content="GBP">', {}, "GBP", []),
        ("<p>", {"meta_json": {"currency": "CHF"}}, "CHF", ["/meta.json"]),
        ("<p>", {"cart.js": {"currency": "USD"}}, "USD", ["/meta.json", "/cart.js"]),
        ("<p>", {"meta_json": [1], "cart.js": {"currency": None}}, "", ["/meta.json", "/cart.js"]),
    ],
)
def test_the_currency_of_a_shopify_feed_is_asked_for_where_it_may_be(
    markup: str, answers: dict[str, object], currency: str, asked: list[str]
) -> None:
    server = Server(products_json=one_product, **answers)
    platform = load("shopify", Shop("acme", URL))
    detected(platform, server, home(markup))

    (product, _) = platform.listing(JsonResponse(URL, body=json.dumps(one_product({})).encode()))

    assert isinstance(product, Product) and product.currency == currency
    assert server.asked == ["/products.json", *asked]


@pytest.mark.parametrize(
    ("answers", "begin"),
    [
        ({"collections__all__products_json": one_product}, "collections/all/products.json"),
        ({"collections_json": {"collections": [{"id": 1, "handle": "sale"}]}}, "collections.json"),
        ({"products_json": {"products": []}, "collections__all__products_json": one_product},
         "collections/all/products.json"),
    ],
)  # fmt: skip
def test_where_the_feed_is_switched_off_collections_are_read(answers: dict[str, object], begin: str) -> None:
    score, urls = detected(load("shopify", Shop("acme", URL)), Server(**answers), home(SHOPIFY_PAGE))

    assert score == SURE
    assert urls == [f"https://shop.example/{begin}?limit=250&page=1"]


def test_every_collection_is_read_to_its_end() -> None:
    server = Server(
        collections_json=lambda query: {
            "collections": [{"id": 1, "handle": "a"}, {"id": 2, "handle": "b"}]
            if query["page"] == "1"
            else []
        },
        collections__a__products_json=lambda query: {
            "products": pages_of(shopify_entry, 600, "limit")(query)
        },
        collections__b__products_json=lambda query: {"products": pages_of(shopify_entry, 2, "limit")(query)},
    )

    ids, read = walked("shopify", server, ["https://shop.example/collections.json?limit=250&page=1"])

    assert len(ids) == 602 and len(set(ids)) == 600  # the frontier's harvest refuses the second reading
    assert len(read) == 2 + 4 + 2


@pytest.mark.parametrize(
    ("platform", "answers", "markup", "score", "asked"),
    [
        ("shopify", {}, "<p>", 0.0, 1),
        ("shopify", {}, SHOPIFY_PAGE, 0.0, 3),
        ("shopify", {"products_json": {"products": []}}, "<p>", 0.2, 1),
        ("shopify", {"products_json": {"products": ["text"]}}, "<p>", 0.0, 1),
        ("shopify", {"products_json": ["products"]}, "<p>", 0.0, 1),
        ("woocommerce", {}, "<p>", 0.0, 1),
        ("woocommerce", {}, WORDPRESS_PAGE, 0.0, 3),
        ("woocommerce", {"wp-json__wc__store__v1__products": []}, "<p>", 0.2, 1),
        ("woocommerce", {"wp-json__wc__store__v1__products": {"code": "rest_no_route"}}, "<p>", 0.0, 1),
        ("woocommerce", {"wp-json__wc__store__v1__products": [{"id": 1, "title": "a post"}]}, "<p>", 0.0, 1),
    ],
)
def test_what_only_looks_like_a_feed_is_not_taken_for_one(
    platform: str, answers: dict[str, object], markup: str, score: float, asked: int
) -> None:
    server = Server(**answers)

    found, _ = detected(load(platform, Shop("acme", URL)), server, home(markup))

    assert (found, len(server.asked)) == (score, asked)


@pytest.mark.parametrize(
    ("path", "markup", "begin"),
    [
        ("wp-json__wc__store__v1__products", "<p>", "wp-json/wc/store/v1/products?"),
        ("wp-json__wc__store__products", WORDPRESS_PAGE, "wp-json/wc/store/products?"),
        ("", WORDPRESS_PAGE, "?rest_route=/wc/store/v1/products&"),
        ("shop__wp-json__wc__store__v1__products",
         '<link rel="https://api.w.org/" href="/shop/wp-json/">', "shop/wp-json/wc/store/v1/products?"),
        ("", '<link rel="https://api.w.org/" href="/?rest_route=/">', "?rest_route=/wc/store/v1/products&"),
        ("wp-json__wc__store__v1__products",
         '<link rel="https://api.w.org/" href="https://elsewhere.example/wp-json/">', "wp-json/wc/store/v1/products?"),
        ("wp-json__wc__store__v1__products",
         '<link rel="https://api.w.org/" href="http://[x/wp-json/">', "wp-json/wc/store/v1/products?"),
    ],
)  # fmt: skip
def test_the_store_api_is_found_where_wordpress_keeps_it(path: str, markup: str, begin: str) -> None:
    server = Server(**{path: [woo_entry(1)]})

    score, urls = detected(load("woocommerce", Shop("acme", URL)), server, home(markup))

    assert score == SURE
    assert urls == [f"https://shop.example/{begin}per_page=100&page=1"]


def test_a_feed_without_totals_is_read_to_its_empty_page() -> None:
    server = Server(**{"wp-json__wc__store__v1__products": pages_of(woo_entry, 250, "per_page")})

    ids, read = walked("woocommerce", server, [f"{URL}wp-json/wc/store/v1/products?per_page=100&page=1"])

    assert len(ids) == len(set(ids)) == 250
    assert len(read) == 4


@pytest.mark.parametrize(
    ("platform", "path", "answer"),
    [
        ("shopify", "products.json", lambda query: {"products": [shopify_entry(n) for n in range(1, 300)]}),
        ("woocommerce", "wp-json/wc/store/v1/products", lambda query: [woo_entry(n) for n in range(1, 300)]),
    ],
)
def test_a_shop_that_ignores_the_page_number_is_read_once_even_by_a_process_without_memory(
    platform: str, path: str, answer: object
) -> None:
    server = Server(**{path.replace("/", "__").replace(".json", "_json"): answer})

    ids, read = walked(platform, server, [f"{URL}{path}?page=1"])

    assert len(ids) == len(set(ids)) == 299
    assert len(read) == 2


@pytest.mark.parametrize(
    ("platform", "page", "asked"),
    [
        ("shopify", "https://shop.example/products/shirt-1", "https://shop.example/products/shirt-1.json"),
        ("shopify", "https://shop.example/collections/sale/products/shirt-1?variant=2",
         "https://shop.example/products/shirt-1.json"),
        ("woocommerce", "https://shop.example/product/shirt-1/",
         "https://shop.example/wp-json/wc/store/v1/products/shirt-1"),
        ("woocommerce", "https://shop.example/?product=shirt-1",
         "https://shop.example/wp-json/wc/store/v1/products/shirt-1"),
    ],
)  # fmt: skip
def test_one_product_is_asked_for_by_the_address_of_its_page(platform: str, page: str, asked: str) -> None:
    assert load(platform, Shop("acme", URL)).at(page) == Visit(asked, product=True)


@pytest.mark.parametrize(
    ("platform", "value"), [("shopify", {"product": shopify_entry(1)}), ("woocommerce", woo_entry(1))]
)
def test_one_product_by_itself_reads_like_its_entry_in_the_feed(platform: str, value: object) -> None:
    loaded = load(platform, Shop("acme", URL))
    feed = {"products": [shopify_entry(1)]} if platform == "shopify" else [value]

    (alone,) = loaded.product(JsonResponse(URL, body=json.dumps(value).encode()))
    (listed, _) = loaded.listing(JsonResponse(URL, body=json.dumps(feed).encode()))

    assert isinstance(alone, Product) and isinstance(listed, Product)
    assert alone.content_hash() == listed.content_hash()
