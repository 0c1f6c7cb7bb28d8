"""Names that resolve as a test says, a clock that stands still, and what of them would be dialled; nothing is."""

import asyncio

from twisted.internet.interfaces import IResolutionReceiver
from zope.interface import implementer

from crawlers.fetch.guard import AddressRefused, Guard, PinnedResolver


class Names:
    """A resolver that knows a few names and counts what it was asked; nothing is dialled."""

    def __init__(self, **known: list[str]) -> None:
        self.known = {name.replace("_", "."): addresses for name, addresses in known.items()}
        self.asked: list[str] = []
        self.error: OSError | None = None

    async def __call__(self, host: str, port: int) -> list[str]:
        self.asked.append(host)
        if self.error is not None:
            raise self.error
        if host not in self.known:
            raise OSError("unknown name")
        return self.known[host]


class Clock:
    """Seconds that stand still."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@implementer(IResolutionReceiver)
class Dialled:
    def __init__(self) -> None:
        self.addresses: list[str] = []
        self.complete = False

    def resolutionBegan(self, resolution: object) -> None: ...  # noqa: N802

    def addressResolved(self, address: object) -> None:  # noqa: N802
        self.addresses.append(address.host)  # type: ignore[attr-defined]

    def resolutionComplete(self) -> None:  # noqa: N802
        self.complete = True


def refused(guard: Guard, url: str) -> str:
    try:
        asyncio.run(guard.check(url))
    except AddressRefused as error:
        return str(error)
    return ""


def dialled_at(guard: Guard, host: str, port: int = 80) -> list[str]:
    dialled = Dialled()
    PinnedResolver(guard).resolveHostName(dialled, host, port)
    assert dialled.complete
    return dialled.addresses
