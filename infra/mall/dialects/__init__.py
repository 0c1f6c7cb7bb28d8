"""How a shop speaks HTTP. A dialect is one file here, found by its name; adding one edits no other file.

It offers `routes(catalogue, shop)`, whose routes are named by the kind of page they serve, and
`DISALLOWED`, the path prefixes its robots.txt forbids.
"""

from importlib import import_module
from pkgutil import iter_modules
from typing import Protocol, cast

from starlette.routing import Route

from infra.mall.item import Catalogue
from infra.mall.trade import Shop
from schemas.errors import InputError


class Dialect(Protocol):
    """What a file in this folder offers."""

    DISALLOWED: tuple[str, ...]

    def routes(self, catalogue: Catalogue, shop: Shop) -> list[Route]:
        """The shop's addresses."""


def names() -> tuple[str, ...]:
    """Every dialect there is."""
    return tuple(sorted(module.name for module in iter_modules(__path__)))


def load(name: str) -> Dialect:
    """A dialect by its name. Raises InputError for a name without a file."""
    if name not in names():
        raise InputError(
            f"shop dialect {name!r}", f"there is none of that name; there are {', '.join(names())}"
        )
    return cast(Dialect, import_module(f"{__name__}.{name}"))
