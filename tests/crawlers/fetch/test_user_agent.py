import pytest

from crawlers.fetch.shop_names import named_shop
from schemas.errors import InputError


@pytest.mark.parametrize(
    ("given", "name", "url"),
    [
        ("https://shop.example/en", "shop.example", "https://shop.example/en"),
        ("http://127.0.0.1:8000", "127.0.0.1-8000", "http://127.0.0.1:8000"),
        ("https://shop.example:443/", "shop.example", "https://shop.example:443/"),
        ("acme=https://shop.example/?a=b", "acme", "https://shop.example/?a=b"),
        ("https://shop.example/?a=b", "shop.example", "https://shop.example/?a=b"),
        ("http://[::1]:8000/", "1-8000", "http://[::1]:8000/"),
    ],
)
def test_a_shop_has_a_name_and_an_address(given: str, name: str, url: str) -> None:
    assert named_shop(given) == (name, url)


@pytest.mark.parametrize(
    "given",
    [
        "=https://shop.example",
        "shop.example",
        "ftp://shop.example",
        "a:b=https://shop.example",
        "",
        "http://",
        "http://u@shop.example",
    ],
)
def test_what_is_no_shop_is_refused_by_name(given: str) -> None:
    with pytest.raises(InputError):
        named_shop(given)
