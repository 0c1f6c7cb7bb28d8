"""What a shop offers, and what a crawl of it would miss and cost. No Prefect is started."""

import re
import shlex
from pathlib import Path
from typing import Any

from rich.text import Text

from crawlers.fetch.shop_names import named_shop
from crawlers.fetch.user_agent import user_agent
from flows import terminal
from flows.crawl.crawl_subprocess import converse
from schemas.errors import InputError

_CONTROL = re.compile(r"[^\S ]|[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def doctor(
    url: str, contact: str = "", write: str | None = None, profile: str | None = None
) -> dict[str, Any]:
    """Examine a shop in fewer than thirty requests, in a process of its own.

    url      `URL` or `name=URL`
    write    file for the first draft of a profile, where the shop needs one; one that exists is never overwritten
    profile  file of the shop's profile, to see what it reads
    Returns what crawlers.doctor.diagnosis.diagnosis does, and `written`. Raises InputError and FetchError.
    """
    shop, address = named_shop(url)
    user_agent(address, contact)
    file = Path(write).expanduser() if write else None
    if file is not None and file.exists():
        raise InputError(str(file), "is there already; a draft overwrites nothing")
    path = str(Path(profile).expanduser().resolve()) if profile else ""  # the process runs in another folder
    request = {"do": "doctor", "shop": shop, "url": address, "contact": contact, "profile": path}
    result: dict[str, Any] = converse(request, shop)["doctor"]
    if file is None or not result["profile"]:
        return result | {"written": ""}
    try:
        file.write_text(result["profile"], "utf-8")
    except OSError as error:
        raise InputError(str(file), error.strerror or "cannot be written") from error
    command = result["command"].replace(f"--profile {shop}.yaml", f"--profile {shlex.quote(str(write))}")
    return result | {"written": str(file), "command": command}


def show(result: dict[str, Any]) -> None:
    """The result for people; a shop's words are shown without what could steer the terminal."""
    shown = _safe(result)
    products, cost, robots = shown["products"], shown["cost"], shown["robots"]
    about = "" if products["exact"] else "about "
    about_shop = {
        "address": shown["home"] or shown["url"],
        "platform": _platform(shown),
        "scores": {name: f"{score:.1f}" for name, score in shown["scores"].items()},
        "products": f"{about}{products['count']:,} ({products['basis']})",
        "robots.txt": _robots(robots),
        "revisits": "cheap, the shop says 304"
        if shown["validators"]["cheap"]
        else "every page is read again",
        "whole crawl": _cost(cost),
        "asked now": f"{shown['requests']} requests, {shown['seconds']} s",
    }
    terminal.fields_table(f"{shown['shop']} as a shop to crawl", about_shop)
    rows = [
        [name, f"{share:.0%}", shown["sources"].get(name, "")] for name, share in shown["coverage"].items()
    ]
    if rows:
        title = f"fields of {shown['sample']['products']} products"
        terminal.rows_table(title, ["field", "stated", "from"], rows)
    if shown["missing"]:
        lines = {str(number): line for number, line in enumerate(shown["missing"], 1)}
        terminal.fields_table("what will be missing", lines)
    for step, line in _next(shown).items():  # unwrapped: it is there to be copied
        terminal.results.print(Text(f"{step}:  {line}"), soft_wrap=True)


def _next(shown: dict[str, Any]) -> dict[str, str]:
    """What to do, in order."""
    steps = {}
    if shown["written"]:
        steps["edit"] = shown["written"]
    elif shown["profile"]:
        steps["write the draft of a profile"] = (
            f"vitrine doctor {shlex.quote(shown['url'])} --write {shlex.quote(shown['shop'])}.yaml"
        )
    return steps | ({"crawl": shown["command"]} if shown["platform"] else {})


def _platform(shown: dict[str, Any]) -> str:
    if shown["profile"]:
        return "none that publishes its data; read by the draft of a profile"
    return shown["platform"] or "none that can be read"


def _robots(robots: dict[str, Any]) -> str:
    if not robots["allowed"]:
        return str(robots["why"])
    parts = ["allows it" if robots["there"] else "none, which allows it"]
    if robots["crawl_delay_s"]:
        parts.append(f"one request per {robots['crawl_delay_s']:g} s")
    parts += [f"{name} on {n} answers" for name, n in robots["opt_outs"].items() if n]
    named = len(robots["sitemaps"])
    return ", ".join([*parts, f"{named or 'no'} sitemap{'' if named == 1 else 's'}"])


def _cost(cost: dict[str, Any]) -> str:
    size = "" if cost["photo_bytes"] is None else f", {cost['photo_bytes'] / 2**20:,.0f} MiB of photos"
    return f"{cost['requests']:,} requests in {_time(cost['seconds'])}{size}"


def _time(seconds: float) -> str:
    if seconds < 90:
        return f"about {max(1, round(seconds))} s"
    return f"about {seconds / 60:.0f} min" if seconds < 5400 else f"about {seconds / 3600:.1f} h"


def _safe(value: Any) -> Any:
    if isinstance(value, dict):
        return {_safe(name): _safe(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_safe(inner) for inner in value]
    return _CONTROL.sub(" ", value) if isinstance(value, str) else value
