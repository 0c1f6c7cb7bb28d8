"""Photos drawn of a kind and a colour, for a lake whose report is looked at."""

import io

from PIL import Image, ImageDraw

COLOURS = {"red": "#b3362c", "blue": "#2f55a4", "green": "#3c7d4c", "black": "#26262a", "camel": "#b98b55"}


def drawn(kind: str, colour: str, view: int) -> bytes:
    """A photo of a garment, a little elsewhere in every view."""
    paper = Image.new("RGB", (240, 320), "#f4f2ee")
    pen, shift = ImageDraw.Draw(paper), 6 * view
    top, bottom, flare = {
        "dress": (50, 270, 50),
        "shirt": (70, 190, 0),
        "skirt": (120, 260, 40),
        "coat": (40, 290, 15),
    }[kind]
    pen.polygon(
        [(80 + shift, top), (150 + shift, top), (150 + flare + shift, bottom), (80 - flare + shift, bottom)],
        fill=COLOURS[colour],
    )
    if kind in ("shirt", "coat"):
        pen.polygon(
            [(80 + shift, top), (30 + shift, 180), (60 + shift, 190), (85 + shift, top + 50)],
            fill=COLOURS[colour],
        )
        pen.polygon(
            [(150 + shift, top), (200 + shift, 180), (170 + shift, 190), (145 + shift, top + 50)],
            fill=COLOURS[colour],
        )
    pen.text((8, 300), f"{view}", fill="#999999")
    out = io.BytesIO()
    paper.save(out, "PNG")
    return out.getvalue()
