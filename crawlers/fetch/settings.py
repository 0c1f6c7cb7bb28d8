"""Scrapy's settings for one shop: who we say we are, how hard we may knock, what is bounded."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from crawlers.fetch.user_agent import ROBOTS_NAME, is_loopback, user_agent

PAGE_BYTES = 16 << 20  # a feed page of 250 products is about 2 MB
LISTING_BYTES = 50 << 20  # what a sitemap may be by its protocol
PHOTO_BYTES = 32 << 20


@dataclass(frozen=True)
class Pace:
    """How hard one shop may be knocked at, where its profile says so; None leaves it to the usual.

    delay_s   seconds between two requests to one host
    at_once   requests to one host at the same time
    """

    delay_s: float | None = None
    at_once: int | None = None


USUAL = Pace()
# What of Scrapy takes part, by name: whatever else stands in its lists is imported although it is switched off.
# Left out are its own robots.txt; the offsite filter (photos live on other hosts); proxies (one named by the
# environment would dial what the guard never saw); cookies, cache, passwords and meta refresh. Of its extensions one,
# on by default, listens on a port for code to run. Without them a crawl saves 0.7 s of imports, aiohttp and requests.
_SCRAPY_MIDDLEWARES = {
    "scrapy.downloadermiddlewares.downloadtimeout.DownloadTimeoutMiddleware": 350,
    "scrapy.downloadermiddlewares.defaultheaders.DefaultHeadersMiddleware": 400,
    "scrapy.downloadermiddlewares.useragent.UserAgentMiddleware": 500,
    "scrapy.downloadermiddlewares.retry.RetryMiddleware": 550,
    "scrapy.downloadermiddlewares.redirect.RedirectMiddleware": 600,
    "scrapy.downloadermiddlewares.stats.DownloaderStats": 850,
}

# What a crawl is made of; the numbers are places in Scrapy's row of middlewares.
_PARTS: dict[str, Any] = {
    "DOWNLOADER_MIDDLEWARES": {
        "crawlers.fetch.guard_middleware.GuardMiddleware": 90,  # before robots.txt: that is a request too
        "crawlers.fetch.robots.Robots": 100,
        "crawlers.fetch.unpacking.Unpacking": 590,  # in place of Scrapy's, which believes labels
        "crawlers.fetch.patience.Patience": 900,  # nearest to the network
    },
    "DOWNLOADER_MIDDLEWARES_BASE": _SCRAPY_MIDDLEWARES,
    "EXTENSIONS_BASE": {
        "scrapy.extensions.corestats.CoreStats": 0,
        "scrapy.extensions.throttle.AutoThrottle": 0,
    },
    "ITEM_PIPELINES": {"crawlers.state.pipeline.CrawlPipeline": 100},
    # What to ask and what was asked is the crawl's own state; Scrapy's would be lost by a kill.
    "SCHEDULER": "crawlers.state.scheduler.FrontierScheduler",
    "DUPEFILTER_CLASS": "scrapy.dupefilters.BaseDupeFilter",
    "DOWNLOAD_HANDLERS": {"data": None, "file": None, "ftp": None, "s3": None},
    "TWISTED_REACTOR": "twisted.internet.asyncioreactor.AsyncioSelectorReactor",
    "LOG_ENABLED": False,
    "LOG_INSTALL_ROOT_HANDLER": False,
    "STATS_DUMP": False,
}
_BOUNDS: dict[str, Any] = {
    "DOWNLOAD_MAXSIZE": PAGE_BYTES,
    "DOWNLOAD_WARNSIZE": 0,
    "REDIRECT_MAX_TIMES": 5,
    "SCRAPER_SLOT_MAX_ACTIVE_SIZE": 48 << 20,  # answers being worked on; beyond it nothing is fetched
    # The one layer that retries HTTP.
    "RETRY_TIMES": 2,
    "RETRY_HTTP_CODES": [429, 500, 502, 503, 504, 522, 524],
}


def settings(url: str, contact: str, pace: Pace = USUAL) -> dict[str, Any]:
    """Make the settings of a crawl of the shop at `url`; a shop on this machine needs no politeness.

    Raises InputError without a contact for any other.
    """
    here = is_loopback(urlsplit(url).hostname or "")
    at_once = pace.at_once or (16 if here else 4)
    delay_s = pace.delay_s if pace.delay_s is not None else 0 if here else 0.25
    return {
        "BOT_NAME": ROBOTS_NAME,
        "USER_AGENT": user_agent(url, contact),
        "ROBOTSTXT_OBEY": True,
        "ROBOTSTXT_USER_AGENT": ROBOTS_NAME,
        "REFERRER_POLICY": "same-origin",
        # Requests at once, and the pause between them, in s.
        "CONCURRENT_REQUESTS": max(16, at_once),
        "CONCURRENT_ITEMS": 1,  # Scrapy starts this many tasks per answer, 100 unless told; one keeps the order, too
        "CONCURRENT_REQUESTS_PER_DOMAIN": at_once,
        "DOWNLOAD_DELAY": delay_s,
        "DOWNLOAD_DELAY_JITTER": 0,  # half of the pause a person asked for is not what they asked for
        "AUTOTHROTTLE_ENABLED": not here,
        "AUTOTHROTTLE_START_DELAY": 0.5,
        "AUTOTHROTTLE_MAX_DELAY": max(30, delay_s),
        "AUTOTHROTTLE_TARGET_CONCURRENCY": 2,
        "DOWNLOAD_TIMEOUT": 15 if here else 30,
        "DOWNLOAD_VERIFY_CERTIFICATES": True,
        # After an answer such as 503, doubled each time; and how long a robots.txt that fails is asked for again.
        "VITRINE_BACKOFF_S": 0.05 if here else 2.0,
        "VITRINE_ROBOTS_PATIENCE_S": 0.5 if here else 120.0,
        **_BOUNDS,
        **_PARTS,
    }
