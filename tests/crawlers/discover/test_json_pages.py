import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scrapy.http import JsonResponse, Response

from crawlers.discover.json_pages import MOST_PAGES, decoded, next_page, number_of, repeats
from crawlers.discover.visit import Found, Visit
from crawlers.platforms import Shop, load
from schemas.reject import Reject

PAGES = Path(__file__).parents[1] / "pages"
SHOP = Shop("acme", "https://shop.example/")
FEEDS = {
    "shopify": ("two_variants", "https://shop.example/products.json?limit=250&page=1"),
    "woocommerce": ("simple", "https://shop.example/wp-json/wc/store/v1/products?per_page=100&page=1"),
}
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-10, 10**9) | st.floats() | st.text(st.characters(), max_size=8)
    | st.sampled_from(["http://[x", "\ud83d", "\x1b[2J\x00", "//", "1.299", "<p>", "&#x202e;"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


def entries_of(platform: str) -> list[dict[str, Any]]:
    feed = json.loads((PAGES / platform / FEEDS[platform][0] / "page.json").read_text())
    entries: list[dict[str, Any]] = feed["products"] if platform == "shopify" else feed
    return entries


def read(platform: str, entries: list[Any]) -> list[Found]:
    feed = {"products": entries} if platform == "shopify" else entries
    page = JsonResponse(FEEDS[platform][1], body=json.dumps(feed).encode())
    return list(load(platform, SHOP).listing(page))


def places_in(value: Any) -> list[tuple[Any, Any]]:
    """Every place of a JSON value, as the container and the key or index in it."""
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    return [place for key in keys for place in [(value, key), *places_in(value[key])]]


@pytest.mark.parametrize("platform", FEEDS)
@given(data=st.data())
def test_a_spoilt_entry_costs_no_other_and_every_entry_has_an_outcome(
    platform: str, data: st.DataObject
) -> None:
    whole = entries_of(platform)[0]
    spoilt = [copy.deepcopy(whole)]
    for _ in range(data.draw(st.integers(1, 3))):
        container, key = data.draw(st.sampled_from(places_in(spoilt)))
        container[key] = data.draw(VALUES)

    found = read(platform, [whole, *spoilt, whole])

    rows = [item for item in found if not isinstance(item, Visit)]
    assert len(rows) == 3
    assert isinstance(rows[0], type(rows[2])) and not isinstance(rows[0], Reject)
    for row in rows:  # what cannot be encoded cannot be stored
        str(row).encode()


@pytest.mark.parametrize("platform", FEEDS)
@given(body=st.binary(max_size=60) | VALUES.map(lambda value: json.dumps(value).encode()))
def test_bytes_that_are_no_feed_are_refused_as_a_whole(platform: str, body: bytes) -> None:
    page = JsonResponse(FEEDS[platform][1], body=body)

    try:
        found = list(load(platform, SHOP).listing(page))
    except ValueError:
        return
    assert all(isinstance(item, Visit | Reject) for item in found)


@pytest.mark.parametrize("platform", FEEDS)
def test_a_feed_that_never_ends_is_left_with_a_reject(platform: str) -> None:
    entries = entries_of(platform)
    feed = {"products": entries} if platform == "shopify" else entries
    url = f"{FEEDS[platform][1].rpartition('=')[0]}={MOST_PAGES}"

    *_, last = load(platform, SHOP).listing(JsonResponse(url, body=json.dumps(feed).encode()))

    assert isinstance(last, Reject) and last.reason == "out_of_bounds"
    assert last.url.partition("#")[0].endswith(f"page={MOST_PAGES + 1}")


@pytest.mark.parametrize("depth", [100_000])
def test_a_feed_that_nests_without_end_is_refused(depth: int) -> None:
    with pytest.raises(ValueError):
        decoded(JsonResponse("https://shop.example/products.json", body=b"[" * depth))


def test_an_answer_that_is_no_text_is_refused() -> None:
    with pytest.raises(ValueError, match="not text"):
        decoded(Response("https://shop.example/products.json"))


@pytest.mark.parametrize(
    ("url", "following"),
    [
        ("https://a.example/p?limit=250&page=1", "https://a.example/p?limit=250&page=2#after=7"),
        ("https://a.example/p?page=9#after=3", "https://a.example/p?page=10#after=7"),
        ("https://a.example/p", "https://a.example/p?page=2#after=7"),
        ("https://a.example/?rest_route=/wc/p&page=1", "https://a.example/?rest_route=/wc/p&page=2#after=7"),
        ("https://a.example/p?page=x", "https://a.example/p?page=2#after=7"),
        ("https://a.example/p?page=" + "9" * 5000, "https://a.example/p?page=2#after=7"),
    ],
)
def test_the_next_page_keeps_all_but_the_number(url: str, following: str) -> None:
    assert next_page(url, "7") == following


@given(st.text(st.characters(codec="utf-8"), min_size=1), st.integers(1, 10**6))
def test_a_page_that_begins_like_the_one_before_is_known_by_its_address(first: str, number: int) -> None:
    url = next_page(f"https://a.example/p?page={number}", first)

    assert number_of(url) == number + 1
    assert repeats(url, first)
    assert not repeats(url, first + "x")
    assert not repeats(f"https://a.example/p?page={number}", first)
