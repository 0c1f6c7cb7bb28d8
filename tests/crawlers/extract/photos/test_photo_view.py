import pytest

from crawlers.extract.photos.photo_view import view_of


@pytest.mark.parametrize(
    ("address", "caption", "view"),
    [
        ("https://cdn.example/shirt_front.jpg?v=1", "", "front"),
        ("https://cdn.example/front-row-jacket-back.jpg", "", "back"),
        ("/img/dress-alt1.jpg", "", "alt"),
        ("/img/front.jpg", "Detail of the hem", "detail"),
        ("/reviews/3.jpg", "", ""),
        ("/u/review-3.jpg", "", "customer"),
        ("/img/backpack.jpg", "", ""),
        ("", "", ""),
    ],
)
def test_a_view_is_read_from_caption_or_file_name(address: str, caption: str, view: str) -> None:
    assert view_of(address, caption) == view
