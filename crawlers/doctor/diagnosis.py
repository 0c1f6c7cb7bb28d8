"""What a look at a shop amounts to: size, coverage, manners, cost, and the command to crawl it with."""

import math
import shlex
from collections import Counter
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from protego import Protego
from scrapy.http import HtmlResponse, Response

from crawlers.doctor.missing import missing
from crawlers.doctor.observations import Observations, about_products
from crawlers.doctor.photo_findings import photo_findings
from crawlers.doctor.shop_links import linked, menu_links
from crawlers.fetch.robots import ROBOTS_BYTES
from crawlers.fetch.user_agent import ROBOTS_NAME
from schemas.product import Product

FIELDS = (
    *("title", "description", "brand", "categories", "tags", "colour", "gender", "price", "currency"),
    *("list_price", "in_stock", "attributes", "images"),
)


def diagnosis(observations: Observations) -> dict[str, Any]:
    """Make the result of `vitrine doctor URL`, all of it JSON values."""
    counted, covered = _count(observations), coverage(observations.products)
    result = {
        "shop": observations.shop,
        "url": observations.url,
        "home": observations.home.url if observations.home is not None else "",
        "requests": observations.requests,
        "bytes": observations.received,
        "seconds": round(observations.seconds, 1),
        "platform": "profile"
        if observations.draft
        else observations.platform
        if observations.products
        else "",
        "scores": observations.scores,
        "products": counted,
        "sample": {
            "products": len(observations.products),
            "pages": len(observations.pages),
            "rejected": dict(Counter(reject.reason for reject in observations.rejects)),
        },
        "coverage": covered,
        "sources": _sources(observations.products),
        "robots": _robots(observations),
        "validators": _validators(observations),
        "cost": _cost(observations, counted["count"]),
        "command": _command(observations),
        "profile": observations.draft.yaml if observations.draft else "",
    }
    result |= photo_findings(observations.products)
    return result | {"missing": missing(observations, result)}


def coverage(products: Sequence[Product]) -> dict[str, float]:
    """Share of products that state each field."""
    names = {"images": "image_urls"}
    return {
        name: round(sum(_says(product, names.get(name, name)) for product in products) / len(products), 3)
        for name in FIELDS
        if products
    }


def _says(product: Product, name: str) -> bool:
    return getattr(product, name) not in (None, "", (), {})


def _sources(products: Sequence[Product]) -> dict[str, str]:
    """Say where each field mostly comes from."""
    names = {"images": "image_urls"}
    counts_by_field: dict[str, Counter[str]] = {name: Counter() for name in FIELDS}
    for product in products:
        for name in FIELDS:
            field_name = names.get(name, name)
            if _says(product, field_name):
                counts_by_field[name][product.sources.get(field_name, product.source)] += 1
    return {name: counts.most_common(1)[0][0] for name, counts in counts_by_field.items() if counts}


def _count(observations: Observations) -> dict[str, Any]:
    """Say how many products there are, whether that is exact, and what it rests on."""

    def number(count: int, exact: bool, basis: str) -> dict[str, Any]:
        return {"count": count, "exact": exact, "basis": basis}

    read = len({product.product_id for listing in observations.listings for product in listing.products})
    if (stated := observations.stated) is not None:
        return number(stated, True, "the number its API states")
    if observations.is_feed and not observations.unread:
        return number(read, True, "its feed, read to the end")
    if observations.is_feed and (mapped := sum(observations.sitemapped)):
        files = len(observations.sitemapped)
        total = mapped + observations.sitemaps_unread * mapped // max(1, files)
        return number(
            max(total, read),
            False,
            f"product addresses in {files} of {files + observations.sitemaps_unread} sitemaps",
        )
    if observations.is_feed:
        return number(read, False, "at least; its feed goes on")
    share = (
        len(observations.products) / len(observations.pages)
        if observations.pages and not observations.draft
        else 1.0
    )
    if any(listing.is_sitemap for listing in observations.listings):
        return number(*_mapped(observations, share))
    if not observations.products:
        return number(0, False, "no product was read")
    return number(*_listed(observations))


def _mapped(observations: Observations, share: float) -> tuple[int, bool, str]:
    """Sitemaps: the addresses in those that were read, the same for each that was not."""
    read = [listing for listing in observations.listings if listing.is_sitemap and listing.pages]
    named = [listing for listing in read if about_products(listing.url)]
    unread = [url for url in observations.unread if about_products(url)] if named else observations.unread
    chosen = named or read
    pages = sum(len(listing.pages) for listing in chosen)
    total = pages + len(unread) * pages // max(1, len(chosen))
    basis = f"addresses in {len(chosen)} of {len(chosen) + len(unread)} sitemaps"
    if share < 1:
        basis += f", of which {share:.0%} of a sample were products"
    return round(total * share), False, basis


def _listed(observations: Observations) -> tuple[int, bool, str]:
    """Category pages: product links on those that were read, and as many new ones on each that was not."""
    products = set(observations.cards) or set(observations.product_pages())
    answers: list[Response] = [*observations.lists] or [listing.answer for listing in observations.listings]
    pages = [answer for answer in answers if isinstance(answer, HtmlResponse)]
    menu = set(menu_links(observations.home)) if observations.home is not None else set()
    unread = (menu | set(observations.unread)) - {page.url for page in pages} - products
    seen, new = set[str](), []
    for page in pages:  # the home page first: it shows some of everything
        new.append(len(linked(page, products) - seen))
        seen |= linked(page, products)
    each = sum(new[1:]) / len(new[1:]) if new[1:] else sum(new)
    basis = f"roughly, from the links on {len(pages)} of {len(pages) + len(unread)} listing pages"
    goes_on = any(page.css('a[rel~="next"], link[rel~="next"]') for page in pages)
    total = max(len(seen) + round(len(unread) * each), len(observations.products))
    return total, False, f"{basis}, which have further pages" if goes_on else basis


def _robots(observations: Observations) -> dict[str, Any]:
    """Say what robots.txt says to us, and who opts out of AI where."""
    host = urlsplit(observations.home.url if observations.home is not None else observations.url).netloc
    text = observations.robots.get(host)
    rules = Protego.parse((text or b"")[:ROBOTS_BYTES].decode("utf-8-sig", "ignore"))  # as a crawl reads it
    delay = rules.crawl_delay(ROBOTS_NAME)
    return {
        "allowed": not observations.forbidden,
        "why": observations.forbidden,
        "there": text is not None,
        "crawl_delay_s": float(delay) if delay is not None else None,
        "sitemaps": list(rules.sitemaps),
        "disallowed": observations.disallowed,
        "opt_outs": {name: len(urls) for name, urls in observations.opt_outs.items()},
    }


def _validators(observations: Observations) -> dict[str, Any]:
    """Say which answers can be asked for again cheaply."""
    feeds = [listing.answer for listing in observations.listings if listing.products]

    def share(answers: Sequence[Response], name: str) -> float | None:
        return round(sum(name in answer.headers for answer in answers) / len(answers), 3) if answers else None

    shown = {
        kind: {"etag": share(answers, "ETag"), "last_modified": share(answers, "Last-Modified")}
        for kind, answers in (("pages", feeds or observations.pages), ("photos", observations.photos))
    }
    return shown | {"says_304": observations.says_304, "cheap": bool(observations.says_304)}


def _cost(observations: Observations, products: int) -> dict[str, Any]:
    """Estimate what a whole crawl asks of the shop, at the pace it would be asked."""
    sample = observations.products
    each = sum(len(product.image_urls) for product in sample) / len(sample) if sample else 0.0
    photos = round(products * each)
    sizes = [len(photo.body) for photo in observations.photos]
    feeds = [len(listing.products) for listing in observations.listings if listing.products]
    listings = (
        math.ceil(products / max(feeds)) + 1
        if feeds
        else len(observations.listings) + len(observations.unread)
    )
    pages = 0 if feeds else products
    delay_s = max(observations.options["DOWNLOAD_DELAY"], _robots(observations)["crawl_delay_s"] or 0.0)
    at_once = (
        1 if _robots(observations)["crawl_delay_s"] else 2
    )  # what crawlers.fetch.settings tells AutoThrottle to aim at
    waited = (
        sorted(observations.latencies)[len(observations.latencies) // 2] if observations.latencies else 0.0
    )
    requests = 2 + listings + pages + photos
    return {
        "requests": requests,
        "listings": listings,
        "pages": pages,
        "photos": photos,
        "delay_s": delay_s,
        "seconds": round(requests * max(delay_s, waited / at_once), 1),
        "photo_bytes": round(photos * sum(sizes) / len(sizes)) if sizes else None,
    }


def _command(observations: Observations) -> str:
    """Write the command that crawls the shop; quoted, and made of the operator's words only."""
    words = ["vitrine", "crawl", f"{observations.shop}={observations.url}"]
    words += ["--contact", observations.contact] if observations.contact else []
    words += (
        ["--profile", observations.profile or f"{observations.shop}.yaml"]
        if observations.profile or observations.draft
        else []
    )
    return shlex.join(words)
