"""Saved pages: pages/<platform>/<case>/ here holds page.html or page.json, url.txt and product.json.

A page.json is a listing; headers.json holds the headers of its answer, where they matter; profile.yaml
is the shop's profile, where it has one.
product.json is everything the page yields, in order: products without what is empty, rejects as
[reason, detail], further addresses as text. To accept a changed reading, delete product.json, run
the test (it writes the file and fails), and read the difference.
"""

import json
from dataclasses import asdict
from pathlib import Path

import pytest
from scrapy.http import HtmlResponse, JsonResponse, TextResponse

from crawlers.discover.visit import Found, Visit
from crawlers.platforms import Shop, load, names
from schemas.product import Product

PAGES = Path(__file__).parent / "pages"
CASES = sorted(path.parent for path in PAGES.glob("*/*/url.txt"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name}-{case.name}")
def test_a_saved_page_yields_what_was_read_from_it_before(case: Path) -> None:
    profile = case / "profile.yaml"
    shop = Shop("acme", "https://shop.example/", profile=str(profile) if profile.exists() else "")
    platform = load(case.parent.name, shop)
    page = answer_of(case)

    try:
        read = platform.listing if (case / "page.json").exists() else platform.product
        found = list(read(page))
    except ValueError as error:
        found = [str(error)]  # type: ignore[list-item]

    expected = case / "product.json"
    shown = json.loads(json.dumps([shown_of(item) for item in found], default=str))
    if not expected.exists():
        expected.write_text(json.dumps(shown, indent=1, ensure_ascii=False) + "\n")
        pytest.fail(f"wrote {expected}; read it, then run again")
    assert shown == json.loads(expected.read_text())


def test_every_platform_has_saved_pages() -> None:
    assert {case.parent.name for case in CASES} == set(names())


def answer_of(case: Path) -> TextResponse:
    url = (case / "url.txt").read_text().strip()
    if (case / "page.json").exists():
        extra = case / "headers.json"
        headers = {"ETag": '"1"'} | (json.loads(extra.read_text()) if extra.exists() else {})
        return JsonResponse(url, body=(case / "page.json").read_bytes(), headers=headers)
    return HtmlResponse(url, body=(case / "page.html").read_bytes(), encoding="utf-8")


def shown_of(item: Found | str) -> object:
    if isinstance(item, Visit):
        return item.url
    if isinstance(item, Product):
        facts = {name: value for name, value in asdict(item).items() if value not in ("", (), {}, None)}
        return {name: value for name, value in facts.items() if name not in ("fetched_at", "shop")}
    return item if isinstance(item, str) else [item.reason, item.detail]
