"""A crawl beside a bare Scrapy spider on the same server: pages, photos, extraction, memory.

Both ask the same server process (tests/bench/served/shop.py) in turn, each from a process of its own, with
the same settings for concurrent requests, delay and robots.txt. The bare spider does nothing with what it
gets; `lean` is the same with CONCURRENT_ITEMS = 1, as vitrine has it, which spares Scrapy 99 tasks per answer;
`pipeline` is Scrapy's own ImagesPipeline, which decodes photos and stores files. Goals:
pages/s at least 0.80 and photos/s at least 0.87 of the bare spider's, extraction at most 10 ms per page, the memory
of a crawl of 100,000 products at most 1.3 times that of one of 1,000. Nothing here judges; it prints.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import scrapy
from scrapy import Request, Spider
from scrapy.crawler import AsyncCrawlerProcess
from scrapy.http import HtmlResponse, TextResponse

from crawlers.fetch.settings import settings
from crawlers.platforms import Shop, load
from flows.crawl.crawl_subprocess import FRUGAL
from flows.parameters.crawl import CrawlParameters
from infra.lake import Lake
from tests.bench.served.shop import MARKUPS, page, photo_address, shopify, woocommerce

ROOT = Path(__file__).resolve().parents[2]
PRODUCTS, FEED, ROUNDS = 3_000, 10_000, 5
PHOTO, SMALL = 400, 96  # longer side in px: 25 to 36 KB, and 3 KB
SHARED = ("USER_AGENT", "ROBOTSTXT_OBEY", "CONCURRENT_REQUESTS", "CONCURRENT_REQUESTS_PER_DOMAIN", "DOWNLOAD_DELAY",
          "AUTOTHROTTLE_ENABLED", "EXTENSIONS_BASE",
          "LOG_ENABLED", "STATS_DUMP", "TWISTED_REACTOR")  # fmt: skip
PROFILE = """
urls: {product: ^/products/}
fields:
  title: .title
  product_id: .sku
  price: .price
  description: .text
  images: .photo
"""


@dataclass(frozen=True)
class Stage:
    """One stage of a crawl: answers, seconds from its start to its end, CPU milliseconds per answer."""

    answers: int
    seconds: float
    cpu_ms: float

    @property
    def rate(self) -> float:
        return self.answers / self.seconds


@dataclass(frozen=True)
class Ran:
    """One crawl: its stages, seconds and highest memory of its processes, and its result."""

    page: Stage
    image: Stage
    seconds: float
    peak_mb: float
    result: dict[str, Any]


@contextmanager
def compiled() -> Iterator[None]:
    """Every process finds its modules compiled, as where vitrine is installed."""
    with tempfile.TemporaryDirectory() as cache:
        os.environ["PYTHONPYCACHEPREFIX"] = cache
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        with served("pages", 20) as base:
            crawl(base)
            bare(base, [photo_address(base, 1)], "pipeline")
        yield


@contextmanager
def served(kind: str, products: int, side: int = PHOTO) -> Iterator[str]:
    """A shop in a process of its own; its address."""
    command = [sys.executable, str(ROOT / "tests/bench/served/shop.py"), kind, str(products), str(side)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.kill()


def crawl(base: str) -> Ran:
    """The process that `vitrine crawl` starts, on an empty lake."""
    with tempfile.TemporaryDirectory() as folder:
        lake = Lake(folder)
        parameters = CrawlParameters(lake=lake.root).recorded() | {"shop": "bench", "url": base}
        run = lake.begin("crawl", "crawl", "bench", parameters=parameters)
        request = parameters | {
            "do": "crawl",
            "lake": lake.root,
            "folder": run.folder,
            "state": f"{run.folder}/state.db",
            "started_at": run.started_at.isoformat(),
            "previous": None,
        }
        begun = time.monotonic()
        process = subprocess.Popen(
            [sys.executable, "-m", "flows.crawl.crawl_process"], cwd=ROOT, text=True, env=os.environ | FRUGAL,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        assert process.stdin is not None and process.stdout is not None
        with process.stdin as stdin:
            stdin.write(json.dumps(request) + "\n")
        told: dict[str, list[tuple[float, float, int]]] = {"page": [], "image": []}
        message: dict[str, Any] = {}
        beside_mb = 0.0
        for line in process.stdout:
            message = json.loads(line)
            if news := message.get("progress"):
                beside_mb = max(beside_mb, _peak_mb(process.pid))
                told[news["stage"]].append((time.monotonic(), _cpu_s(process.pid), news["done"]))
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        assert "done" in message, message
        done, whole = message["done"], time.monotonic() - begun
        image_s = told["image"][-1][0] - told["page"][-1][0]
        page, image = _stage(told["page"], done["seconds"]["page"]), _stage(told["image"], image_s)
        return Ran(page, image, whole, used.ru_maxrss / 1024 + beside_mb, done["result"])


def _stage(told: list[tuple[float, float, int]], seconds: float) -> Stage:
    """Rate over the whole stage; CPU from its first word of progress to its last, without what is loaded before."""
    (_, before, first), (_, after, last) = told[0], told[-1]
    return Stage(last, seconds, (after - before) * 1e3 / max(last - first, 1))


def _cpu_s(pid: int) -> float:
    """User and system seconds of a process, its threads, and the process that reads for it."""
    ticks = 0
    for process in (pid, *_children(pid)):
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _peak_mb(pid: int) -> float:
    """Highest memory so far of a process's children, what they share with it counted again."""
    peak_kb = 0
    for child in _children(pid):
        status = Path(f"/proc/{child}/status").read_text()
        peak_kb += (
            int(status.partition("VmHWM:")[2].split()[0]) if "VmHWM" in status else 0
        )  # it may have ended
    return peak_kb / 1024


class Bare(Spider):
    """Asks and does nothing; `cpu` is how much of it was used at the first answer, `answers` their number."""

    name = "bare"

    def __init__(self, addresses: list[str], as_items: bool) -> None:
        super().__init__()
        self.addresses, self.as_items = addresses, as_items
        self.cpu, self.answers = 0.0, 0

    async def start(self) -> Any:
        for url in self.addresses:
            yield {"image_urls": [url]} if self.as_items else Request(url)

    def parse(self, response: Any) -> None:
        self.cpu = self.cpu or time.process_time()
        self.answers += 1


def bare(base: str, addresses: list[str], how: str = "plain") -> Stage:
    """A bare spider in a process of its own; `how` is plain, lean or pipeline, see above."""
    command = [sys.executable, __file__, "--bare", how, base]
    done = subprocess.run(command, input=json.dumps(addresses), stdout=subprocess.PIPE, text=True, check=True)
    stage = Stage(*json.loads(done.stdout))
    assert stage.answers == len(addresses)
    return stage


def run_bare(how: str, base: str) -> None:
    """The other side of `bare`: addresses on stdin, a Stage on stdout."""
    ours, addresses = settings(base, ""), json.load(sys.stdin)
    with tempfile.TemporaryDirectory() as folder:
        options = {name: ours[name] for name in SHARED} | {"IMAGES_STORE": folder, "COOKIES_ENABLED": False}
        if how == "pipeline":
            options |= {"ITEM_PIPELINES": {"scrapy.pipelines.images.ImagesPipeline": 1}}
        elif how == "lean":
            options["CONCURRENT_ITEMS"] = 1
        begun = time.monotonic()
        process = AsyncCrawlerProcess(options)
        crawler = process.create_crawler(Bare)
        process.crawl(crawler, addresses=addresses, as_items=how == "pipeline")
        process.start()
        seconds, spider = time.monotonic() - begun, crawler.spider
        assert isinstance(spider, Bare) and crawler.stats is not None
        answers = spider.answers or crawler.stats.get_value("file_count", 0)
        print(json.dumps([answers, seconds, (time.process_time() - spider.cpu) * 1e3 / len(addresses)]))


def speeds(rounds: int) -> None:
    """Pages, photos and feed products, in turn with the bare spider's."""
    found: dict[str, list[Stage]] = {}

    def note(name: str, stage: Stage) -> None:
        found.setdefault(name, []).append(stage)

    with served("pages", PRODUCTS) as base, served("feed", FEED, SMALL) as feed:
        pages = [f"{base}/products/item-{n:07d}" for n in range(PRODUCTS)]
        photos = [photo_address(base, n) for n in range(PRODUCTS)]
        feeds = [f"{feed}/products.json?limit=250&page={n}" for n in range(1, FEED // 250 + 2)]
        for _ in range(rounds):
            for how in ("plain", "lean"):
                note(f"{how} pages", bare(base, pages, how))
            ran = crawl(base)
            assert ran.result["products"] == ran.result["images_new"] == PRODUCTS, ran.result
            note("pages", ran.page)
            note("photos", ran.image)
            for how in ("plain", "lean", "pipeline"):
                note(f"{how} photos", bare(base, photos, how))
            note("products", crawl(feed).page)
            fed = bare(feed, feeds)
            note("plain products", Stage(FEED, fed.seconds, fed.cpu_ms * fed.answers / FEED))
    for name, stages in found.items():
        rates, cpu = [stage.rate for stage in stages], median(stage.cpu_ms for stage in stages)
        print(
            f"  {name:16} {median(rates):7.0f} /s ({min(rates):.0f} to {max(rates):.0f}), CPU {cpu:.2f} ms each"
        )
    for theirs in (name for name in found if " " in name):
        pairs = list(zip(found[theirs.split()[1]], found[theirs], strict=True))
        ratios = [ours.rate / other.rate for ours, other in pairs]
        cpu = median(other.cpu_ms / ours.cpu_ms for ours, other in pairs)
        spread = f"{min(ratios):.2f} to {max(ratios):.2f}"
        print(f"  ratio to {theirs:16} {median(ratios):.2f} ({spread}), by CPU {cpu:.2f}")


def extraction(rounds: int = 40) -> None:
    """CPU milliseconds per page or feed entry, the parsing of the answer included."""
    print(f"extraction, ms of CPU, median of {rounds} readings (goal 10 per page)")
    base = "http://shop.example"
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as profile:
        profile.write(PROFILE)
        profile.flush()
        shop = Shop("bench", f"{base}/", profile=profile.name)
        feeds = {"shopify": {"products": [shopify(n, base) for n in range(250)]}}
        for name, feed in (feeds | {"woocommerce": [woocommerce(n, base) for n in range(100)]}).items():
            body = json.dumps(feed).encode()
            feed_page = partial(TextResponse, f"{base}/feed?page=1", body=body, encoding="utf-8")
            ms, found = timed(load(name, shop).listing, feed_page, rounds)
            count = len(found) - 1  # the last is the next page
            print(
                f"  {name:12} {len(body) / count / 1e3:6.1f} kB per product        {ms / count:5.2f} per product"
            )
        for markup in MARKUPS:
            name, what = ("profile", "CSS selectors") if markup == "none" else ("structured", markup)
            for size in (30_000, 170_000):
                body = page(7, base, markup, size)
                answer = partial(HtmlResponse, f"{base}/products/item-0000007", body=body)
                ms, found = timed(load(name, shop).product, answer, rounds)
                assert len(found) == 1 and found[0].price is not None
                print(f"  {name:12} {len(body) / 1e3:6.1f} kB {what:18} {ms:5.2f} per page")


def timed(read: Callable[[Any], Any], answer: Callable[[], Any], rounds: int) -> tuple[float, list[Any]]:
    """Median milliseconds of CPU of this thread, and what was read."""
    spent, found = [], []
    for _ in range(rounds):
        begun = time.thread_time()
        found = list(read(answer()))
        spent.append((time.thread_time() - begun) * 1e3)
    return median(spent), found


def memory(sizes: tuple[int, ...], side: int) -> None:
    """Highest memory of whole crawls, a distinct photo of each product included."""
    print(
        f"highest memory (RSS), a page and a photo of {side} px per product (goal: at most 1.3 times the first)"
    )
    first = 0.0
    for products in sizes:
        with served("pages", products, side) as base:
            ran = crawl(base)
        assert ran.result["products"] == ran.result["images_new"] == products, ran.result
        first = first or ran.peak_mb
        rest = ran.seconds - ran.page.seconds - ran.image.seconds
        rates = f"{ran.page.rate:.0f} pages/s, {ran.image.rate:.0f} photos/s, start and tables {rest:.0f} s"
        print(
            f"  {products:8,} products {ran.peak_mb:6.0f} MB, {ran.peak_mb / first:.2f} times; {rates}",
            flush=True,
        )


def main() -> None:
    """Everything, or one part."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--quick", action="store_true", help="memory at 1,000 and 10,000 products only")
    options.add_argument("--only", choices=("speeds", "extraction", "memory"))
    options.add_argument("--rounds", type=int, default=ROUNDS)
    options.add_argument("--side", type=int, default=SMALL, help="px of the photos of the memory part")
    options.add_argument("--bare", nargs=2, help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.bare:
        run_bare(*given.bare)
        return
    load_now = f"load {os.getloadavg()[0]:.1f}"
    print(
        f"{os.cpu_count()} cores, {load_now}, Python {platform.python_version()}, Scrapy {scrapy.__version__}"
    )
    with compiled():
        if given.only in (None, "speeds"):
            print(f"speeds, median (least to most) of {given.rounds} rounds of {PRODUCTS:,} pages and photos")
            speeds(given.rounds)
        if given.only in (None, "extraction"):
            extraction()
        if given.only in (None, "memory"):
            memory((1_000, 10_000) if given.quick else (1_000, 10_000, 100_000), given.side)


if __name__ == "__main__":
    main()
