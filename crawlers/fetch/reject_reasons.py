"""From what Scrapy raises to the reason a reject row gives."""

import socket

from scrapy import exceptions
from scrapy.spidermiddlewares.httperror import HttpError

from crawlers.fetch.guard import AddressRefused
from crawlers.fetch.patience import HostBusy
from crawlers.fetch.robots import RobotsForbid
from crawlers.fetch.unpacking import CutAnswerError

_REASONS: tuple[tuple[type[BaseException], str], ...] = (
    (RobotsForbid, "robots"),
    (HostBusy, "busy"),
    (AddressRefused, "address"),
    (exceptions.UnsupportedURLSchemeError, "address"),
    (exceptions.NotSupported, "address"),
    (exceptions.DownloadTimeoutError, "timeout"),
    (exceptions.DownloadCancelledError, "too_large"),  # raised by the size bound and by nothing else here
)
_WORDS: tuple[tuple[type[BaseException], str], ...] = (
    (exceptions.DownloadConnectionRefusedError, "connection refused"),
    (exceptions.CannotResolveHostError, "the host name does not resolve"),
    (exceptions.DownloadTimeoutError, "no answer in time"),
    (exceptions.ResponseDataLossError, "the connection was cut"),
    (exceptions.DownloadFailedError, "the connection was cut"),
)


def reject_reason_of(error: BaseException | None) -> tuple[str, str]:
    """Return reason (one of schemas.reject.REASONS) and detail for a request that got no usable answer."""
    if isinstance(error, HttpError):  # what Scrapy's spider middleware makes of any status but 2xx
        status = error.response.status
        if 300 <= status < 400:  # Scrapy follows none that leads out of the web
            return "address", f"status {status}, leading to no address that is fetched"
        return ("http_5xx" if status >= 500 else "busy" if status == 429 else "http_4xx"), f"status {status}"
    if type(error) is exceptions.IgnoreRequest:  # Scrapy's own; robots.txt and the guard raise kinds of it
        if "redirection" in str(error):
            return "out_of_bounds", str(error)
        return "too_large", "unpacks to more bytes than allowed"
    if isinstance(error, CutAnswerError):
        return "connection", str(error)
    reason = next((reason for kind, reason in _REASONS if isinstance(error, kind)), "connection")
    words = next((words for kind, words in _WORDS if isinstance(error, kind)), "")
    if isinstance(error, socket.gaierror):  # of the guard's look-up
        words = "the host name does not resolve"
    return reason, words or str(error) or type(error).__name__
