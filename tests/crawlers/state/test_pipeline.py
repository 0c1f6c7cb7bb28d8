"""crawlers/state/pipeline.py over the wire: whatever fails ends the crawl, and nothing is recorded after it."""

from starlette.responses import HTMLResponse

from tests.crawlers.shopserver import StructuredShop, serve
from tests.crawlers.spider_process import Asked, SpiderRun, Spiders

PRODUCTS = 200


def asked() -> list[Asked]:
    return [Asked(f"/product/{n}") for n in range(PRODUCTS)]


def test_every_answer_is_recorded_once_and_the_home_page_first(spiders: Spiders) -> None:
    with serve(StructuredShop(PRODUCTS)) as url:
        answers, failure = spiders.run(SpiderRun(url, asked()))

    assert failure == ""
    assert [answer["type"] for answer in answers] == ["HomeAnswer"] + ["PageAnswer"] * PRODUCTS
    assert sorted(answer["task"]["n"] for answer in answers[1:]) == list(range(PRODUCTS))


def test_an_answer_that_cannot_be_recorded_ends_the_crawl_and_is_the_last(spiders: Spiders) -> None:
    shop = StructuredShop(PRODUCTS)
    with serve(shop) as url:
        answers, failure = spiders.run(SpiderRun(url, asked(), raise_after=5))

    assert failure == "OSError: no space left"
    assert len(answers) == 5
    assert sum(path.startswith("/product/") for path in shop.asked) < PRODUCTS


def test_a_callback_that_raises_ends_the_crawl_too(spiders: Spiders) -> None:
    shop = StructuredShop(PRODUCTS)
    shop.home = "<h1>Hello</h1>"
    shop.without_sitemap = True
    shop.pages = {"/sitemap.html": HTMLResponse("no")}
    with serve(shop) as url:
        answers, failure = spiders.run(SpiderRun(url, asked()))

    assert (answers, failure.partition(":")[0]) == ([], "FetchError")
    assert not any(path.startswith("/product/") for path in shop.asked)
