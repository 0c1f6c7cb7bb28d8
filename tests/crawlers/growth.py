"""How the time of a reading grows with what is read: a case builds an input of n parts, the reading alone is timed."""

import gc
import sys
import time
from collections.abc import Callable

from scrapy.http import HtmlResponse

MOST = 5.0  # times as long for four times as much: four in theory, sixteen where a parser is quadratic
LEAST_S = 0.01  # less is not measured, so the input grows until it takes so long
MOST_TIMES = 100  # what takes so many times as long as the first input is slow, and is not tried with more
LARGEST = 1 << 17
URL = "https://shop.example/products/coat"
Reading = Callable[[], object]
Case = Callable[[int], Reading]


def html(body: str) -> HtmlResponse:
    answer = HtmlResponse(URL, body=body.encode(), encoding="utf-8")
    assert answer.selector is not None  # the tree is built by the crawl, whatever reads it
    return answer


def of_text(read: Callable[[str], object], piece: str, end: str = "") -> Case:
    """A text of n pieces."""

    def case(n: int) -> Reading:
        text = piece * n + end
        return lambda: read(text)

    return case


def of_page(read: Callable[[HtmlResponse], object], part: Callable[[int], str], around: str = "{}") -> Case:
    """A page of n parts, each told its number."""

    def case(n: int) -> Reading:
        page = html(around.replace("{}", "".join(map(part, range(n)))))
        return lambda: read(page)

    return case


def growth(case: Case, larger: int = 3, again: int = 3) -> list[float]:
    """How many times as long four times as much takes, up to the first ratio that is in order.

    What is bounded may grow faster until its bound is reached: so `larger` inputs are tried. A busy machine disturbs,
    caches most of all: so the last one is tried `again`.
    """
    n, ratios = 64, list[float]()
    while (first := best_of(1, case, n)) < LEAST_S:
        if n > LARGEST:
            return []  # too fast to be measured
        n *= 4
    for attempt in range(larger + again):
        longer = best_of(2, case, 4 * n)
        ratios.append(longer / best_of(2, case, n))
        if ratios[-1] <= MOST:
            break
        if attempt < larger - 1 and longer <= MOST_TIMES * first:
            n *= 4
    return ratios


def best_of(times: int, case: Case, n: int) -> float:
    """The shortest of some readings, in seconds of this process."""
    return min(map(seconds, (case(n) for _ in range(times))))


def seconds(reading: Reading) -> float:
    """CPU seconds of a reading, without the collector's: that goes by all objects of the process, also foreign ones."""
    gc.disable()
    try:
        begun = time.process_time()
        reading()
        return time.process_time() - begun
    finally:
        gc.enable()


def steps(reading: Reading) -> int:
    """Calls of Python functions that a reading makes: the same on every machine, however busy."""
    made = 0

    def note(_frame: object, event: str, _of: object) -> None:
        nonlocal made
        made += event == "call"

    sys.setprofile(note)
    try:
        reading()
    finally:
        sys.setprofile(None)
    return made
