"""The page: one HTML file that asks for nothing."""

import base64
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from workers.report.page import moment, percent
from workers.report.photo_pages.shown import PhotoReport

HERE = Path(__file__).resolve().parent
SHORT = {"left": "L", "right": "R"}


def render(report: PhotoReport) -> str:
    """The report as one HTML document; whatever an importer named is escaped by the template."""
    environment = Environment(
        loader=FileSystemLoader(HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(percent=percent, moment=moment, data=_data, initials=initials)
    style = "".join((folder / name).read_text(encoding="utf-8") for folder, name in _STYLES)
    return environment.get_template("photo_pages.html.j2").render(
        report=report,
        style=Markup(style),
        photo_style=_photo_style(report),
        hit_class={image_id: f"h{place}" for place, image_id in enumerate(report.hits)},
    )


_STYLES = ((HERE.parent, "page.css"), (HERE, "photo_pages.css"))


def initials(name: str) -> str:
    """`left collar` as `LC`."""
    return "".join(SHORT.get(word, word[:1].upper()) for word in name.split())


def _data(file: bytes, kind: str) -> Markup:
    return Markup(f"data:image/{kind};base64,{base64.b64encode(file).decode()}")


def _photo_style(report: PhotoReport) -> Markup:
    """One rule per photo, so that one shown ten times is carried once: `s` those with a page, `h` those found."""
    named = {f"h{place}": file for place, file in enumerate(report.hits.values())}
    named |= {f"s{place}": page.square for place, page in enumerate(report.pages)}
    return Markup(
        "\n".join(f".{name}{{background-image:url({_data(file, 'jpeg')})}}" for name, file in named.items())
    )
