"""Links of a page as addresses: whole, broken, and with characters that no address holds."""

import pytest

from crawlers.extract.page_url import joined

BASE = "https://shop.example/products/coat"


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("../photo.jpg", "https://shop.example/photo.jpg"),
        ("//static.example/a.jpg", "https://static.example/a.jpg"),
        ("https://static.example/a\n  b.jpg", "https://static.example/a  b.jpg"),
        ("http://[broken", "http://[broken"),
        ("http://[bro\r\nken\t", "http://[broken"),
        ("file://\n<body>/etc/passwd", "file://<body>/etc/passwd"),
        ("java\nscript:alert(1)", "javascript:alert(1)"),
        ("data:image/gif;\x00base64,R0\x85", "data:image/gif;base64,R0"),
        ("http://a.example\x7f:x/\x1bb.jpg", "http://a.example:x/b.jpg"),
    ],
)
def test_a_link_has_no_control_characters_whether_it_can_be_read_or_not(link: str, expected: str) -> None:
    assert joined(BASE, link) == expected
