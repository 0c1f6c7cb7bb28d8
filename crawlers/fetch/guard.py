"""Which addresses may be dialled: http(s) to public hosts, and the one host:port the operator named.

A shop's page can name any address, redirect to any address, and its DNS can answer with any
address. So each (host, port) is judged before every request to it, on everything its name resolves
to, and the connection is made to exactly the addresses that were judged: `PinnedResolver` knows no
others, which also leaves a name that changes its answer between check and dial no chance. A name is
resolved anew every ten minutes, since shops move within the days that a crawl may take.
A redirect is a request of its own to Scrapy and passes the middleware (guard_middleware.py) like any other.
"""

import asyncio
import ipaddress
import re
import socket
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import SplitResult, urlsplit

import idna
from scrapy.exceptions import IgnoreRequest
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.interfaces import IHostnameResolver, IHostResolution
from zope.interface import implementer

Resolve = Callable[[str, int], Awaitable[list[str]]]
RESOLVED_FOR_S = 600.0
_PORTS = {"http": 80, "https": 443}
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
# All of IPv6 that is given out; what wraps an IPv4 address lies around it.
_UNICAST = ipaddress.ip_network("2000::/3")
# is_global lets a few of these through, as IANA's table does.
_PROTOCOL = ipaddress.ip_network("192.0.0.0/24")
_NUMERIC = re.compile(r"(?:.*\.)?(?:\d+|0x[0-9a-f]*)")  # as browsers do: a last label like this makes it IPv4
_NAME = re.compile(r"(?=.{1,253}$)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*")


class AddressRefused(IgnoreRequest):
    """An address that is not fetched: `str(error)` says why."""


def is_public(address: str) -> bool:
    """Whether an IP address is one of the open internet, also where IPv6 wraps an IPv4 address."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.scope_id or ip.teredo:
            return False
        wrapped = ip.ipv4_mapped or ip.sixtofour
        if ip in _NAT64:
            wrapped = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if wrapped is not None:
            return is_public(str(wrapped))
        if ip not in _UNICAST:
            return False
    return ip.is_global and not ip.is_multicast and ip not in _PROTOCOL


async def system_resolve(host: str, port: int) -> list[str]:
    """Return every address the system's resolver knows for a host; raises OSError where it knows none."""
    entries = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in entries))


@dataclass(frozen=True)
class Pinned:
    """What a host resolved to; `private` is the first of its addresses that is no public one."""

    addresses: list[str]
    private: str
    until: float


class Guard:
    """Judges addresses for one process.

    named    addresses (URLs) the operator gave: their host:port may be private
    resolve  how names become IP addresses
    clock    seconds that only grow
    """

    def __init__(
        self,
        named: Sequence[str] = (),
        resolve: Resolve = system_resolve,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.named = {_host_port(url) for url in named}
        self._resolve, self._clock = resolve, clock
        self.pinned: dict[str, Pinned] = {}

    async def check(self, url: str) -> None:
        """Return if `url` may be fetched; raises AddressRefused, or OSError for a name that does not resolve."""
        host, port = _host_port(url)
        if host not in self.pinned or self.pinned[host].until <= self._clock():
            self.pinned[host] = await self._pin(host, port)
        if self._is_refused(host, port):
            why = f"{host}:{port} is {self.pinned[host].private}, not an address of the open internet"
            raise AddressRefused(why)

    def addresses(self, host: str, port: int) -> list[str]:
        """Return what a host that was judged may be dialled at on a port; nothing where it may not."""
        # Judged once more: its name may have been resolved anew, for another port, since the request was let through.
        return self.pinned[host].addresses if host in self.pinned and not self._is_refused(host, port) else []

    def _is_refused(self, host: str, port: int) -> bool:
        return bool(self.pinned[host].private) and (host, port) not in self.named

    async def _pin(self, host: str, port: int) -> Pinned:
        """Resolve a host. While the resolver itself is out of order what it said last stands; raises OSError else."""
        until, literal = self._clock() + RESOLVED_FOR_S, _literal(host)
        try:
            addresses = [literal] if literal else await self._resolve(host, port)
        except socket.gaierror as error:
            if error.errno != socket.EAI_AGAIN or host not in self.pinned:
                raise
            return replace(self.pinned[host], until=until)
        private = next((address for address in addresses if not is_public(address)), "")
        return Pinned(addresses, private, until)


def _host_port(url: str) -> tuple[str, int]:
    """Return whom a URL names: the host in the one spelling that is judged, pinned and dialled, and its port."""
    try:
        parts: SplitResult = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise AddressRefused(f"malformed address ({error})") from error
    if parts.scheme not in _PORTS:
        raise AddressRefused(f"scheme {parts.scheme or 'missing'!r} is not fetched")
    if not host or "@" in parts.netloc:
        raise AddressRefused("malformed address (user name in it)" if host else "malformed address (no host)")
    if port == 0:
        raise AddressRefused("malformed address (port 0)")
    return _spelt(host), port if port is not None else _PORTS[parts.scheme]


def _spelt(host: str) -> str:
    """Spell a host in lower-case ASCII without a last dot; raises AddressRefused for what is neither name nor IP."""
    try:
        if not host.isascii():  # also full-width digits, which become digits here and nowhere later
            host = host.encode("idna").decode("ascii")
    except UnicodeError as error:
        raise AddressRefused(f"malformed address (host {host[:80]!r})") from error
    host = host.lower().removesuffix(".")
    if ":" in host or _NUMERIC.fullmatch(host):
        if not _literal(host):
            raise AddressRefused(f"malformed address (host {host[:80]!r})")
    elif not _NAME.fullmatch(host):
        raise AddressRefused(f"malformed address (host {host[:80]!r})")
    return host


def _literal(host: str) -> str:
    """Return the IP address a host is in itself, also as 2130706433, 0x7f.1 or 0177.0.0.1; empty for a name."""
    try:
        if ":" in host:
            return str(ipaddress.ip_address(host))
        if _NUMERIC.fullmatch(host):
            return str(ipaddress.IPv4Address(socket.inet_aton(host)))
    except (ValueError, OSError):
        pass
    return ""


@implementer(IHostnameResolver)
class PinnedResolver:
    """Twisted's resolver for a guarded process: the addresses a guard has judged and nothing else."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard

    def resolveHostName(  # noqa: N802  # Twisted's name
        self,
        resolutionReceiver: Any,  # noqa: N803  # an IResolutionReceiver; zope's interfaces have no types
        hostName: str,  # noqa: N803
        portNumber: int = 0,  # noqa: N803
        addressTypes: Any = None,  # noqa: N803
        transportSemantics: Any = "TCP",  # noqa: N803
    ) -> Any:
        """Report the addresses that a host may be dialled at, at once; none for a host never judged."""
        resolutionReceiver.resolutionBegan(_Resolution(hostName))
        for address in self._pinned(hostName, portNumber):
            kind = IPv6Address if ":" in address else IPv4Address
            if addressTypes is None or kind in addressTypes:
                resolutionReceiver.addressResolved(kind(transportSemantics, address, portNumber))
        resolutionReceiver.resolutionComplete()
        return resolutionReceiver

    def _pinned(self, host: str, port: int) -> list[str]:
        """Return the addresses of a host as its URL spelt it: Twisted says `shöp.example` for `xn--shp-tna.example`."""
        for encode in (idna.encode, _idna_2003):
            try:
                spelt = _spelt(host if host.isascii() else encode(host).decode("ascii"))
            except (UnicodeError, AddressRefused):  # idna's own errors are UnicodeErrors
                continue
            if addresses := self._guard.addresses(spelt, port):
                return addresses
        return []


def _idna_2003(host: str) -> bytes:
    return host.encode("idna")


@implementer(IHostResolution)
class _Resolution:
    def __init__(self, name: str) -> None:
        self.name = name

    def cancel(self) -> None:
        """Do nothing: the answer was there at once."""
