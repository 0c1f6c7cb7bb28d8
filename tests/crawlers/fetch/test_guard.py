import asyncio

import pytest

from crawlers.fetch.guard import Guard, is_public
from tests.crawlers.names import Names, refused


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "0.0.0.0",
        "100.64.0.1",
        "224.0.0.1",
        "::1",
        "::",
        "fe80::1%eth0",
        "fc00::1",
        "::ffff:127.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "ff02::1",
        "255.255.255.255",
        "198.18.0.1",
        "2001:db8::1",
        "fec0::1",
        "2001:0:1::1",
        "172.31.255.255",
        "100.127.255.254",
        "240.0.0.1",
        "192.0.0.9",
        "::127.0.0.1",
        "::ffff:0:7f00:1",
        "::ffff:10.0.0.1",
        "64:ff9b::a00:1",
        "64:ff9b:1::1",
        "2002:c0a8:101::1",
        "fd00:ec2::254",
        "febf::1",
        "100::1",
        "5f00::1",
        "2606:4700::1111%eth0",
        "",
        "localhost",
        "999.1.1.1",
    ],
)
def test_an_address_inside_some_network_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "93.184.216.34", "2606:4700::1111", "64:ff9b::101:101"])
def test_an_address_of_the_internet_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://shop.example/",
        "file:///etc/passwd",
        "//shop.example/",
        "shop.example",
        "http://",
        "http://a:b@shop.example/",
        "http://shop.example:99999/",
        "http://[::1",
        "javascript:alert(1)",
        "http://shop.example:0/",
        "http://shop.example:-1/",
        "http://shop.example:80x/",
        "http://@shop.example/",
        "http://shop.example\\@10.0.0.1/",
        "http://shop.example\\.10.0.0.1/",
        "http://shop.example%2f.evil.example/",
        "http://shop.example%00/",
        "http://shop_example .example/",
        "http://..../",
        "http://" + "a" * 64 + ".example/",
        "http://" + "a." * 140 + "example/",
        "http://256.256.256.256/",
        "http://1.2.3.4.5/",
        "http://99999999999/",
        "http://[fe80::1%25eth0]/",
        "http://[::ffff:1.2.3]/",
        "gopher://shop.example/",
        "HTTPX://shop.example/",
    ],
)
def test_what_is_no_web_address_is_refused(url: str) -> None:
    assert refused(Guard(resolve=Names(shop_example=["1.1.1.1"])), url)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.0.0.1.",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "0177.0.0.1",
        "127.1",
        "0",
        "１２７.0.0.1",
        "127。0。0。1",
        "①②⑦.0.0.1",
        "3232235777",
        "0xa9fea9fe",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[64:ff9b::10.0.0.1]",
        "[2002:7f00:1::]",
        "[fe80::1]",
    ],
)
def test_an_inner_address_is_refused_however_it_is_spelt(host: str) -> None:
    names = Names()

    assert "not an address of the open internet" in refused(Guard(resolve=names), f"http://{host}/")
    assert names.asked == []


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST", "localhost.", "ｌocalhost", "localhost.localdomain."]
)
def test_a_name_of_this_machine_is_refused_however_it_is_spelt(host: str) -> None:
    names = Names(localhost=["::1", "127.0.0.1"], localhost_localdomain=["127.0.0.1"])

    assert refused(Guard(resolve=names), f"http://{host}:8000/")


def test_what_a_resolver_answers_is_not_trusted_to_be_an_address() -> None:
    assert refused(Guard(resolve=Names(shop_example=["1.1.1.1", "not an address"])), "http://shop.example/")


def test_a_host_has_one_verdict_under_all_its_spellings() -> None:
    names = Names(shop_example=["1.1.1.1"])
    guard = Guard([], names)

    for host in ("shop.example", "SHOP.example", "shop.example.", "ｓhop.example"):
        assert not refused(guard, f"http://{host}/")

    assert names.asked == ["shop.example"]
    assert set(guard.pinned) == {"shop.example"}


def test_a_name_is_refused_if_any_of_its_addresses_is_private() -> None:
    names = Names(shop_example=["1.1.1.1"], evil_example=["1.1.1.1", "10.0.0.1"])
    guard = Guard(["https://shop.example/"], names)

    assert not refused(guard, "https://shop.example/a")
    assert "10.0.0.1" in refused(guard, "https://evil.example/a")


def test_only_the_very_port_that_was_named_may_be_private() -> None:
    guard = Guard(["http://127.0.0.1:8000"], Names(localhost=["127.0.0.1"]))

    assert not refused(guard, "http://127.0.0.1:8000/p")
    assert refused(guard, "http://127.0.0.1:8001/p")
    assert refused(guard, "http://127.0.0.1/p")
    assert refused(guard, "http://localhost:8000/p")


def test_the_usual_port_may_be_spelt_out_or_not() -> None:
    guard = Guard(["http://intranet"], Names(intranet=["10.0.0.5"]))

    assert not refused(guard, "http://INTRANET:80/")
    assert refused(guard, "https://intranet/")


def test_an_unknown_name_is_no_refusal_but_a_failed_connection() -> None:
    with pytest.raises(OSError, match="unknown name"):
        asyncio.run(Guard(resolve=Names()).check("http://nowhere.example/"))
