"""HTML of the templates beside this file. Whatever came from a shop or a visitor is escaped."""

import re
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from flows.printable import percent
from schemas.override import KINDS

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
OVERRIDES = {"wrong_label": "Wrong label", "duplicate": "Duplicate", "not_fashion": "Not fashion"}


def page(template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
    """Render `templates/<template>.html.j2`."""
    html = _environment.get_template(f"{template}.html.j2").render(**values)
    return HTMLResponse(html, status)


def price(value: float | None, currency: str) -> str:
    """A price for people: 1,299.00 EUR; empty where there is none."""
    return "" if value is None or value < 0 else f"{value:,.2f} {currency}".strip()


def moment(text: str | datetime) -> str:
    """A time as 2026-11-24 01:02 UTC."""
    told = text.isoformat() if isinstance(text, datetime) else text
    return f"{told[:10]} {told[11:16]} UTC" if len(told) >= 16 else told


def leaf(category: str) -> str:
    """The innermost name of a category path."""
    return category.rpartition(" > ")[2]


def named(title: str) -> str:
    """A product's title, or that it has none."""
    return title.strip() or "Product without a title"


def _printable(value: Any) -> Any:
    return _CONTROL.sub("", value) if type(value) is str else value


def _made() -> Environment:
    made = Environment(
        loader=FileSystemLoader(Path(__file__).with_name("templates")),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_printable,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(price=price, moment=moment, leaf=leaf, named=named, percent=percent)
    made.globals.update(urlencode=urlencode, override_names=OVERRIDES, override_kinds=KINDS)
    return made


_environment = _made()
