"""How a crawl waits, under the settings of production; the servers are on loopback and judge by their own clock."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from scrapy import Request
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from scrapy.utils.test import get_crawler

from crawlers.fetch.guard import Guard
from crawlers.fetch.patience import Patience, retry_after_of
from crawlers.photos.photo_spider import PhotoSpider
from tests.crawlers.strict_host import Host, Strictness, hosts

ROOT = Path(__file__).resolve().parents[3]


def crawl(tmp_path: Path, *served: Host) -> dict[str, Any]:
    said = {
        "url": served[0].url,
        "named": [host.url for host in served],
        "state": str(tmp_path / "state.db"),
    }
    done = subprocess.run(
        [sys.executable, "-m", "tests.crawlers.polite_process"],
        cwd=ROOT, input=json.dumps(said), capture_output=True, text=True, check=True,
    )  # fmt: skip
    result: dict[str, Any] = json.loads(done.stdout)
    return result


@pytest.mark.slow
def test_no_request_is_too_early_by_the_clocks_of_the_shop_and_of_its_photos_host(tmp_path: Path) -> None:
    strict = Strictness(delay_s=2.0, robots_down_s=20.0, busy_at=(3, 9, 14), retry_after_s=7)

    with hosts(strict, 10, photos=Strictness(delay_s=2.0, busy_at=(4,), retry_after_s=7)) as (shop, photos):
        result = crawl(tmp_path, shop, photos)

    assert shop.early() == photos.early() == []
    assert len(shop.asked) + len(photos.asked) >= 40
    assert result == {"products": 10, "photos": 20, "refused": {}, "failure": ""}


def test_a_delay_holds_from_the_first_page_to_the_last_photo_however_long_answers_take(
    tmp_path: Path,
) -> None:
    strict = Strictness(delay_s=0.4, answer_after_s=0.15)

    with hosts(strict, 4, photos=Strictness(delay_s=0.7)) as (shop, photos):
        result = crawl(tmp_path, shop, photos)

    assert shop.early() == photos.early() == []
    assert result == {"products": 4, "photos": 8, "refused": {}, "failure": ""}
    assert [path for _, path in shop.asked].count("/robots.txt") == 1  # one for pages and photos


def test_a_delay_too_long_for_a_crawl_is_said_and_the_host_left_alone(tmp_path: Path) -> None:
    with hosts(Strictness(delay_s=3_600), 4) as (shop, photos):
        result = crawl(tmp_path, shop, photos)

    assert "asks for 3,600 s between two requests, longer than a crawl waits" in result["failure"]
    assert [path for _, path in shop.asked] == ["/robots.txt"]


def test_a_host_that_wants_to_be_left_alone_for_an_hour_is_asked_no_more(tmp_path: Path) -> None:
    with hosts(Strictness(), 4, photos=Strictness(busy_at=(2,), retry_after_s=3_600)) as (shop, photos):
        result = crawl(tmp_path, shop, photos)

    assert photos.early() == []
    assert result["products"] == 4
    assert result["refused"] == {"http_5xx": 1, "busy": 2}


@pytest.mark.parametrize(
    ("retry_after", "date", "seconds"),
    [
        ("7", "", 7.0),
        ("Tue, 24 Nov 2026 12:00:45 GMT", "Tue, 24 Nov 2026 12:00:38 GMT", 7.0),
        ("Tuesday, 24-Nov-26 12:00:45 GMT", "Tue, 24 Nov 2026 12:00:38 GMT", 7.0),
        ("9" * 400, "", 999_999_999_999.0),
        ("soon", "", None),
        ("1, 2", "", None),
    ],
)
def test_a_date_counts_from_the_servers_own_clock(retry_after: str, date: str, seconds: float | None) -> None:
    headers = {"Retry-After": retry_after} | ({"Date": date} if date else {})

    assert retry_after_of(Response("http://shop.example/", 503, headers)) == seconds


def test_a_crawl_that_has_ended_waits_for_no_host() -> None:
    crawler = get_crawler(PhotoSpider)
    crawler.spider = spider = PhotoSpider(Guard(), set().__contains__)
    patience = Patience.from_crawler(crawler)
    spider.hosts.leave_alone("shop.example", 200.0)
    spider.failure = OSError("no space left")

    with pytest.raises(IgnoreRequest, match="has ended"):
        asyncio.run(patience.process_request(Request("https://shop.example/1.jpg")))
