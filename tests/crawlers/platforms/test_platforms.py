"""Adding a platform by its README alone."""

import asyncio
import json
import re
from decimal import Decimal
from pathlib import Path

import pytest
from scrapy.http import HtmlResponse, JsonResponse, TextResponse

from crawlers import platforms
from crawlers.discover.visit import Visit
from crawlers.platforms import SURE, Shop
from schemas.product import Product
from schemas.reject import Reject

README = Path(platforms.__path__[0]) / "README.md"
HOME = "https://shop.example/"


async def nothing(url: str) -> TextResponse | None:
    return None


def test_the_platform_of_the_readme_is_found_by_its_file_and_reads_a_shop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (source,) = re.findall(r"```python\n(.*?)```", README.read_text(), re.S)
    (tmp_path / "acme.py").write_text(source)
    monkeypatch.setattr(platforms, "__path__", [*platforms.__path__, str(tmp_path)])
    home = HtmlResponse(HOME, body=b"<meta name=generator content='Acme Shops'>", encoding="utf-8")
    items = [
        {"number": 7, "name": "Coat", "text": "<p>Warm", "price": 20, "pictures": ["/7-back.jpg"]},
        {"number": 8, "name": "Hat"},
    ]
    answer = JsonResponse(HOME + "api/catalogue.json", body=json.dumps({"items": items}).encode())

    shop = platforms.load("acme", Shop("acme", HOME))
    score = asyncio.run(shop.detect(home, nothing))
    product, refusal = shop.listing(answer)

    assert "acme" in platforms.names() and score == SURE
    assert list(shop.start(home)) == [shop.at(HOME + "item/7")] == [Visit(answer.url)]
    assert isinstance(product, Product) and isinstance(refusal, Reject)
    assert (product.product_id, product.price, product.image_views) == ("acme:7", Decimal(20), ("back",))
    assert (product.source, product.url) == ("acme", HOME + "item/7")
    assert (refusal.reason, refusal.product_id, refusal.detail) == ("no_image", "acme:8", "no pictures")
