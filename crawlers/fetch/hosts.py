"""What one crawl has learnt of the hosts that it asks: their robots.txt, their Crawl-delay, how long they rest.

One object for both stages of a crawl: a host that asked for two seconds between requests is not asked at once
because its pages are done and its photos begin.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

LONGEST_WAIT_S = (
    300.0  # a Crawl-delay or Retry-After beyond it is no pace for a crawl: the host is left alone
)
ROBOTS_HOLD_S = 24 * 3600.0  # RFC 9309, 2.4
FAILURE_HOLDS_S = 600.0


@dataclass
class Hosts:
    """The hosts of one crawl; a host is a name without a port, a netloc one with it, which has its own robots.txt.

    clock     seconds that only grow
    parsers   by netloc what robots.txt allows; Scrapy's, see crawlers.fetch.robots.Robots
    read_at   by netloc when it was read, in s of the clock
    failures  by netloc what kept it from being read, and until when that stands
    sitemaps  by netloc those that it names
    outdated  by netloc the parser of one that is being asked for anew
    delays    by host the seconds that its robots.txt asks for between two requests
    """

    clock: Callable[[], float] = time.monotonic
    parsers: dict[str, Any] = field(default_factory=dict)
    read_at: dict[str, float] = field(default_factory=dict)
    failures: dict[str, tuple[Exception, float]] = field(default_factory=dict)
    outdated: dict[str, Any] = field(default_factory=dict)
    sitemaps: dict[str, list[str]] = field(default_factory=dict)
    delays: dict[str, float] = field(default_factory=dict)
    _heard_at: dict[str, float] = field(default_factory=dict)
    _quiet_until: dict[str, float] = field(default_factory=dict)

    def note_answer(self, host: str) -> None:
        """Count the delay of a host from now on: it has just answered, so the request reached it before."""
        self._heard_at[host] = self.clock()

    def leave_alone(self, host: str, seconds: float) -> None:
        """Ask a host nothing for so long, whichever page it is; a shorter word takes a longer one not back."""
        self._quiet_until[host] = max(self._quiet_until.get(host, 0.0), self.clock() + seconds)

    def wait_s(self, host: str) -> float:
        """Return how long a host is to be left alone from now on, in s; 0 or less where it may be asked."""
        next_at = self._heard_at[host] + self.delays.get(host, 0.0) if host in self._heard_at else 0.0
        return max(next_at, self._quiet_until.get(host, 0.0)) - self.clock()

    def most_at_once(self, netloc: str, usual: int) -> int:
        """Return how many requests of a host are worth having in hand: one of it where each waits for the last."""
        host = host_of(f"//{netloc}")
        return 1 if host in self.delays or self._quiet_until.get(host, 0.0) > self.clock() else usual

    def slow(self) -> list[str]:
        """Say in a line each which hosts asked for so much time that a person wonders what the crawl waits for."""
        return [
            f"robots.txt of {host} asks for {delay:,g} s between two requests; they are kept"
            for host, delay in self.delays.items()
            if delay > 30
        ]


def host_of(url: str) -> str:
    """Return the name of the host that an address names, as Scrapy spells it; empty for none."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
