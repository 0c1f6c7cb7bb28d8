"""What the mall's own desk tells about a crawler."""

from collections.abc import Iterator

import httpx
import pytest

from infra.mall.running import start
from infra.mall.server import Mall
from infra.mall.trade import MallSpec


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with (
        Mall(MallSpec(products=6, shops=("structured",), size=(64, 80))) as mall,
        httpx.Client(base_url=mall.urls[0]) as client,
    ):
        yield client


def test_conditional_requests_and_their_answers_are_counted(client: httpx.Client) -> None:
    etag = client.get("/").headers["etag"]
    client.get("/", headers={"If-None-Match": etag})
    client.get("/", headers={"If-None-Match": '"other"'})
    client.get("/robots.txt", headers={"If-Modified-Since": "Thu, 01 Jan 2015 00:00:00 GMT"})

    counters = client.get("/_mall/stats").json()

    assert (counters["requests"], counters["conditional"], counters["not_modified"]) == (4, 3, 1)
    assert "paths" not in counters


def test_addresses_are_counted_and_told_on_demand(client: httpx.Client) -> None:
    for url in ("/", "/", "/c/none?page=2"):
        client.get(url, headers={"If-None-Match": '"x"'} if "none" in url else {})

    counters = client.get("/_mall/stats?paths=1").json()

    assert counters["paths"] == {"/": 2, "/c/none?page=2": 1}
    assert counters["conditional_paths"] == {"/c/none?page=2": 1}


def test_a_reset_begins_again_and_the_desk_itself_is_never_counted(client: httpx.Client) -> None:
    client.get("/")

    client.post("/_mall/reset")

    counters = client.get("/_mall/stats?paths=1").json()
    assert counters["requests"] == 0 and counters["paths"] == {} and counters["statuses"] == {}


def test_the_next_day_is_asked_for_by_post_with_a_number(client: httpx.Client) -> None:
    assert client.get("/_mall/advance?seed=1").status_code == 405
    assert client.post("/_mall/advance?seed=x").status_code == 400
    assert list(client.post("/_mall/advance?seed=1").json()) == ["nordlicht"]


def test_a_mall_in_another_process_has_a_canary_and_the_same_desk() -> None:
    with start(MallSpec(products=8, shops=("plain",), size=(64, 80), faults=True)) as mall:
        assert httpx.get(mall.canary_url).text == "canary"
        httpx.get(mall.urls[0])
        counted = mall.stats(0, by_path=True)
        mall.reset()
        after = mall.stats(0)

    assert counted["canary"] == after["canary"] == 1
    assert counted["paths"] == {"/": 1} and after["requests"] == 0
