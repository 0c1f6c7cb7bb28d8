"""A crawl that may take no more photos or bytes than it was told, end to end; the next one takes the rest."""

from pathlib import Path
from typing import Any

from flows.crawl.crawl_shops import crawl_shop
from flows.parameters.crawl import CrawlParameters
from infra.lake import Lake
from tests.crawlers.shopserver import StructuredShop, serve


def crawled(url: str, lake: Lake, **options: Any) -> dict[str, Any]:
    result: dict[str, Any] = crawl_shop.fn(
        "acme", url, CrawlParameters(urls=(url,), lake=lake.uri, **options)
    )
    return result


def test_a_crawl_beyond_its_budget_says_so_is_not_complete_and_the_next_takes_the_rest(
    tmp_path: Path,
) -> None:
    lake = Lake(str(tmp_path / "lake"))
    with serve(StructuredShop(4)) as url:
        first = crawled(url, lake, most_photos=3)
        second = crawled(url, lake)
        third = crawled(url, lake, most_bytes=3_000, revisit="full")

    assert (first["images_new"], first["complete"], first["rejected"]) == (3, False, {"budget": 5})
    assert first["notes"] == [
        "not all photos were asked for: this crawl may ask for 3 photos (--most-photos)"
    ]
    assert second["images_new"] == 5
    assert (second["complete"], second["rejected"], second["notes"]) == (True, {}, [])
    assert (third["complete"], third["products"], third["removed"]) == (False, 4, 0)
    assert {line.partition(":")[2] for line in third["notes"]} == {
        " this crawl may receive 3,000 bytes (--most-bytes)"
    }
