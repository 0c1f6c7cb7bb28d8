"""How much a doctor may ask: a downloader middleware that counts, and holds the one too many back."""

from urllib.parse import urlsplit

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response

from crawlers.doctor.observations import Observations

MOST_REQUESTS = 29


class RequestBudget:
    """Counts every request that leaves, robots.txt and retries too; the one too many stays."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> "RequestBudget":
        """Scrapy's way to make one."""
        return cls(crawler)

    def process_request(self, request: Request) -> None:
        """Raises IgnoreRequest once all requests are spent."""
        findings = self._findings()
        if findings.requests >= MOST_REQUESTS:
            raise IgnoreRequest("enough was asked")
        findings.requests += 1

    def process_response(self, request: Request, response: Response) -> Response:
        """Keep what robots.txt says: Scrapy keeps it to itself."""
        first = urlsplit((request.meta.get("redirect_urls") or [request.url])[0])
        if first.path == "/robots.txt" and response.status < 300:
            self._findings().robots[first.netloc] = response.body
        return response

    def _findings(self) -> Observations:
        findings: Observations = self._crawler.spider.findings  # type: ignore[union-attr]
        return findings
