"""What a whole crawl tells of its photos: in its result, on the screen and in the report."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from flows import terminal
from flows.commands.crawl import _show
from flows.crawl.crawl_shops import crawl_shop, summed
from flows.parameters.crawl import CrawlParameters
from infra.lake import Lake
from tests.crawlers.shopserver import StructuredShop, serve
from workers.report.crawled import shop_of

PRODUCTS, SHARING, WITHOUT = 24, 8, 3


class HalfPhotographed(StructuredShop):
    """Some products show one picture under an ordinary name, some one that says what it is, all of them more."""

    def node(self, n: int) -> dict[str, object]:
        image = "f00.jpg" if n < SHARING else "no-image.png" if n < SHARING + WITHOUT else f"coat-{n}.jpg"
        return super().node(n) | {"image": f"/img/{image}"}

    def _page(self, request: Request) -> Response:
        n = request.path_params["n"]
        page = f"<html><script type='application/ld+json'>{json.dumps(self.node(n))}</script><body>"
        gallery = f"<a href=/img/coat-{n}-full.jpg><img src=/img/t/{n}.jpg></a><img src=/img/more-{n}.jpg>"
        return HTMLResponse(
            f"{page}<div class=product-gallery>{gallery if n == 20 else ''}</div></body></html>"
        )


def crawled(url: str, lake: Lake) -> dict[str, Any]:
    return crawl_shop.fn("acme", url, CrawlParameters(urls=(url,), lake=lake.uri))


def test_photos_that_are_no_products_own_are_told_in_every_crawl(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = Lake(str(tmp_path / "lake"))
    shop = HalfPhotographed(PRODUCTS)
    with serve(shop) as url:
        result = crawled(url, lake)
        again = crawled(url, lake)

    shared = [{"url": f"{url}/img/f00.jpg", "products": SHARING}]
    assert (result["shared_photos"], again["shared_photos"]) == (shared, shared)
    assert result["notes"][0].startswith(f"8 of 24 products show one and the same photo, {url}/img/f00.jpg: ")
    assert (result["rejected"], "/img/no-image.png" in shop.asked) == ({"placeholder": 1}, False)
    assert (result["unread_photos"], again["changed"]) == (1, 0)
    stored = lake.table(lake.run(result["crawl_id"]), "products").to_pylist()
    by_id = {row["product_id"]: row for row in stored}
    assert by_id["acme:SKU-9"]["image_ids"] == [""]  # refused, and named in rejects
    assert [path.rpartition("/")[2] for path in by_id["acme:SKU-20"]["image_urls"]] == [
        "coat-20.jpg",
        "coat-20-full.jpg",
    ]

    screen = Console(record=True, width=140, file=io.StringIO())
    monkeypatch.setattr(terminal, "people", screen)
    _show(summed([result], {}))
    assert {f"Note on acme: {note}." for note in result["notes"]} <= set(screen.export_text().splitlines())
    assert shop_of(lake.run(result["crawl_id"]), {}).notes == tuple(result["notes"])
