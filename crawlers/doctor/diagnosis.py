"""What a look at a shop amounts to: size, coverage, manners, cost, and the command to crawl it with."""

import math
import shlex
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

from protego import Protego
from scrapy.http import HtmlResponse, Response

from crawlers.doctor.observations import Observations, about_products
from crawlers.doctor.shop_links import linked, menu_links
from crawlers.fetch.user_agent import ROBOTS_NAME
from schemas.product import Product

FIELDS = (
    *("title", "description", "brand", "categories", "tags", "colour", "gender", "price", "currency"),
    *("list_price", "in_stock", "attributes", "images"),
)
WANTED = ("description", "brand", "categories", "colour", "price", "currency", "in_stock")
MOSTLY = 0.9  # share from which a field counts as stated


def diagnosis(found: Observations) -> dict[str, Any]:
    """The result of `vitrine doctor URL`, all of it JSON values."""
    counted, covered = _count(found), coverage(found.products)
    result = {
        "shop": found.shop,
        "url": found.url,
        "home": found.home.url if found.home is not None else "",
        "requests": found.requests,
        "bytes": found.received,
        "seconds": round(found.seconds, 1),
        "platform": "profile" if found.draft else found.platform if found.products else "",
        "scores": found.scores,
        "products": counted,
        "sample": {
            "products": len(found.products),
            "pages": len(found.pages),
            "rejected": dict(Counter(reject.reason for reject in found.rejects)),
        },
        "coverage": covered,
        "sources": _sources(found.products),
        "robots": _robots(found),
        "validators": _validators(found),
        "cost": _cost(found, counted["count"]),
        "command": _command(found),
        "profile": found.draft.yaml if found.draft else "",
    }
    return result | {"missing": _missing(found, result)}


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
    """Where each field mostly comes from."""
    names = {"images": "image_urls"}
    found: dict[str, Counter[str]] = {name: Counter() for name in FIELDS}
    for product in products:
        for name in FIELDS:
            field_name = names.get(name, name)
            if _says(product, field_name):
                found[name][product.sources.get(field_name, product.source)] += 1
    return {name: counts.most_common(1)[0][0] for name, counts in found.items() if counts}


def _count(found: Observations) -> dict[str, Any]:
    """How many products there are, whether that is exact, and what it rests on."""

    def number(count: int, exact: bool, basis: str) -> dict[str, Any]:
        return {"count": count, "exact": exact, "basis": basis}

    read = len({product.product_id for listing in found.listings for product in listing.products})
    if (stated := found.stated) is not None:
        return number(stated, True, "the number its API states")
    if found.is_feed and not found.unread:
        return number(read, True, "its feed, read to the end")
    if found.is_feed and (mapped := sum(found.sitemapped)):
        files = len(found.sitemapped)
        total = mapped + found.sitemaps_unread * mapped // max(1, files)
        return number(
            max(total, read),
            False,
            f"product addresses in {files} of {files + found.sitemaps_unread} sitemaps",
        )
    if found.is_feed:
        return number(read, False, "at least; its feed goes on")
    share = len(found.products) / len(found.pages) if found.pages and not found.draft else 1.0
    if any(listing.is_sitemap for listing in found.listings):
        return number(*_mapped(found, share))
    if not found.products:
        return number(0, False, "no product was read")
    return number(*_listed(found))


def _mapped(found: Observations, share: float) -> tuple[int, bool, str]:
    """Sitemaps: the addresses in those that were read, the same for each that was not."""
    read = [listing for listing in found.listings if listing.is_sitemap and listing.pages]
    named = [listing for listing in read if about_products(listing.url)]
    unread = [url for url in found.unread if about_products(url)] if named else found.unread
    chosen = named or read
    pages = sum(len(listing.pages) for listing in chosen)
    total = pages + len(unread) * pages // max(1, len(chosen))
    basis = f"addresses in {len(chosen)} of {len(chosen) + len(unread)} sitemaps"
    if share < 1:
        basis += f", of which {share:.0%} of a sample were products"
    return round(total * share), False, basis


def _listed(found: Observations) -> tuple[int, bool, str]:
    """Category pages: product links on those that were read, and as many new ones on each that was not."""
    products = set(found.cards) or set(found.product_pages())
    answers: list[Response] = [*found.lists] or [listing.answer for listing in found.listings]
    pages = [answer for answer in answers if isinstance(answer, HtmlResponse)]
    menu = set(menu_links(found.home)) if found.home is not None else set()
    unread = (menu | set(found.unread)) - {page.url for page in pages} - products
    seen, new = set[str](), []
    for page in pages:  # the home page first: it shows some of everything
        new.append(len(linked(page, products) - seen))
        seen |= linked(page, products)
    each = sum(new[1:]) / len(new[1:]) if new[1:] else sum(new)
    basis = f"roughly, from the links on {len(pages)} of {len(pages) + len(unread)} listing pages"
    goes_on = any(page.css('a[rel~="next"], link[rel~="next"]') for page in pages)
    total = max(len(seen) + round(len(unread) * each), len(found.products))
    return total, False, f"{basis}, which have further pages" if goes_on else basis


def _robots(found: Observations) -> dict[str, Any]:
    """What robots.txt says to us, and who opts out of AI where."""
    host = urlsplit(found.home.url if found.home is not None else found.url).netloc
    text = found.robots.get(host)
    rules = Protego.parse((text or b"").decode("utf-8", "replace"))
    delay = rules.crawl_delay(ROBOTS_NAME)
    return {
        "allowed": not found.forbidden,
        "why": found.forbidden,
        "there": text is not None,
        "crawl_delay_s": float(delay) if delay is not None else None,
        "sitemaps": list(rules.sitemaps),
        "disallowed": found.disallowed,
        "opt_outs": {name: len(urls) for name, urls in found.opt_outs.items()},
    }


def _validators(found: Observations) -> dict[str, Any]:
    """Which answers can be asked for again cheaply."""
    feeds = [listing.answer for listing in found.listings if listing.products]

    def share(answers: Sequence[Response], name: str) -> float | None:
        return round(sum(name in answer.headers for answer in answers) / len(answers), 3) if answers else None

    shown = {
        kind: {"etag": share(answers, "ETag"), "last_modified": share(answers, "Last-Modified")}
        for kind, answers in (("pages", feeds or found.pages), ("photos", found.photos))
    }
    return shown | {"says_304": found.says_304, "cheap": bool(found.says_304)}


def _cost(found: Observations, products: int) -> dict[str, Any]:
    """What a whole crawl asks of the shop, at the pace it would be asked."""
    sample = found.products
    each = sum(len(product.image_urls) for product in sample) / len(sample) if sample else 0.0
    photos = round(products * each)
    sizes = [len(photo.body) for photo in found.photos]
    feeds = [len(listing.products) for listing in found.listings if listing.products]
    listings = math.ceil(products / max(feeds)) + 1 if feeds else len(found.listings) + len(found.unread)
    pages = 0 if feeds else products
    delay_s = max(found.options["DOWNLOAD_DELAY"], _robots(found)["crawl_delay_s"] or 0.0)
    at_once = (
        1 if _robots(found)["crawl_delay_s"] else 2
    )  # what crawlers.fetch.settings tells AutoThrottle to aim at
    waited = sorted(found.latencies)[len(found.latencies) // 2] if found.latencies else 0.0
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


def _command(found: Observations) -> str:
    """The command that crawls the shop; quoted, and made of the operator's words only."""
    words = ["vitrine", "crawl", f"{found.shop}={found.url}"]
    words += ["--contact", found.contact] if found.contact else []
    words += ["--profile", found.profile or f"{found.shop}.yaml"] if found.profile or found.draft else []
    return shlex.join(words)


def _missing(found: Observations, result: dict[str, Any]) -> list[str]:
    """What a crawl will not bring, and what it will cost to come back, as sentences."""
    if found.forbidden:
        return [f"everything: {found.forbidden}"]
    refusals = list(_refusals(found))
    if not found.products:
        reader = "its profile" if found.profile else "neither a platform nor the draft of a profile"
        return [f"everything: {reader} could read none of {len(found.pages)} sampled pages", *refusals]
    covered = result["coverage"]
    gone = [name for name in WANTED if not covered[name]]
    some = [f"{name} ({covered[name]:.0%})" for name in WANTED if 0 < covered[name] < MOSTLY]
    told = [f"no product states: {', '.join(gone)}"] if gone else []
    told += [f"not every product states: {', '.join(some)}"] if some else []
    told += refusals
    if not found.photos:
        told.append("no photo of the sample could be fetched")
    if not result["validators"]["cheap"]:
        told.append("no answer says 304: every later crawl reads every page again")
    if not result["products"]["exact"]:
        told.append(f"the number of products is an estimate ({result['products']['basis']})")
    return told


def _refusals(found: Observations) -> Iterator[str]:
    """What the shop, or the state of its pages, kept from us."""
    for reason, number in Counter(reject.reason for reject in found.rejects).items():
        yield f"{number} of what was sampled is refused: {reason}"
    if found.disallowed:
        yield f"robots.txt keeps us from {len(found.disallowed)} of the addresses tried"
    for name, urls in found.opt_outs.items():
        if urls:
            yield f"{name} is said on {len(urls)} answers, whose products or photos are left out"
    if found.unreadable:
        yield f"{len(found.unreadable)} answers could not be read, such as {found.unreadable[0]}"
