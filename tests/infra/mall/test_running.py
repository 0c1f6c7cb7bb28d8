"""The mall as a process of its own."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from infra.mall.ahead import DrawAhead
from infra.mall.catalogue import draw_catalogue
from infra.mall.running import start
from infra.mall.trade import MallSpec
from schemas.errors import InputError

ROOT = Path(__file__).parents[3]
KILLED = """
import os, signal
from infra.mall.running import start
from infra.mall.trade import MallSpec
print(start(MallSpec(products=2)).urls[0], flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_mall_in_another_process_serves_until_it_is_stopped() -> None:
    spec = MallSpec(products=5, seed=9, shops=("structured", "shopify"), size=(80, 100))

    with start(spec) as mall:
        assert [(shop.dialect, shop.products) for shop in mall.shops] == [("structured", 3), ("shopify", 2)]
        assert all(httpx.get(url).status_code == 200 for url in mall.urls)
        url = mall.urls[0]

    assert mall.process.returncode == 0
    with pytest.raises(httpx.ConnectError):
        httpx.get(url)
    mall.stop()


def test_bad_input_is_one_line_from_the_mall_itself() -> None:
    with pytest.raises(InputError, match=r"mall: .*none\.parquet: no such file"):
        start(MallSpec(catalogue_file="/none.parquet"))


@pytest.mark.parametrize(
    "words",
    [["--map", "title"], ["--size", "9x9"], ["--products", "0"], ["--shops", "x"], ["--assortment", "x"]],
)
def test_a_bad_option_is_refused_without_a_traceback(words: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "infra.mall", *words], cwd=ROOT, capture_output=True, text=True
    )

    assert done.returncode == 2 and done.stdout == ""
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_mall_ends_with_the_process_that_started_it() -> None:
    done = subprocess.run([sys.executable, "-c", KILLED], cwd=ROOT, capture_output=True, text=True)
    url = done.stdout.strip()

    assert done.returncode == -signal.SIGKILL
    assert refused_within(url, seconds=10)


# The signal comes while each line of the waiting runs, the library's own included.
HEARD = """
import os, signal, sys
from infra.mall.lifeline import Ending
left = 0
def tell(frame, event, what):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGTERM)
    return tell
signal.signal(signal.SIGALRM, lambda *_: os.kill(os.getpid(), signal.SIGTERM))
for moment in range(1, 25):
    ending, left = Ending(), moment
    signal.setitimer(signal.ITIMER_REAL, 0.05)  # where there are fewer lines than that
    sys.settrace(tell)
    ending.wait()
    sys.settrace(None)
    signal.setitimer(signal.ITIMER_REAL, 0)
print("heard")
"""


def test_an_end_is_heard_whatever_line_of_the_waiting_it_meets() -> None:
    done = subprocess.run([sys.executable, "-c", HEARD], cwd=ROOT, capture_output=True, text=True, timeout=60)

    assert done.stdout == "heard\n", done.stderr


def refused_within(url: str, seconds: float) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            httpx.get(url)
        except httpx.HTTPError:
            return True
        time.sleep(0.05)
    return False


def test_drawing_ahead_fills_the_cache_with_the_same_bytes() -> None:
    catalogue = draw_catalogue(3, 6, size=(64, 80))
    plain = draw_catalogue(3, 6, size=(64, 80))

    ahead = DrawAhead([catalogue], 1)
    ahead._thread.join(60)

    for item in catalogue.items:
        for photo in item.photos:
            assert catalogue.has(item, photo)
            assert catalogue.photo(item, photo) == plain.photo(item, photo)
    ahead.stop()
