"""The page in a real browser: every photo decodes, nothing is wider than the screen, nothing is fetched."""

import base64
import io
import json
import re
import shutil
import subprocess
from html import escape, unescape
from pathlib import Path

import pytest
from PIL import Image

from workers.report.answers import Hit, Picture, Row
from workers.report.data import (
    Crawled,
    Epoch,
    Histogram,
    Learnt,
    NearWord,
    Quality,
    Receipt,
    Report,
    Run,
    Sample,
    Score,
    Shop,
    Split,
    Stage,
    Training,
    Vocabulary,
    Word,
)
from workers.report.page import render

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUIET = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-sync",
]
LONG = "Abendkleid" * 30 + " <img src=https://tracker.test/x.png onerror=alert(1)>"

# Runs inside the page, after its own policy against scripts was taken out of the copy.
LOOK = """
<script>(async () => {
  const photos = [...document.querySelectorAll('.photo:not(.absent)')], broken = [];
  for (const photo of photos) {
    const url = getComputedStyle(photo).backgroundImage.slice(5, -2), image = new Image();
    const box = photo.getBoundingClientRect(), shown = box.width >= 20 && box.height >= 20;
    const loaded = new Promise(done => { image.onload = image.onerror = done; });
    image.src = url;
    await loaded;
    if (!url.startsWith('data:image/jpeg') || !image.naturalWidth || !shown) broken.push(photo.className);
  }
  const plots = [...document.querySelectorAll('.plot svg')];
  const asked = performance.getEntriesByType('resource').map(entry => entry.name);
  parent.document.body.dataset.seen = JSON.stringify({
    photos: photos.length, broken, width: innerWidth,
    plots: plots.length, flat: plots.filter(plot => plot.getBoundingClientRect().height < 30).length,
    asked: asked.filter(name => !name.startsWith('data:')),
    wide: document.documentElement.scrollWidth - innerWidth,
  });
})().catch(error => { parent.document.body.dataset.seen = String(error); })</script>
"""


def photo(n: int) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (150, 200), (40 * n % 256, 90, 200 - 15 * n)).save(out, "JPEG")
    return out.getvalue()


def whole_report() -> Report:
    """A report with every part, and text that tries to break the layout."""
    ids = [f"photo {n}" for n in range(12)]
    hits = [Hit(ids[n], 0.9 - n / 50, n % 4 == 0, LONG, "shop") for n in range(10)]
    rows = [Row(ids[10], LONG, "shop", 1, hits), Row(ids[11], "", "", 0, hits[:3])]
    names = [f"{LONG[:60]} {n}" for n in range(5)]
    methods = ("corbiere", "untrained", "histogram")
    scores = [
        Score("item-retrieval", name, "recall", k, 0.5, 0.4, 0.6, 40, method)
        for name in ("all", *names)
        for k in (1, 5, 10, 20, 50)
        for method in methods
    ]
    runs = [
        Run(
            str(n),
            "embed",
            LONG,
            "2026-11-24T01:00:00+00:00",
            3.0,
            [str(n - 1)] if n else [],
            [stage],
            {"x": LONG},
            "v",
        )
        for n, stage in enumerate([Stage("embed", 3.0, 9, 7, {"corrupt": 2})] * 6)
    ]
    words = [Word(n, f"word{n}", 90 // n, n % 3 > 0) for n in range(1, 40)]
    training = Training(
        "r", "corbiere", LONG, "ab" * 32, 9, 9, {}, {"weights": LONG}, [Epoch("all", 1, 2.0, 2.1, 40)]
    )
    bins = Histogram([0, 10, 20], [5, 3], "EUR")
    return Report(
        run_id="20261124T010000Z-abcd",
        lake="s3://bucket/" + "long/" * 30,
        evaluated="2026-11-24T01:00:00+00:00",
        machine="2 cores",
        code="vitrine 0.1.0",
        crawled=Crawled(
            [Shop(LONG[:90], "c", 9, 20, {"corrupt": 2}, 30, 4.0), Shop("b", "d", 1, 0, {}, 0, 0)],
            [(name, 3) for name in names],
            2,
            bins,
            [Sample("shop", LONG, "20.00 EUR", ids[n % 12]) for n in range(14)],
        ),
        learnt=Learnt(
            Vocabulary(20, [], words, words[:20]),
            [Split("train", 9, 30)],
            bins,
            training,
            [NearWord("word1", 9, ids[:6], [True] * 6, 0.2)],
            30,
        ),
        quality=Quality("corbiere", scores, None),
        picture=Picture("corbiere", "exact", 80, 40, 10, rows, 40, 10, rows[:1]),
        receipt=Receipt(runs, ["vitrine label --lake " + "x" * 200]),
        photos={name: photo(n) for n, name in enumerate(ids[:-1])},
    )


def test_a_photo_is_carried_once_however_often_it_is_shown() -> None:
    report = whole_report()
    page = render(report)

    for data in report.photos.values():
        assert page.count(base64.b64encode(data).decode()) == 1
    assert page.count('class="photo absent') == 2  # the twelfth has no thumbnail: as sample, and as query


def test_a_report_of_nothing_is_still_a_page() -> None:
    nothing = Report(
        "r", "lake", "", "", "", None, None, None, None, Receipt([], []), {}, {"crawled": "Left <b>out</b>."}
    )

    page = render(nothing)

    assert "Left &lt;b&gt;out&lt;/b&gt;." in page and page.rstrip().endswith("</html>")


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine")
@pytest.mark.parametrize("width", [1400, 390])
def test_a_browser_shows_every_photo_and_fetches_nothing(width: int, tmp_path: Path) -> None:
    page = re.sub(r"<meta http-equiv=\"Content-Security-Policy\"[^>]*>", "", render(whole_report()))
    # A headless window is never narrower than 500 px; a frame is, and media queries ask the frame.
    framed = escape(page.replace("</body>", f"{LOOK}</body>"))
    frame = f'<iframe style="width:{width}px;height:900px;border:0" srcdoc="{framed}"></iframe>'
    (tmp_path / "frame.html").write_text(f"<!doctype html><meta charset=utf-8>{frame}", encoding="utf-8")

    command = [str(CHROMIUM), "--headless", "--no-sandbox", *QUIET, f"--user-data-dir={tmp_path / 'profile'}"]
    command += [
        "--window-size=1500,1000",
        "--virtual-time-budget=20000",
        "--dump-dom",
        f"file://{tmp_path}/frame.html",
    ]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)

    found = re.search(r'data-seen="([^"]*)"', answer.stdout)
    assert found, answer.stderr[-2000:]
    seen = json.loads(unescape(found[1]))
    assert seen["width"] == width and seen["photos"] > 40
    assert seen["broken"] == [] and seen["plots"] >= 8 and seen["flat"] == 0
    assert seen["asked"] == []
    assert seen["wide"] <= 0
