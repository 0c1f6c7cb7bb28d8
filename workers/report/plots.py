"""The charts of the report, each from plain values to inline SVG."""

from collections.abc import Callable, Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullFormatter, PercentFormatter

from workers.report.data import Epoch, Histogram, Score, Word
from workers.report.svg import FAINT, INK, LINE, MAIN, PAPER, REFUSED, SERIES, SOFT, Canvas, printable

WIDTH = 470  # drawn for a phone held upright; svg.py lets it grow a little on a wide page
_BAR = 25  # pixels from one horizontal bar to the next
_SHOWN_SERIES = len(SERIES)
Say = Callable[[float], str]


def number(value: float) -> str:
    """A count or measure for people: 1,234 or 12.3 or 0.08."""
    if value == int(value) or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 1 else f"{value:.2g}"


def bars(
    label: str,
    rows: Sequence[tuple[str, float]],
    *,
    colour: str = MAIN,
    say: Say = number,
    width: int = WIDTH,
) -> str:
    """Horizontal bars in the order given, the first on top, each with its value written at its end."""
    return stacked_bars(label, [name for name, _ in rows], {"": [v for _, v in rows]}, (colour,), say, width)


def stacked_bars(
    label: str,
    names: Sequence[str],
    series: Mapping[str, Sequence[float]],
    colours: Sequence[str] = SERIES,
    say: Say = number,
    width: int = WIDTH,
) -> str:
    """Horizontal bars made of one piece per series, the sum written at the end; a legend for two or more."""
    folded = fold(series)
    legend = 26 if len(folded) > 1 else 0
    with Canvas(width, _BAR * len(names) + 14 + legend, label) as canvas:
        axes = canvas.axes
        ends = [0.0] * len(names)
        for place, (name, values) in enumerate(folded.items()):
            colour = colours[place % len(colours)]
            axes.barh(range(len(names)), values, 0.62, ends, color=colour, label=printable(name, 18))
            ends = [end + value for end, value in zip(ends, values, strict=True)]
        for place, end in enumerate(ends):
            axes.annotate(say(end), (end, place), (6, 0), textcoords="offset points", va="center", color=SOFT)
        _horizontal(axes, names, max(ends, default=0) * 1.13)
        axes.set_xticks([])
        axes.spines["bottom"].set_visible(False)
        if legend:
            canvas.figure.legend(loc="outside upper left", ncols=min(len(folded), 4), **_TIGHT)
    return canvas.svg


def histogram(label: str, data: Histogram, axis: str, *, colour: str = MAIN, width: int = WIDTH) -> str:
    """Columns between the edges."""
    with Canvas(width, 230, label) as canvas:
        axes = canvas.axes
        steps = [high - low for low, high in zip(data.edges, data.edges[1:], strict=False)]
        axes.bar(data.edges[:-1], data.counts, [s * 0.92 for s in steps], align="edge", color=colour)
        axes.set_xlabel(printable(axis))
        axes.set_ylabel("products")
        axes.grid(visible=False, axis="x")
        axes.yaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10], integer=True))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: number(value)))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: number(value)))
    return canvas.svg


def word_curve(label: str, words: Sequence[Word], width: int = WIDTH) -> str:
    """Every word by rank and document frequency, both logarithmic: learnt words solid, dropped ones hollow."""
    with Canvas(width, 270, label) as canvas:
        axes = canvas.axes
        for kept, name in ((False, "dropped"), (True, "learnt")):
            chosen = [word for word in words if word.kept is kept]
            face = MAIN if kept else PAPER
            axes.scatter(
                [w.rank for w in chosen],
                [w.frequency for w in chosen],
                22,
                color=face,
                edgecolors=MAIN if kept else FAINT,
                linewidths=1,
                label=name,
                zorder=3 if kept else 2,
            )
        axes.set_xscale("log")
        axes.set_yscale("log")
        for ticks in (axes.xaxis, axes.yaxis):
            ticks.set_major_formatter(FuncFormatter(lambda value, _: number(value)))
            ticks.set_minor_formatter(NullFormatter())
        axes.set_xlabel("rank of the word")
        axes.set_ylabel("products with it")
        canvas.figure.legend(loc="outside upper left", ncols=2, reverse=True, **_TIGHT)
    return canvas.svg


def losses(label: str, epochs: Sequence[Epoch], width: int = WIDTH) -> str:
    """Training and validation loss by epoch; a vertical line where a phase begins."""
    with Canvas(width, 270, label) as canvas:
        axes = canvas.axes
        axes.plot(
            [e.epoch for e in epochs], [e.loss for e in epochs], "o-", color=MAIN, ms=4, label="training"
        )
        held = [(e.epoch, e.validation_loss) for e in epochs if e.validation_loss is not None]
        if held:
            axes.plot(
                [x for x, _ in held], [y for _, y in held], "o--", color=INK, ms=4, label="held-out products"
            )
        _phases(axes, epochs)
        axes.set_ylabel("loss, nat")
        canvas.figure.legend(loc="outside upper left", ncols=2, **_TIGHT)
    return canvas.svg


def speeds(label: str, epochs: Sequence[Epoch], width: int = WIDTH) -> str:
    """Photos learnt per second, by epoch."""
    with Canvas(width, 270, label) as canvas:
        axes = canvas.axes
        axes.bar([e.epoch for e in epochs], [e.images_per_second for e in epochs], 0.6, color=SERIES[1])
        axes.grid(visible=False, axis="x")
        _phases(axes, epochs)
        axes.set_ylabel("photos per second")
    return canvas.svg


def recalls(
    label: str, scores: Sequence[Score], methods: Mapping[str, str], main: str, width: int = WIDTH
) -> str:
    """Score by k for each method, with its 95 % interval. `methods`: each and its name for people, in order."""
    ks = sorted({score.k for score in scores})
    scored = {score.method for score in scores}
    methods = {method: name for method, name in methods.items() if method in scored}
    with Canvas(width, 330, label) as canvas:
        axes = canvas.axes
        step = min(0.2, 0.75 / len(methods))
        for place, (method, name) in enumerate(methods.items()):
            own = {score.k: score for score in scores if score.method == method}
            x = [ks.index(k) + (place - (len(methods) - 1) / 2) * step for k in own]
            value = [score.value for score in own.values()]
            down = [max(0.0, score.value - score.low) for score in own.values()]
            up = [max(0.0, score.high - score.value) for score in own.values()]
            colour = method_colour(method, main)
            axes.errorbar(x, value, (down, up), fmt="o", ms=7, lw=2, color=colour, label=printable(name))
            for at, score, rise in zip(x, own.values(), up, strict=True):
                text, spot = f"{100 * score.value:.0f}", (at, score.value + rise)
                axes.annotate(
                    text, spot, (0, 4), textcoords="offset points", ha="center", color=SOFT, fontsize=11
                )
        axes.set_xlim(-0.5, len(ks) - 0.5)
        axes.set_ylim(0, 1.09)
        axes.set_xticks(range(len(ks)), [f"first {k}" if k > 1 else "first hit" for k in ks])
        axes.set_yticks([0, 0.25, 0.5, 0.75, 1])
        axes.yaxis.set_major_formatter(PercentFormatter(1, 0, " %"))
        axes.grid(visible=False, axis="x")
        canvas.figure.legend(loc="outside upper left", ncols=min(3, len(methods)), **_TIGHT)
    return canvas.svg


def slices(
    label: str, scores: Sequence[Score], other: Mapping[str, float], other_name: str, width: int = WIDTH
) -> str:
    """One bar with its interval per slice, n behind the name; a hollow dot where `other` stands there."""
    with Canvas(width, _BAR * len(scores) + 62, label) as canvas:
        axes = canvas.axes
        places = range(len(scores))
        axes.barh(places, [s.value for s in scores], 0.62, color=MAIN, alpha=0.4)
        for place, score in enumerate(scores):
            axes.plot([score.low, score.high], [place, place], color=INK, lw=1.4, solid_capstyle="butt")
        seen = [(other[s.slice], place) for place, s in enumerate(scores) if s.slice in other]
        if seen:
            x, y = [value for value, _ in seen], [place for _, place in seen]
            axes.scatter(
                x, y, 38, color=PAPER, edgecolors=INK, linewidths=1.3, zorder=4, label=printable(other_name)
            )
            canvas.figure.legend(loc="outside upper left", **_TIGHT)
        _horizontal(axes, [f"{printable(s.slice)}   n = {s.n:,}" for s in scores], 1.0)
        axes.xaxis.set_major_formatter(PercentFormatter(1, 0, " %"))
        axes.set_xticks([0, 0.25, 0.5, 0.75, 1])
        axes.spines["bottom"].set_visible(False)
    return canvas.svg


def refused_bars(
    label: str, names: Sequence[str], series: Mapping[str, Sequence[float]], width: int = WIDTH
) -> str:
    """Refused things by reason, split by shop; in the one colour of refusal where there is one shop."""
    colours = SERIES if len(series) > 1 else (REFUSED,)
    return stacked_bars(label, names, series, colours, width=width)


def fold(series: Mapping[str, Sequence[float]]) -> dict[str, Sequence[float]]:
    """At most as many series as there are colours: the last takes the sum of all that are left."""
    if len(series) <= _SHOWN_SERIES:
        return dict(series)
    shown = dict(list(series.items())[: _SHOWN_SERIES - 1])
    left = list(series.values())[_SHOWN_SERIES - 1 :]
    return shown | {f"{len(left)} others": [sum(values) for values in zip(*left, strict=True)]}


def method_colour(method: str, main: str) -> str:
    """The colour of a method, the same in every report: baselines have their own, any other a third."""
    own = {main: MAIN, "untrained": SERIES[1], "histogram": SERIES[2]}
    return own.get(method, SERIES[3 + sum(method.encode()) % 3])


_TIGHT = {
    "borderpad": 0,
    "borderaxespad": 0.1,
    "handlelength": 1.2,
    "handletextpad": 0.5,
    "columnspacing": 1.4,
}


def _horizontal(axes: Axes, names: Sequence[str], end: float) -> None:
    axes.set_yticks(range(len(names)), [printable(name, 40) for name in names])
    axes.set_ylim(len(names) - 0.45, -0.55)
    axes.set_xlim(0, end or 1)
    axes.grid(visible=False, axis="y")


def _phases(axes: Axes, epochs: Sequence[Epoch]) -> None:
    axes.set_xlabel("epoch")
    axes.xaxis.set_major_locator(MaxNLocator(8, integer=True))
    axes.set_xlim(epochs[0].epoch - 0.6, epochs[-1].epoch + 0.6)
    axes.margins(y=0.14)
    begins = [
        e for before, e in zip([None, *epochs], epochs, strict=False) if not before or before.phase != e.phase
    ]
    if len(begins) < 2:
        return
    for epoch in begins:
        x = epoch.epoch - 0.5
        axes.axvline(x, color=LINE, lw=1)
        name, spot = printable(epoch.phase, 16), (x, 1.0)
        place = axes.get_xaxis_transform()  # x in epochs, y as a share of the height
        axes.annotate(
            name, spot, (4, -3), place, textcoords="offset points", va="top", color=FAINT, fontsize=11
        )
