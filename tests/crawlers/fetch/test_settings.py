"""Which parts of Scrapy take part in a crawl: a newer Scrapy that brings another one is noticed."""

from scrapy.settings import Settings
from scrapy.utils.conf import build_component_list

from crawlers.fetch.settings import settings


def active(kind: str) -> set[str]:
    """Names of the extensions or middlewares that a crawl starts with."""
    scrapy_settings = Settings(settings("http://127.0.0.1/", ""))
    parts = build_component_list(scrapy_settings.get_component_priority_dict_with_base(kind))
    return {str(part).rpartition(".")[2] for part in parts}


def test_no_extension_listens_on_a_port_or_writes_a_file() -> None:
    assert active("EXTENSIONS") == {"CoreStats", "LogCount", "CloseSpider", "AutoThrottle"}


def test_requests_pass_the_guard_and_our_robots_and_carry_no_cookies() -> None:
    middlewares = active("DOWNLOADER_MIDDLEWARES")

    assert {"GuardMiddleware", "Robots", "Patience", "RetryMiddleware", "RedirectMiddleware"} <= middlewares
    assert not {"RobotsTxtMiddleware", "OffsiteMiddleware", "CookiesMiddleware"} & middlewares
