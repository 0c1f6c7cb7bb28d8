"""A matplotlib figure as inline SVG that belongs to the page: its fonts, its colours, its width.

Plots are drawn in stand-in colours, which become CSS variables here, so that one drawing serves the
light and the dark page. Text stays text: it is set in the page's font and can be selected and found.
"""

import io
import re
import warnings
from html import escape
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

INK, SOFT, FAINT, LINE = "#010101", "#020202", "#030303", "#040404"
MAIN, RIGHT, REFUSED, PAPER = "#050505", "#060606", "#070707", "#080808"
SERIES = ("#090909", "#0a0a0a", "#0b0b0b", "#0c0c0c", "#0d0d0d", "#0e0e0e")
_VARIABLES = dict(
    zip(
        (INK, SOFT, FAINT, LINE, MAIN, RIGHT, REFUSED, PAPER, *SERIES),
        (
            "ink",
            "soft",
            "faint",
            "line",
            "main",
            "right",
            "refused",
            "paper",
            *(f"series-{n}" for n in range(6)),
        ),
        strict=True,
    )
)
_COLOUR = re.compile("|".join(_VARIABLES))
_STYLE: Any = {  # matplotlib types its settings by a list of every name
    "svg.fonttype": "none",
    "font.size": 12,
    "text.color": SOFT,
    "text.parse_math": False,  # a shop's "$20 or $30" is no formula
    "axes.edgecolor": LINE,
    "axes.labelcolor": FAINT,
    "axes.labelsize": 12,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "axes.facecolor": "none",
    "grid.color": LINE,
    "grid.linewidth": 0.8,
    "xtick.color": LINE,
    "ytick.color": LINE,
    "xtick.labelcolor": SOFT,
    "ytick.labelcolor": SOFT,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "xtick.minor.size": 0,
    "ytick.minor.size": 0,
    "legend.frameon": False,
    "legend.fontsize": 12,
    "figure.facecolor": "none",
    "figure.constrained_layout.h_pad": 0.03,
    "figure.constrained_layout.w_pad": 0.03,
}


_GROWTH = 1.2  # how much wider than drawn a plot may be shown


class Canvas:
    """A drawing of `width` x `height` CSS pixels with one pair of axes, in the page's style.

    with Canvas(520, 240, "Prices") as canvas: canvas.axes.bar(...)
    then canvas.svg holds the drawing. `label` is what a screen reader says, and makes ids unique.
    """

    def __init__(self, width: int, height: int, label: str) -> None:
        self.width, self.height, self.label = width, height, label
        self.svg = ""
        self._rules = matplotlib.rc_context(_STYLE | {"svg.hashsalt": label})

    def __enter__(self) -> "Canvas":
        self._rules.__enter__()
        self.figure = Figure(figsize=(self.width / 72, self.height / 72), dpi=72, layout="constrained")
        self.axes: Axes = self.figure.subplots()
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        try:
            if kind is None:
                self.svg = self._inline()
        finally:
            self._rules.__exit__(None, None, None)

    def _inline(self) -> str:
        out = io.StringIO()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a glyph that matplotlib's font lacks: the browser has its own
            empty = dict.fromkeys(("Creator", "Date", "Format", "Type"))
            self.figure.savefig(out, format="svg", metadata=empty)
        drawing = out.getvalue()
        drawing = drawing[drawing.index("<svg") :]
        # The prologue is replaced: fixed sizes do not shrink on a phone, namespaces and metadata name
        # addresses on a page that promises none, and the <style> would reach every other element.
        drawing = re.sub(r"<metadata>.*?</metadata>\s*|<style[^>]*>.*?</style>", "", drawing, flags=re.DOTALL)
        drawing = re.sub(r"<svg[^>]*>", self._opening(), drawing, count=1)
        drawing = drawing.replace("xlink:href", "href")
        drawing = re.sub(r' id="(?!m[0-9a-f]{10}|p[0-9a-f]{10})[^"]*"', "", drawing)
        drawing = re.sub(r"\n\s*", "\n", drawing)
        return _COLOUR.sub(lambda found: f"var(--{_VARIABLES[found[0]]})", drawing)

    def _opening(self) -> str:
        size = f'viewBox="0 0 {self.width} {self.height}" style="max-width:{_GROWTH * self.width:.0f}px"'
        return f'<svg {size} role="img" aria-label="{escape(self.label)}">'.replace("\\", r"\\")


def printable(text: str, length: int = 28) -> str:
    """A shop's text as a label: one line, no control characters, cut to `length` characters."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= length else line[: length - 1].rstrip() + "…"
