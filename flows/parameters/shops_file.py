"""The file of the shops that a deployment crawls: `shops.yaml`, a name and an address per shop.

    shops:
      - name: acme                       # stands in every product id: letters, digits, dots, dashes, underscores
        url: https://acme.example/
        market: en-gb                    # the market's part of its addresses, behind the host
        profile: profiles/acme.yaml      # for a shop without structured data; beside this file
        schedule: [nightly, weekly]      # names of the deployments that crawl it; both by default

infra/shops.example.yaml is one to copy.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit, urlunsplit

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, field_validator

from crawlers.fetch.shop_names import named_shop, shop_name
from schemas.errors import InputError

SCHEDULES = ("nightly", "weekly")
Market = Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{2,3}([-_/][A-Za-z]{2,4})?$")]


class ListedShop(BaseModel):
    """One shop of the file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    url: str
    market: Market | None = None
    profile: str | None = None
    schedule: tuple[str, ...] = SCHEDULES

    @field_validator("name")
    @classmethod
    def _name(cls, name: str) -> str:
        return shop_name(name)

    @field_validator("url")
    @classmethod
    def _url(cls, url: str) -> str:
        return named_shop(url)[1]

    @field_validator("schedule", mode="before")
    @classmethod
    def _schedule(cls, schedule: Any) -> Any:
        return [schedule] if isinstance(schedule, str) else schedule

    @property
    def address(self) -> str:
        """The address to begin at: that of the market where one is named and the address has no path of its own."""
        parts = urlsplit(self.url)
        if self.market is None or parts.path.strip("/"):
            return self.url
        return urlunsplit(parts._replace(path=f"/{self.market}/"))


class ShopsFile(BaseModel):
    """The file as a whole."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    shops: Annotated[tuple[ListedShop, ...], Field(min_length=1)]


def read_shops(path: str, schedule: str | None = None) -> list[ListedShop]:
    """Read the shops of a file, or those of one schedule; profiles are made paths as they stand from here.

    Raises InputError that names the file, the shop and the key at fault, in one line.
    """
    file = Path(path).expanduser()
    try:
        given = yaml.safe_load(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(path, getattr(error, "strerror", "") or "cannot be read as text") from error
    except yaml.YAMLError as error:
        raise InputError(path, f"is no YAML ({' '.join(str(error).split())[:200]})") from error
    try:
        listed = ShopsFile.model_validate(given).shops
    except InputError as error:
        raise InputError(path, str(error)) from error
    except ValidationError as error:
        raise InputError(path, _fault(given, error)) from None
    names = [shop.name for shop in listed]
    if twice := [name for name in names if names.count(name) > 1]:
        raise InputError(path, f"shop {twice[0]} stands there twice")
    wanted = [shop for shop in listed if schedule is None or schedule in shop.schedule]
    if not wanted:
        raise InputError(path, f"holds no shop of the schedule {schedule}")
    return [_with_profile(shop, file.parent) for shop in wanted]


def _with_profile(shop: ListedShop, folder: Path) -> ListedShop:
    if shop.profile is None:
        return shop
    return shop.model_copy(update={"profile": str((folder / Path(shop.profile).expanduser()).resolve())})


def _fault(given: Any, error: ValidationError) -> str:
    """Return the first thing at fault: `shop acme, market: ...`."""
    fault = error.errors(include_url=False)[0]
    place: Sequence[Any] = fault["loc"]
    where = ", ".join(str(step) for step in place if not isinstance(step, int) and step != "shops")
    number = next((step for step in place if isinstance(step, int)), None)
    if number is not None:
        entry = given["shops"][number]
        name = entry.get("name") if isinstance(entry, dict) else None
        where = f"shop {name or number + 1}" + (f", {where}" if where else "")
    words = {"extra_forbidden": "no such key", "missing": "is missing", "too_short": "lists no shop"}
    why = words.get(fault["type"], fault["msg"].removeprefix("Value error, ").replace("Input should", "must"))
    return f"{where or 'shops'}: {why}"
