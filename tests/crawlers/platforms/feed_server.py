"""A server that answers as feeds do, without a network: what a platform probes, and what it then reads."""

import asyncio
import json
from urllib.parse import parse_qs, urlsplit

from scrapy.http import HtmlResponse, JsonResponse, TextResponse

from crawlers.platforms import Platform

SHOPIFY_PAGE = "<script>Shopify.shop = 'x.myshopify.com';</script><a href=/collections/all>All</a>"


URL = "https://shop.example/"


class Server:
    """Answers by path, given the query; notes what it was asked."""

    def __init__(self, **answers: object) -> None:
        self.answers = {path.replace("__", "/").replace("_json", ".json"): a for path, a in answers.items()}
        self.asked: list[str] = []

    async def fetch(self, url: str) -> TextResponse | None:
        parts = urlsplit(url)
        self.asked.append(parts.path)
        answer = self.answers.get(parts.path.strip("/"))
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        value = answer(query) if callable(answer) else answer
        return None if value is None else JsonResponse(url, body=json.dumps(value).encode())


def home(markup: str = "<a href=/about>About</a>") -> HtmlResponse:
    return HtmlResponse(URL, body=markup.encode(), encoding="utf-8")


def detected(platform: Platform, server: Server, page: HtmlResponse) -> tuple[float, list[str]]:
    async def ask() -> float:
        return await platform.detect(page, server.fetch)

    score = asyncio.run(ask())
    return score, [visit.url for visit in platform.start(page)]


def shopify_entry(key: int) -> dict[str, object]:
    return {"id": key, "title": f"Shirt {key}", "handle": f"shirt-{key}", "images": [{"src": f"/{key}.jpg"}]}


def woo_entry(key: int) -> dict[str, object]:
    return {"id": key, "name": f"Shirt {key}", "prices": {}, "images": [{"src": f"/{key}.jpg"}]}


def one_product(query: dict[str, str]) -> object:
    return {"products": [shopify_entry(1)]}
