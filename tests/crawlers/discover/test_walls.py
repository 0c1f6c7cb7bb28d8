"""crawlers/discover/walls.py: what stands where a product's page should be."""

import pytest
from scrapy.http import HtmlResponse, Response, TextResponse

from crawlers.discover.walls import landing, wall_on

SHOP = "https://shop.example"
ASKED = f"{SHOP}/p/coat?colour=ink"


def page(url: str = ASKED, body: str = "<h1>Coat</h1>", status: int = 200, **headers: str) -> HtmlResponse:
    return HtmlResponse(url, status, headers=headers, body=body.encode(), encoding="utf-8")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (page(f"{SHOP}/consent?to=%2Fp%2Fcoat"), "led to /consent, which shows no product"),
        (page(f"{SHOP}/hello?back=https://shop.example/p/coat%3Fcolour=ink"), "led to /hello, which"),
        (page(f"{SHOP}/customer/login"), "led to /customer/login, which"),
        (page(f"{SHOP}/age-verification.html"), "led to /age-verification.html, which"),
        (page(body="<title>Just a moment...</title>", status=503), "says 'Just a moment'"),
        (
            page(body="<script>window._cf_chl_opt={}</script>", status=403),
            "challenge for robots (_cf_chl_opt), status 403",
        ),
        (page(status=403, **{"cf-mitigated": "challenge"}), "challenge for robots (cf-mitigated)"),
        (page(status=202, **{"x-amzn-waf-action": "challenge"}), "challenge for robots (x-amzn-waf-action)"),
        (
            page(body="<script src='https://geo.captcha-delivery.com/x.js'>", status=403),
            "captcha-delivery.com",
        ),
        (page(body="<h1>Are you over 18?</h1>"), "says 'Are you over'"),
        (page(body="<h1>Bevor Sie fortfahren</h1>"), "says 'Bevor Sie fortfahren'"),
        (page(body="<title>Access Denied</title>", status=403), "says 'Access Denied'"),
    ],
)
def test_a_wall_is_named(answer: HtmlResponse, words: str) -> None:
    assert words in wall_on(answer, ASKED)


@pytest.mark.parametrize(
    "answer",
    [
        page(),
        page(f"{SHOP}/"),
        page(f"{SHOP}/sale/coats"),
        page(f"{SHOP}/p/coat/"),
        page(body="<h1>Cookie policy</h1><h2>We value your privacy</h2>"),
        page(body="<h1>Log in</h1>"),
        page(body="<script src='/cdn-cgi/challenge-platform/scripts/jsd/main.js'></script>"),
        page(body="<h1>Access denied</h1>" + "<p>A story about doors.</p>" * 3_000),
        page(**{"x-datadome": "protected"}),
        TextResponse(ASKED, body=b'{"title": "Just a moment"}'),
        Response(ASKED, body=b"\x89PNG"),
    ],
)
def test_any_other_page_is_none(answer: Response) -> None:
    assert wall_on(answer, ASKED) == ""


def test_a_landing_is_another_path() -> None:
    assert landing(page(f"{SHOP}/p/coat/?utm=1"), ASKED) == ""
    assert landing(page(SHOP), ASKED) == "/"
    assert landing(page(f"{SHOP}/sale"), ASKED) == "/sale"
