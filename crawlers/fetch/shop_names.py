"""Who is asked: a shop's name and address, as people write them. No Scrapy here."""

import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from crawlers.fetch.user_agent import user_agent
from schemas.errors import UsageError

_SHOP = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_PORTS = {"http": 80, "https": 443}


def shop_name(name: str) -> str:
    """Return a shop's name as it may stand in product ids; raises UsageError for any other."""
    if not _SHOP.fullmatch(name):
        raise UsageError(f"shop name {name!r}", "use letters, digits, dots, dashes and underscores")
    return name


def named_shop(given: str) -> tuple[str, str]:
    """Read name and address from `URL` or `name=URL`; the default name is the host, `-port` behind an unusual one.

    Raises UsageError for what is no http(s) address.
    """
    name, separator, url = given.partition("=")
    if separator and not name:
        raise UsageError(given, "has no name in front of `=`; write name=URL, or the address alone")
    if not separator or "/" in name:
        name, url = "", given
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise UsageError(given, f"not an address ({error})") from error
    if parts.scheme not in _PORTS or not host:
        raise UsageError(
            given, "not an http(s) address; write https://shop.example or name=https://shop.example"
        )
    if "@" in parts.netloc:
        raise UsageError(given, "user names in addresses are not supported")
    usual = port is None or port == _PORTS[parts.scheme]
    default = re.sub(r"[^A-Za-z0-9._-]", "-", host if usual else f"{host}-{port}").lstrip("-._")
    return shop_name(name or default), url


def shops_of(given: Sequence[str], contact: str) -> list[tuple[str, str]]:
    """Read name and address of several shops, as `named_shop` reads each.

    Raises UsageError for none and for a name given twice, InputError without contact for a shop not on this machine.
    """
    if not given:
        raise UsageError("crawl", "no shop named")
    shops = [named_shop(each) for each in given]
    names = [name for name, _ in shops]
    for name, url in shops:
        user_agent(url, contact)
        if names.count(name) > 1:
            raise UsageError(f"shop name {name!r}", "is given twice; write name=URL to tell them apart")
    return shops
