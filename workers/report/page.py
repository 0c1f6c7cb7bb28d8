"""The page: one HTML file that asks for nothing, with every plot, photo and style inside."""

import base64
import json
import re
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from schemas.reject import REASONS
from workers.report import plots, quality
from workers.report.data import Crawled, Learnt, Quality, Receipt, Report
from workers.report.lineage import NODE_HEIGHT, NODE_WIDTH, lineage
from workers.report.svg import SERIES, printable
from workers.report.thumbnails import shape

HERE = Path(__file__).resolve().parent
SHOWN_STAGES = 24
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def render(report: Report) -> str:
    """The report as one HTML document. Whatever came from a shop is escaped by the template."""
    known = {image_id: f"p{place}" for place, image_id in enumerate(report.photos)}
    environment = Environment(
        loader=FileSystemLoader(HERE),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_without_controls,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(number=plots.number, duration=duration, percent=percent)
    environment.filters.update(moment=moment, line=printable)
    return environment.get_template("page.html.j2").render(
        report=report,
        style=Markup((HERE / "page.css").read_text(encoding="utf-8")),
        photo_style=_photo_style(report.photos, known),
        photo_class=known,
        reasons=REASONS,
        charts=_charts(report),
        compared=_compared(report.quality),
        drawing=lineage(report.receipt.runs),
        node={"width": NODE_WIDTH, "height": NODE_HEIGHT},
        as_json=lambda value: json.dumps(value, indent=1, ensure_ascii=False, default=str),
    )


def _without_controls(value: Any) -> Any:
    """Text without what no browser shows but a pager obeys, or what turns the order of the words around it."""
    return _CONTROL.sub("", value) if type(value) is str else value  # a Markup is ours, and a number is none


def duration(seconds: float) -> str:
    """Seconds for people: 0.4 s, 12 s, 3 min 20 s, 2 h 05 min."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 120:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes < 120 else f"{minutes // 60} h {minutes % 60:02d} min"


def percent(share: float) -> str:
    """A share as per cent with one digit."""
    return f"{100 * share:.1f}\N{NO-BREAK SPACE}%"


def moment(text: str) -> str:
    """An ISO time as `2026-11-24 01:02 UTC`; any other text as it is."""
    return f"{text[:10]} {text[11:16]} UTC" if len(text) >= 16 and text[10] == "T" else text


def _photo_style(photos: Mapping[str, bytes], known: Mapping[str, str]) -> Markup:
    """One rule per photo, so that a photo shown ten times is carried once; and the shape of most of them."""
    rules = [
        f".{known[image_id]}{{background-image:url(data:image/jpeg;base64,{base64.b64encode(data).decode()})}}"
        for image_id, data in photos.items()
    ]
    shapes = [width / height for width, height in map(shape, photos.values())]
    ratio = min(1.0, max(0.6, median(shapes))) if shapes else 0.75
    return Markup("\n".join([f":root{{--ratio:{ratio:.3f}}}", *rules]))


def _compared(found: Quality | None) -> dict[str, Any]:
    """The scores as tables: method -> k -> score, and what is said about them."""
    if found is None:
        return {}
    overall = quality.overall(found.scores)
    names = quality.methods(found.scores, found.main)
    ks = sorted({score.k for score in overall})
    return {
        "ks": ks,
        "headline_ks": quality.headline_ks(found.scores),
        "rows": [
            {
                "method": method,
                "name": name,
                "scores": {score.k: score for score in overall if score.method == method},
                "colour": _colour_class(method, found.main),
            }
            for method, name in names.items()
        ],
        "names": names,
        "verdict": quality.verdict(found.scores, found.main),
        "others": quality.other_benchmarks(found.scores),
        "beside": quality.beside_recall(found.scores),
        "n": max((score.n for score in overall), default=0),
        "slices": quality.retrieval_slices(found.scores, found.main),
    }


def _colour_class(method: str, main: str) -> str:
    return "main" if method == main else f"series-{SERIES.index(plots.method_colour(method, main))}"


def _charts(report: Report) -> dict[str, Markup]:
    """Every plot the page has values for, by name."""
    drawn: dict[str, str] = {}
    if report.crawled:
        drawn |= _crawl_charts(report.crawled)
    if report.learnt:
        drawn |= _learnt_charts(report.learnt)
    if report.quality:
        drawn |= _quality_charts(report.quality)
    drawn |= _receipt_charts(report.receipt)
    # Safe as it is: drawn by us, and matplotlib escapes every label.
    return {name: Markup(drawing) for name, drawing in drawn.items()}


def _crawl_charts(found: Crawled) -> dict[str, str]:
    drawn = {}
    shops = found.shops
    totals: dict[str, int] = {}
    for shop in shops:
        for why, count in shop.rejects.items():
            totals[why] = totals.get(why, 0) + count
    reasons = sorted(totals, key=lambda why: (-totals[why], why))
    if reasons:
        series: dict[str, list[float]] = {}
        for shop in shops:
            row = series.setdefault(shop.name, [0.0] * len(reasons))
            series[shop.name] = [a + shop.rejects.get(why, 0) for a, why in zip(row, reasons, strict=True)]
        names = [why.replace("_", " ") for why in reasons]
        drawn["rejects"] = plots.refused_bars("Refused pages, rows and photos by reason", names, series)
    if found.categories:
        drawn["categories"] = plots.bars("Products by category", found.categories, colour=SERIES[0])
    if found.prices:
        axis = f"price, {found.prices.unit}"
        drawn["prices"] = plots.histogram("Products by price", found.prices, axis)
    return drawn


def _learnt_charts(found: Learnt) -> dict[str, str]:
    drawn = {}
    if found.vocabulary and found.vocabulary.curve:
        drawn["word_curve"] = plots.word_curve("Words by rank and frequency", found.vocabulary.curve)
        top = [(word.word, float(word.frequency)) for word in found.vocabulary.top]
        if top:
            drawn["top_words"] = plots.bars("The most frequent learnt words", top)
    if found.words_per_product:
        data = found.words_per_product
        drawn["words"] = plots.histogram("Learnt words per product", data, "learnt words", colour=SERIES[1])
    if found.training and found.training.epochs:
        drawn["losses"] = plots.losses("Loss by epoch", found.training.epochs)
        drawn["speeds"] = plots.speeds("Photos learnt per second by epoch", found.training.epochs)
    return drawn


def _quality_charts(found: Quality) -> dict[str, str]:
    drawn = {}
    names = quality.methods(found.scores, found.main)
    overall = quality.overall(found.scores)
    if overall:
        drawn["recalls"] = plots.recalls("Recall with 95 % intervals", overall, names, found.main)
    own, other, _ = quality.retrieval_slices(found.scores, found.main)
    if own:
        label = f"Recall@{own[0].k} by category"
        drawn["slices"] = plots.slices(label, own, other, quality.NAMES["untrained"])
    for benchmark, scores in quality.other_benchmarks(found.scores).items():
        drawn[benchmark] = plots.recalls(f"{benchmark} with 95 % intervals", scores, names, found.main)
    return drawn


def _receipt_charts(found: Receipt) -> dict[str, str]:
    rows = []
    for run in found.runs:
        timed = [(stage.name, stage.seconds) for stage in run.stages if stage.seconds is not None]
        for name, seconds in timed or [(run.flow, run.seconds)]:
            what = run.flow if name == run.flow else f"{run.flow}: {name}"
            rows.append((f"{what}  {run.subject}".strip(), seconds))
    if not rows:
        return {}
    if len(rows) > SHOWN_STAGES:
        rows = sorted(rows, key=lambda row: -row[1])[:SHOWN_STAGES]
    return {"seconds": plots.bars("Seconds by stage", rows, colour=SERIES[0], say=duration, width=600)}
