"""How a shop speaks HTTP. A dialect is one file here, found by its name; adding one edits no other file.

It offers `Site`, whose `routes()` are named by the kind of page they serve. HTML shops subclass
`storefront.Storefront`.
"""

from importlib import import_module
from pkgutil import iter_modules
from typing import cast

from infra.mall.storefront import Storefront
from schemas.errors import UsageError


def names() -> tuple[str, ...]:
    """Every dialect there is."""
    return tuple(sorted(module.name for module in iter_modules(__path__)))


def load(name: str) -> type[Storefront]:
    """A dialect by its name. Raises UsageError for a name without a file."""
    if name not in names():
        raise UsageError(
            f"shop dialect {name!r}", f"there is none of that name; there are {', '.join(names())}"
        )
    return cast(type[Storefront], import_module(f"{__name__}.{name}").Site)
