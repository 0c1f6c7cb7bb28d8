import time

import pytest

from crawlers.fetch.validators import Validators
from crawlers.state.recrawl_policy import CHANGED, FULL, LIST, OLDEST_S, RecrawlPolicy
from crawlers.state.tables.previous_crawl import PreviousPhoto

NOW_MS = int(time.time() * 1000)
HOUR_MS = 3_600_000


def photo(fresh_until: int | None = None) -> PreviousPhoto:
    return PreviousPhoto("read", "aa", Validators(fresh_until=fresh_until), NOW_MS)


@pytest.mark.parametrize("address", ["x.jpg?v=17", "x.jpg?w=300&version=3"])
def test_an_address_that_names_its_edition_is_trusted(address: str) -> None:
    for alone in (True, False):
        assert RecrawlPolicy(CHANGED).takes_as_read(f"https://shop.example/{address}", photo(), alone=alone)


@pytest.mark.parametrize("address", ["x.jpg", "x.jpg?width=300", "x.jpg?v=", "v=1.jpg", "x.jpg#v=1"])
def test_an_address_that_names_none_is_not(address: str) -> None:
    assert not RecrawlPolicy(CHANGED).takes_as_read(f"https://shop.example/{address}", photo(), alone=False)


def test_a_lifetime_that_the_server_gave_counts_until_it_is_over_or_the_product_changed() -> None:
    policy, url = RecrawlPolicy(CHANGED), "https://shop.example/x.jpg"

    assert policy.takes_as_read(url, photo(NOW_MS + HOUR_MS), alone=False)
    assert not policy.takes_as_read(url, photo(NOW_MS - HOUR_MS), alone=False)
    assert not policy.takes_as_read(url, photo(NOW_MS + HOUR_MS), alone=True)


def test_a_full_crawl_trusts_nothing() -> None:
    assert not RecrawlPolicy(FULL).takes_as_read(
        "https://shop.example/x?v=1", photo(NOW_MS + HOUR_MS), alone=False
    )
    assert [RecrawlPolicy(how).is_conditional for how in (FULL, CHANGED, LIST)] == [False, True, True]


def test_a_reading_is_old_after_a_week() -> None:
    assert not RecrawlPolicy().is_old(NOW_MS - int(OLDEST_S * 1000) + HOUR_MS)
    assert RecrawlPolicy().is_old(NOW_MS - int(OLDEST_S * 1000) - HOUR_MS)
