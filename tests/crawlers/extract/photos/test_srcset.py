"""crawlers/extract/photos/srcset.py: the candidates as a browser reads them."""

import pytest

from crawlers.extract.photos.srcset import candidates


@pytest.mark.parametrize(
    ("srcset", "expected"),
    [
        ("a.jpg 300w, b.jpg 1200w", [("a.jpg", 300, "w"), ("b.jpg", 1200, "w")]),
        ("a.jpg 300w,b.jpg 1200w", [("a.jpg", 300, "w"), ("b.jpg", 1200, "w")]),
        ("a.jpg, b.jpg 2x,\n c.jpg 1.5x", [("a.jpg", 1, "x"), ("b.jpg", 2, "x"), ("c.jpg", 1.5, "x")]),
        ("w_1,h_2/a.jpg 1w, w_3,h_4/a.jpg 3w", [("w_1,h_2/a.jpg", 1, "w"), ("w_3,h_4/a.jpg", 3, "w")]),
        ("a,b.jpg", [("a,b.jpg", 1, "x")]),
        (" , ,a.jpg,, b.jpg ,", [("a.jpg", 1, "x"), ("b.jpg", 1, "x")]),
        ("a.jpg 300w 200h, b.jpg wide", [("a.jpg", 300, "w"), ("b.jpg", 1, "x")]),
        ("", []),
        (",", []),
    ],
)
def test_addresses_with_their_sizes(srcset: str, expected: list[tuple[str, float, str]]) -> None:
    assert list(candidates(srcset)) == expected
