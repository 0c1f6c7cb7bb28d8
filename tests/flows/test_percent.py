import pytest

from flows.printable import percent


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (0.0, "0 %"),
        (1e-9, "under 0.01 %"),
        (0.0001, "0.01 %"),
        (0.0023, "0.2 %"),
        (0.0149, "1 %"),
        (0.0949, "9 %"),
        (0.095, "10 %"),
        (0.0999, "10 %"),
        (0.144, "14 %"),
        (0.995, "100 %"),
        (1.0, "100 %"),
    ],
)
def test_a_chance_is_told_without_decimals_that_say_nothing(share: float, words: str) -> None:
    assert percent(share) == words
