from datetime import UTC, datetime

import pytest

from crawlers.fetch.patience import retry_after_s
from crawlers.fetch.settings import settings
from schemas.errors import InputError

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("30", 30.0),
        (" 0 ", 0.0),
        ("Tue, 24 Nov 2026 12:00:45 GMT", 45.0),
        ("Tue, 24 Nov 2026 11:00:00 GMT", 0.0),
        ("soon", None),
        ("-5", None),
        ("", None),
    ],
)
def test_retry_after_is_a_number_or_a_date(header: str, seconds: float | None) -> None:
    assert retry_after_s(header, NOW) == seconds


def test_a_shop_elsewhere_is_crawled_slowly_and_says_who_asks() -> None:
    chosen = settings("https://shop.example/", "crawl@vitrine.example")

    assert chosen["USER_AGENT"].startswith("vitrine/")
    assert chosen["USER_AGENT"].endswith("(+crawl@vitrine.example)")
    assert chosen["ROBOTSTXT_OBEY"]
    assert chosen["AUTOTHROTTLE_ENABLED"]
    assert chosen["DOWNLOAD_DELAY"] > 0


def test_a_shop_elsewhere_needs_a_contact_and_one_on_this_machine_does_not() -> None:
    with pytest.raises(InputError, match="--contact"):
        settings("https://shop.example/", " ")
    with pytest.raises(InputError, match="neither"):
        settings("https://shop.example/", "me")
    assert not settings("http://127.0.0.1:8000/", "")["AUTOTHROTTLE_ENABLED"]


def test_every_middleware_and_setting_scrapy_is_given_exists() -> None:
    from scrapy.settings import Settings
    from scrapy.utils.misc import load_object

    chosen = settings("http://localhost:1/", "")

    for path in [*chosen["DOWNLOADER_MIDDLEWARES"], *chosen["ITEM_PIPELINES"]]:
        load_object(path)
    known = set(Settings().attributes) | {
        "VITRINE_BACKOFF_S",
        "VITRINE_ROBOTS_PATIENCE_S",
        "ROBOTSTXT_USER_AGENT",
    }
    assert set(chosen) <= known
