"""30,000 seeded mutations of every saved page, of every platform, through product() and listing().

Prints how many cases and exceptions there were, the time per case and the slowest of them (goal: under 1 s for
1 MB); then the time per kind of page as it was saved, and on pages of the size shops have. Ends with 1 when anything
but the documented ValueError was raised, a product came out that no row can hold, or a case took longer than a crawl
can wait.
"""

import argparse
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from scrapy.http import HtmlResponse, Response, TextResponse, XmlResponse

from crawlers.discover.visit import Found, Visit
from crawlers.platforms import Platform, Shop, load
from schemas.product import Product

PAGES = Path(__file__).resolve().parents[1] / "crawlers" / "pages"
SITEMAP = (
    b'<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">'
    b"<url><loc>https://shop.example/products/a</loc><lastmod>2026-01-02</lastmod></url>"
    b"<url><loc>https://shop.example/products/b?x=1&amp;y=2</loc></url></urlset>"
)
TYPES = (b"Product", b"Offer", b"ItemList", b"ProductGroup", b"BreadcrumbList", b"ImageObject", b"Thing", b"")
NASTY = (b"\x00", b"\xff", b"\x1b[31m", b'"', b"'", b"{", b"}", b"[", b"]", b",", b"<", b"</script>", b"&#0;")
SLOWEST_S = 5.0


@dataclass(frozen=True)
class Page:
    """One saved page, and the shop it is of."""

    platform: str
    case: str
    url: str
    body: bytes
    kind: type[TextResponse]
    profile: str = ""


@dataclass(frozen=True)
class Outcome:
    """What became of one mutated page; `fault` says what should not have happened."""

    page: Page
    seconds: float
    end: str
    fault: str = ""
    size: int = 0


def saved_pages() -> list[Page]:
    """Every saved page of every platform, and one sitemap."""
    pages = [
        Page("structured", "sitemap", "https://shop.example/sitemap.xml", SITEMAP, XmlResponse),
    ]
    for place in sorted(path.parent for path in PAGES.glob("*/*/url.txt")):
        file = next(place / name for name in ("page.json", "page.html") if (place / name).exists())
        profile = str(place / "profile.yaml") if (place / "profile.yaml").exists() else ""
        kind = TextResponse if file.suffix == ".json" else HtmlResponse
        url = (place / "url.txt").read_text().strip()
        pages.append(Page(place.parent.name, place.name, url, file.read_bytes(), kind, profile))
    return pages


def _flipped(body: bytearray, dice: random.Random) -> bytes:
    for _ in range(dice.randint(1, 40)):
        body[dice.randrange(len(body))] ^= 1 << dice.randrange(8)
    return bytes(body)


def _cut(body: bytearray, dice: random.Random) -> bytes:
    return bytes(body[: dice.randrange(len(body))])


def _hole(body: bytearray, dice: random.Random) -> bytes:
    start = dice.randrange(len(body))
    del body[start : start + dice.randint(1, 200)]
    return bytes(body)


def _doubled(body: bytearray, dice: random.Random) -> bytes:
    start = dice.randrange(len(body))
    block = body[start : start + dice.randint(1, 2_000)]
    at = dice.randrange(len(body))
    return bytes(body[:at] + block * dice.randint(1, 20) + body[at:])


def _types_swapped(body: bytearray, dice: random.Random) -> bytes:
    return bytes(body).replace(dice.choice(TYPES[:-1]), dice.choice(TYPES))


def _nested(body: bytearray, dice: random.Random) -> bytes:
    opening = dice.choice(
        (b"<div>", b"[", b'{"@graph":', b"<i itemprop=name itemscope itemtype=Product>", b"<table><td>")
    )
    at = dice.randrange(len(body))
    return bytes(body[:at] + opening * dice.choice((10, 300, 5_000)) + body[at:])


def _values_swapped(body: bytearray, dice: random.Random) -> bytes:
    """JSON values of another type than any reader expects."""
    values = (
        b"null",
        b"[]",
        b"{}",
        b"-1e999",
        b"true",
        b'[[["a"]]]',
        b'{"@id":"#a"}',
        b"1" * 400,
        b'"\\ud800"',
    )
    parts = bytes(body).split(b'"')
    for _ in range(dice.randint(1, 5)):
        at = dice.randrange(len(parts))
        parts[at] = dice.choice(values) if dice.random() < 0.5 else b'":' + dice.choice(values) + b',"'
    return b'"'.join(parts)


def _nasty(body: bytearray, dice: random.Random) -> bytes:
    for _ in range(dice.randint(1, 30)):
        at = dice.randrange(len(body))
        body[at:at] = dice.choice(NASTY)
    return bytes(body)


MUTATIONS: tuple[Callable[[bytearray, random.Random], bytes], ...] = (
    _flipped, _cut, _hole, _doubled, _types_swapped, _nested, _values_swapped, _nasty,
)  # fmt: skip


def outcomes(cases: int, seed: int = 0) -> Iterator[Outcome]:
    """Mutated pages, read; the same for one seed, so that a shorter run is the beginning of a longer one."""
    dice = random.Random(seed)
    pages = saved_pages()
    for case in range(cases):
        page = pages[case % len(pages)]
        body = page.body
        for _ in range(dice.randint(1, 3)):
            body = dice.choice(MUTATIONS)(bytearray(body or b" "), dice)
        yield read(page, body)


def read(page: Page, body: bytes) -> Outcome:
    """One page through both readings of its platform."""
    platform = load(page.platform, Shop("acme", "https://shop.example/", profile=page.profile))
    begun = time.process_time()
    end, fault = "", ""
    for name in ("product", "listing"):
        answer = page.kind(page.url, body=body, encoding="utf-8")
        try:
            found = list(_reading(platform, name)(answer))
        except ValueError:
            end = end or "ValueError"
        except Exception as error:
            fault = f"{name}: {type(error).__name__}: {error}"
        else:
            fault = fault or next(filter(None, map(_fault_of, found)), "")
            end = (
                "product"
                if any(isinstance(item, Product) for item in found)
                else end or ("other" if found else "")
            )
    seconds = time.process_time() - begun
    if seconds > SLOWEST_S:
        fault = fault or f"took {seconds:.1f} s"
    return Outcome(page, seconds, end or "nothing", fault, len(body))


def _reading(platform: Platform, name: str) -> Callable[[Response], Iterator[Found]]:
    reading: Callable[[Response], Iterator[Found]] = getattr(platform, name)
    return reading


def _fault_of(item: Found) -> str:
    """Why something that was read could not be stored."""
    if isinstance(item, Visit):
        return "" if item.url.startswith("http") else f"an address that is none: {item.url!r}"
    if not isinstance(item, Product):
        return ""
    texts = [
        item.product_id,
        item.title,
        item.brand,
        item.colour,
        *item.categories,
        *item.tags,
        *item.image_urls,
    ]
    if not item.title or len(item.image_urls) != len(item.image_views):
        return f"an incomplete product: {item}"
    if any(not text.isprintable() and set(text) & set(map(chr, range(32))) for text in texts):
        return f"control characters in {texts!r}"
    "".join(texts).encode()
    item.content_hash()
    return ""


def padded(page: Page, size: int) -> bytes:
    """The page with as much of the rest of a shop around it as makes it `size` bytes."""
    row = b'<li class="item"><a href="/c/x%d"><span class="name">Category %d</span></a></li>\n'
    rows = b"".join(row % (n, n) for n in range(max(0, size - len(page.body)) // 85))
    head, mark, tail = page.body.partition(b"</body>")
    return head + b"<ul>" + rows + b"</ul>" + mark + tail


def timings(sizes: tuple[int, ...], rounds: int = 15) -> Iterator[tuple[str, int, float, float]]:
    """Kind of page, bytes, median ms of CPU of product() with the parsing of the page, and without."""
    kinds = {
        "plain": "JSON-LD",
        "md_plain": "microdata",
        "og_product": "OpenGraph",
        "merged_three_markups": "all three",
    }
    kinds |= {"no_product_on_the_page": "no product", "md_category_page": "a list of products"}
    pages = {page.case: page for page in saved_pages() if page.platform == "structured"}
    platform = load("structured", Shop("acme", "https://shop.example/"))
    for case, kind in kinds.items():
        for size in sizes:
            body, whole, after = padded(pages[case], size), [], []
            for _ in range(rounds):
                answer = HtmlResponse(pages[case].url, body=body, encoding="utf-8")
                begun = time.thread_time()
                answer.selector.root  # noqa: B018 - builds the tree
                parsed = time.thread_time()
                list(platform.product(answer))
                whole.append(time.thread_time() - begun)
                after.append(time.thread_time() - parsed)
            yield kind, len(body), median(whole) * 1e3, median(after) * 1e3


def main() -> int:
    """Run, print, and say by the exit code whether anything went wrong."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--cases", type=int, default=30_000)
    options.add_argument("--seed", type=int, default=0)
    given = options.parse_args()
    ends: Counter[str] = Counter()
    times: list[float] = []
    faults: list[Outcome] = []
    slowest = (0, Outcome(Page("", "", "", b"", TextResponse), 0.0, ""))
    begun = time.perf_counter()
    for number, outcome in enumerate(outcomes(given.cases, given.seed)):
        ends[outcome.end] += 1
        times.append(outcome.seconds * 1e3)
        slowest = max(slowest, (number, outcome), key=lambda case: case[1].seconds)
        if outcome.fault:
            faults.append(outcome)
    times.sort()
    print(
        f"{given.cases} cases of {len(saved_pages())} pages, seed {given.seed}: {len(faults)} faults (goal 0),"
        f" {time.perf_counter() - begun:.0f} s"
    )
    print("ends: " + ", ".join(f"{name} {count}" for name, count in ends.most_common()))
    p99 = times[int(len(times) * 0.99)]
    print(f"ms per case (both readings): median {median(times):.2f}, p99 {p99:.1f}, max {times[-1]:.0f}")
    number, slow = slowest
    print(
        f"slowest: case {number}, {slow.page.platform}/{slow.page.case},"
        f" {slow.size / 1e6:.3f} MB in {slow.seconds:.2f} s (goal under 1 s for 1 MB)"
    )
    for outcome in faults[:20]:
        print(f"  {outcome.page.platform}/{outcome.page.case}: {outcome.fault[:300]}")
    print("ms of CPU per page, parsing included, and after it (goal 10 in all):")
    for kind, size, whole, after in timings((30_000, 100_000, 170_000)):
        print(f"  {kind:18} {size / 1e3:6.0f} kB {whole:7.2f} {after:7.2f}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
