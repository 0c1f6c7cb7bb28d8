"""Product pages of a shop that nobody has described, for guesses."""

from collections.abc import Callable

from scrapy.http import HtmlResponse

HEADER = "<html><header><b class=price>€ 0.00</b></header>"


def product_pages(body: Callable[[int], str], number: int = 6) -> list[HtmlResponse]:
    """Some pages, each with `body(n)` in its main part."""
    return [
        HtmlResponse(
            f"https://shop.example/wares/{n}",
            body=f"{HEADER}<main><h1>Cap {n}</h1>{body(n)}</main></html>".encode(),
            encoding="utf-8",
        )
        for n in range(number)
    ]
