"""Drafts for shops that nobody has described, over real HTTP: what they read is compared with what was served."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from tests.crawlers.doctor.examined_shops import examined
from tests.crawlers.shopserver import Shop, StructuredShop, serve


class PlainShop(Shop):
    """A home page with a link to every product, and product pages of one form."""

    card = "<li><a href='/wear/{name}'>{name}</a></li>"
    path = "/wear"

    def __init__(self, products: int, body: Callable[[int], str]) -> None:
        super().__init__(products)
        self._body = body
        self.home = "<title>Wear</title><ul>" + "".join(map(self._card, range(products))) + "</ul>"

    def app(self) -> Starlette:
        return Starlette(routes=[Route(self.path + "/{name}", self._page), *self.routes()])

    def _card(self, n: int) -> str:
        return self.card.format(name=f"mitten-{letters(n)}", n=n)

    def _page(self, request: Request) -> Response:
        name = request.path_params["name"]
        n = next(n for n in range(self.products) if name == f"mitten-{letters(n)}")
        return HTMLResponse(f"<html><title>Wear</title><body><main>{self._body(n)}</main></body></html>")


def letters(n: int) -> str:
    return "abcdefghijklmnopqrstuvwxyz"[n]


def drafted(shop: Shop, tmp_path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """The first examination with its draft, and what the draft's file reads in a second one."""
    with serve(shop) as url:
        first = examined(url)
        file = tmp_path / "acme.yaml"
        file.write_text(first["profile"])
        second = examined(url, profile=str(file)) if first["profile"] else {}
    return first, second


def test_links_alone_and_pages_with_a_heading_a_price_and_two_pictures(tmp_path: Path) -> None:
    shown = (
        "<h1>Mitten {name}</h1><p>€ {price}.50</p><div><img src=/img/{n}-a.jpg><img src=/img/{n}-b.jpg></div>"
    )
    shop = PlainShop(14, lambda n: shown.format(name=letters(n), price=8 + n, n=n))
    first, second = drafted(shop, tmp_path)

    fields = yaml.safe_load(first["profile"])["fields"]
    assert set(fields) == {"title", "product_id", "images", "price"}
    assert (second["platform"], second["products"]["count"]) == ("profile", 14)
    wanted = {"title": 1.0, "price": 1.0, "currency": 1.0, "images": 1.0, "colour": 0.0, "list_price": 0.0}
    assert wanted.items() <= second["coverage"].items()
    assert second["cost"]["photos"] == 28
    assert first["shared_photos"] == []


def test_some_pieces_are_reduced_and_some_have_no_photo(tmp_path: Path) -> None:
    def body(n: int) -> str:
        price = f"<del>{30 + n},00 €</del> <ins>{20 + n},00 €</ins>" if n % 2 else f"{20 + n},00 €"
        picture = "0f3a.jpg" if n in (2, 3, 7) else f"{n}.jpg"
        shown = f"<div id=picture><img src=/img/{picture}></div><b class=price_colour>{price}</b>"
        return f"<h1>Mitten {letters(n)}</h1>{shown}"

    shop = PlainShop(9, body)
    shop.home = "<nav><a href=/>All</a></nav><main>" + "".join(
        f"<p class=card><a href=/wear/mitten-{letters(n)}><img src=/img/s{n}.jpg></a> {20 + n},00 €</p>"
        for n in range(9)
    )
    first, second = drafted(shop, tmp_path)

    fields = yaml.safe_load(first["profile"])["fields"]
    assert fields["images"] == "#picture img"
    assert "colour" not in fields
    assert second["coverage"]["price"] == 1.0
    assert 0.3 <= second["coverage"]["list_price"] <= 0.6
    (shared,) = second["shared_photos"]
    assert shared["url"].endswith("/img/0f3a.jpg") and shared["products"] >= 2
    assert any(f"show one and the same photo, {shared['url']}" in line for line in second["missing"])


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("<h1>Post {n}</h1><img src=/img/{n}.jpg><p>Words of a day.</p>", "have no price"),
        (
            "<h1>The shop</h1><p>€ {n}.00</p><img src=/img/{n}.jpg>",
            "no heading that differs from page to page",
        ),
        ("<h1>Mitten {n}</h1><p>€ {n}.00</p><img src=/img/banner.jpg>", "no picture that is each page's own"),
    ],
)
def test_where_nothing_can_be_drafted_one_sentence_says_why(body: str, why: str, tmp_path: Path) -> None:
    first, _ = drafted(PlainShop(8, lambda n: body.format(n=n)), tmp_path)

    assert (first["profile"], first["platform"]) == ("", "")
    assert first["missing"][0].startswith(
        "everything: no platform reads its products, and no profile could be drafted, since the "
    )
    assert why in first["missing"][0]


def test_pictures_that_only_the_page_shows_are_told(tmp_path: Path) -> None:
    class Showing(StructuredShop):
        def _page(self, request: Request) -> Response:
            n = request.path_params["n"]
            page = super()._page(request).body.decode()
            return HTMLResponse(
                page + f"<div class=gallery><img src=/img/coat-{n}-front.jpg><img src=/img/{n}-x.jpg></div>"
            )

    first, _ = drafted(Showing(8), tmp_path)

    assert first["unread_photos"] == first["sample"]["products"] == 8
    assert "the sampled pages show 8 more pictures than their data states" in " ".join(first["missing"])
