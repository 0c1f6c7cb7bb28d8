"""Who asks: our User-Agent, and which hosts are this machine. No Scrapy here."""

import ipaddress
from importlib.metadata import PackageNotFoundError, version
from urllib.parse import urlsplit

from schemas.errors import InputError

ROBOTS_NAME = "vitrine"


def is_loopback(host: str) -> bool:
    """Whether a host name means this machine, without asking DNS."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def user_agent(url: str, contact: str) -> str:
    """Return `vitrine/<version> (+<contact>)`. Raises InputError without contact for a shop not on this machine."""
    try:
        name = f"{ROBOTS_NAME}/{version('vitrine')}"
    except PackageNotFoundError:
        name = f"{ROBOTS_NAME}/0"
    contact = contact.strip()
    if not contact:
        if is_loopback(urlsplit(url).hostname or ""):
            return name
        why = "a shop must be able to reach us: give --contact with a mail address or a page about your crawl"
        raise InputError("contact", why)
    if not contact.isprintable() or not contact.isascii() or ("@" not in contact and "://" not in contact):
        raise InputError("contact", f"{contact!r} is neither a mail address nor the address of a page")
    return f"{name} (+{contact})"
