"""Where a judged name is dialled, and for how long it is taken as resolved."""

import asyncio
import socket

import pytest

from crawlers.fetch.guard import Guard, PinnedResolver
from tests.crawlers.names import Clock, Dialled, Names, dialled_at, refused


def test_a_name_that_changes_its_answer_is_dialled_where_it_was_judged() -> None:
    names = Names(shop_example=["1.1.1.1"])
    guard = Guard([], names)
    asyncio.run(guard.check("http://shop.example/"))
    names.known["shop.example"] = ["127.0.0.1"]

    asyncio.run(guard.check("http://shop.example:8080/"))

    assert dialled_at(guard, "shop.example") == ["1.1.1.1"]
    assert names.asked == ["shop.example"]


def test_a_name_is_resolved_anew_after_ten_minutes_and_judged_anew() -> None:
    names, clock = Names(shop_example=["1.1.1.1"]), Clock()
    guard = Guard([], names, clock)
    assert not refused(guard, "http://shop.example/")
    names.known["shop.example"] = ["8.8.8.8"]

    clock.now = 599.0
    assert not refused(guard, "http://shop.example/")
    assert dialled_at(guard, "shop.example") == ["1.1.1.1"]
    clock.now = 600.0
    assert not refused(guard, "http://shop.example/")
    assert dialled_at(guard, "shop.example") == ["8.8.8.8"]
    names.known["shop.example"] = ["8.8.8.8", "10.0.0.1"]
    clock.now = 1_200.0
    assert "10.0.0.1" in refused(guard, "http://shop.example/")
    assert dialled_at(guard, "shop.example") == []
    names.known["shop.example"] = ["1.1.1.1"]
    clock.now = 1_800.0
    assert not refused(guard, "http://shop.example/")


def test_a_request_that_was_let_through_is_not_dialled_where_another_port_has_led_the_name_meanwhile() -> (
    None
):
    names, clock = Names(shop_example=["1.1.1.1"]), Clock()
    guard = Guard(["http://shop.example:8080"], names, clock)
    assert not refused(guard, "http://shop.example/")
    names.known["shop.example"] = ["10.0.0.1"]

    clock.now = 700.0
    assert not refused(guard, "http://shop.example:8080/")

    assert dialled_at(guard, "shop.example", 8080) == ["10.0.0.1"]
    assert dialled_at(guard, "shop.example", 80) == []


def test_while_the_resolver_is_out_of_order_its_last_answer_stands_and_a_name_that_is_gone_is_gone() -> None:
    names, clock = Names(shop_example=["1.1.1.1"]), Clock()
    guard = Guard([], names, clock)
    assert not refused(guard, "http://shop.example/")

    names.error, clock.now = socket.gaierror(socket.EAI_AGAIN, "try again"), 601.0
    assert not refused(guard, "http://shop.example/")
    assert dialled_at(guard, "shop.example") == ["1.1.1.1"]
    names.error, clock.now = socket.gaierror(socket.EAI_NONAME, "unknown"), 1_300.0
    with pytest.raises(socket.gaierror, match="unknown"):
        asyncio.run(guard.check("http://shop.example/"))


def test_a_name_that_was_never_judged_has_no_address() -> None:
    dialled = Dialled()

    PinnedResolver(Guard(resolve=Names())).resolveHostName(dialled, "localhost", 80)

    assert dialled.addresses == []
    assert dialled.complete


def test_an_international_name_is_found_under_both_spellings() -> None:
    guard = Guard(resolve=Names(**{"xn--shp-tna_example": ["1.1.1.1"]}))
    asyncio.run(guard.check("http://xn--shp-tna.example/"))
    dialled = Dialled()

    PinnedResolver(guard).resolveHostName(dialled, "shöp.example", 80)

    assert dialled.addresses == ["1.1.1.1"]


def test_names_that_only_the_newer_rules_know_are_dialled_too() -> None:
    guard = Guard(resolve=Names(**{"xn--strae-oqa_example": ["1.1.1.1"]}))
    asyncio.run(guard.check("http://xn--strae-oqa.example/"))
    dialled = Dialled()

    PinnedResolver(guard).resolveHostName(dialled, "straße.example", 80)

    assert dialled.addresses == ["1.1.1.1"]


@pytest.mark.parametrize("host", ["", "a b", "ä" * 300, "256.1.1.1", "\ud800"])
def test_what_cannot_be_a_host_has_no_address(host: str) -> None:
    dialled = Dialled()

    PinnedResolver(Guard(resolve=Names())).resolveHostName(dialled, host, 80)

    assert dialled.complete and not dialled.addresses
