"""crawlers/discover/traps.py: a crawl ends also where a shop does not."""

import json
from collections import deque
from collections.abc import Callable, Iterator
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawlers.discover.traps import DEEPEST, LONGEST_URL, PATIENCE, TrapDetector, depth_of, shape
from schemas.reject import REASONS

SHOP = "https://shop.example"
Page = tuple[list[str], bool]  # where it leads, and whether to a new product


def walked(page: Callable[[str], Page], start: str, bounds: TrapDetector) -> tuple[list[str], dict[str, int]]:
    """Walk a site breadth first, as a crawl does: addresses asked, and refusals by reason."""
    waiting, seen, asked = deque([(start, 0)]), {start}, []
    refused: dict[str, int] = {}
    while waiting:
        url, depth = waiting.popleft()
        if why := bounds.refusal(url, depth, waiting=True):
            refused[why[0]] = refused.get(why[0], 0) + 1
            continue
        asked.append(url)
        links, fruitful = page(url)
        for link in links:
            if link in seen:
                continue
            seen.add(link)
            below = depth_of(link, url, depth)
            if why := bounds.refusal(link, below):
                refused[why[0]] = refused.get(why[0], 0) + 1
            else:
                waiting.append((link, below))
        bounds.led(url, fruitful)
    return asked, refused


def months() -> Iterator[tuple[int, int]]:
    for n in range(10**9):
        yield 2026 + n // 12, 1 + n % 12


@pytest.mark.parametrize(
    "address",
    [
        "/calendar?month={m}&year={y}",
        "/calendar?month={y}-{m:02d}",
        "/calendar/{y}/{m}",
        "/calendar/{y}-{m:02d}-01",
        "/kalender/{m}.{y}.html",
        "/calendar/november-{y}{m:02d}",
    ],
)
def test_an_endless_calendar_ends(address: str) -> None:
    bounds, asked = TrapDetector(), 0
    for year, month in months():
        url = SHOP + address.format(y=year, m=month)
        if why := bounds.refusal(url, 5):
            break
        bounds.led(url, fruitful=False)
        asked += 1

    assert asked == PATIENCE
    assert why is not None and why[0] == "trap"
    assert bounds.refusal(f"{SHOP}/products?page=2", 5) is None


def test_months_by_name_are_one_calendar() -> None:
    names = ("january", "Februar", "märz", "May", "okt", "Dezember")

    assert len({shape(f"{SHOP}/calendar/{name}-2026") for name in names}) == 1
    assert shape(f"{SHOP}/calendar/marching-2026") != shape(f"{SHOP}/calendar/march-2026")


def test_facets_that_combine_endlessly_end() -> None:
    facets = [(name, value) for name in ("colour", "size", "brand", "fit", "price") for value in range(6)]

    def page(url: str) -> Page:
        chosen = tuple(pair for pair in url.partition("?")[2].split("&") if pair)
        more = [f"{SHOP}/dresses?{'&'.join(sorted({*chosen, f'{n}={v}'}))}" for n, v in facets]
        return more, not chosen

    asked, refused = walked(page, f"{SHOP}/dresses", TrapDetector())

    assert len(asked) < 25 * 4 * PATIENCE  # 25 sets of up to three names; there are 2 ** 30 addresses
    assert refused["trap"] > 0


def test_names_of_facets_do_not_count_where_there_are_many() -> None:
    names = ("a", "b", "c", "d", "e", "f", "g")
    shapes = {shape(f"{SHOP}/s?" + "&".join(f"{n}=1" for n in some)) for some in combinations(names, 4)}

    assert len(shapes) == 1
    assert shape(f"{SHOP}/s?a=1&b=1&c=1&d=1&page=7") not in shapes
    assert shape(f"{SHOP}/s?f[0]=x") == shape(f"{SHOP}/s?f[17]=y&f[18]=z")


@pytest.mark.parametrize("address", ["/all?page={}", "/all/page/{}/", "/products.json?limit=250&page={}"])
def test_an_honest_pagination_of_400_pages_is_read_to_its_end(address: str) -> None:
    def page(url: str) -> Page:
        number = numbers.get(url, 1)
        return ([SHOP + address.format(number + 1)] if number < 400 else []), True

    numbers = {SHOP + address.format(n): n for n in range(401)}

    asked, refused = walked(page, f"{SHOP}/all", TrapDetector())

    assert len(asked) == 400
    assert refused == {}


def test_a_path_that_grows_by_itself_ends_by_depth() -> None:
    asked, refused = walked(lambda url: ([f"{url}/a/b"], True), SHOP, TrapDetector())

    assert len(asked) == DEEPEST + 1
    assert refused == {"out_of_bounds": 1}


def test_the_next_page_of_a_list_is_no_deeper_and_all_else_is() -> None:
    assert depth_of(f"{SHOP}/all?page=3", f"{SHOP}/all?page=2", 4) == 4
    assert depth_of(f"{SHOP}/all?page=2", f"{SHOP}/all", 4) == 5
    assert depth_of(f"{SHOP}/dress", f"{SHOP}/dress", 4) == 5


def test_a_pagination_is_not_cut_by_the_facets_beside_it() -> None:
    def page(url: str) -> Page:
        if "?page=" not in url:
            return [], False
        number = int(url.rpartition("=")[2])
        facets = [f"{SHOP}/all?colour={number * 100 + n}" for n in range(60)]
        return [*facets, f"{SHOP}/all?page={number + 1}"] if number < 100 else facets, True

    asked, refused = walked(page, f"{SHOP}/all?page=1", TrapDetector())

    assert sum("?page=" in url for url in asked) == 100
    assert refused == {"trap": refused["trap"]}


def test_hubs_without_products_do_not_close_the_way_to_the_pages_they_led_to() -> None:
    def page(url: str) -> Page:
        number = int(url.rpartition("/")[2])
        if number == 0:
            return [f"{SHOP}/c/{n}" for n in range(1, 41)], False
        return ([f"{SHOP}/c/{number * 100 + n}" for n in range(5)], False) if number <= 40 else ([], True)

    asked, _ = walked(page, f"{SHOP}/c/0", TrapDetector())

    assert sum(int(url.rpartition("/")[2]) > 40 for url in asked) >= PATIENCE * 4


def test_a_shape_that_leads_to_products_again_is_forgiven() -> None:
    bounds = TrapDetector()
    for n in range(PATIENCE):
        bounds.led(f"{SHOP}/c/{n}", fruitful=False)
    assert bounds.refusal(f"{SHOP}/c/99", 1) is not None
    assert bounds.refusal(f"{SHOP}/c/98", 1, waiting=True) is None

    bounds.led(f"{SHOP}/c/98", fruitful=True)

    assert bounds.refusal(f"{SHOP}/c/99", 1) is None


def test_a_row_of_sold_out_pages_does_not_end_a_good_catalogue() -> None:
    bounds = TrapDetector()
    for n in range(1000):
        bounds.led(f"{SHOP}/p/{n}", fruitful=True)
    for n in range(400):
        bounds.led(f"{SHOP}/p/{n}", fruitful=False)

    assert bounds.refusal(f"{SHOP}/p/2000", 1) is None


def test_addresses_too_long_and_pages_too_deep_are_out_of_bounds() -> None:
    bounds = TrapDetector()
    long = f"{SHOP}/{'a' * LONGEST_URL}"

    assert bounds.refusal(long[:LONGEST_URL], DEEPEST) is None
    assert (bounds.refusal(long, 0) or ("",))[0] == "out_of_bounds"
    assert (bounds.refusal(SHOP, DEEPEST + 1) or ("",))[0] == "out_of_bounds"


def test_a_host_has_so_many_pages_and_no_more() -> None:
    bounds = TrapDetector(most_pages=3)
    for n in "abc":
        bounds.led(f"{SHOP}/{n}", fruitful=True)

    assert (bounds.refusal("https://SHOP.example/d", 1) or ("",))[0] == "out_of_bounds"
    assert bounds.refusal("https://www.shop.example/d", 1) is None


def test_another_process_goes_on_where_the_killed_one_was() -> None:
    first, second = TrapDetector(most_pages=30), TrapDetector(most_pages=30)
    for n in range(PATIENCE):
        first.led(f"{SHOP}/calendar/{n}", fruitful=False)
    for n in range(6):
        first.led(f"{SHOP}/p/{n}", fruitful=True)

    second.restore(json.loads(json.dumps(first.state())))

    for url in (f"{SHOP}/calendar/77", f"{SHOP}/p/9", f"{SHOP}/about", "https://other.example/calendar/1"):
        assert second.refusal(url, 1) == first.refusal(url, 1)
    assert second.state() == first.state()


def test_memory_is_bounded_and_words_that_cannot_be_counted_take_none() -> None:
    bounds = TrapDetector()
    for n in range(5000):
        bounds.led(f"{SHOP}/{chr(97 + n % 26) * (1 + n // 26)}/{n}", fruitful=False)
    assert len(bounds.state()) <= 1001

    plain = TrapDetector()
    for n in range(500):
        plain.led(f"{SHOP}/dress-{'x' * n}", fruitful=False)
    assert len(plain.state()) == 1


def test_a_path_that_was_not_seen_for_longest_is_forgotten_first() -> None:
    bounds = TrapDetector()
    for n in range(PATIENCE):
        bounds.led(f"{SHOP}/calendar/{n}", fruitful=False)
    for n in range(3000):
        bounds.led(f"{SHOP}/{'y' * n}/1", fruitful=False)
        if n % 900 == 0:
            bounds.led(f"{SHOP}/calendar/{n}", fruitful=False)

    assert bounds.refusal(f"{SHOP}/calendar/1", 1) is not None


@given(st.text(max_size=60), st.integers(0, 40))
def test_any_text_is_judged(text: str, depth: int) -> None:
    bounds = TrapDetector()

    bounds.led(text, fruitful=False)
    why = bounds.refusal(text, depth)

    assert why is None or why[0] in REASONS
    assert " " not in shape(text)


def test_what_was_a_trap_last_time_has_a_few_tries_and_is_forgiven_when_it_yields() -> None:
    bounds = TrapDetector()
    bounds.suspect(f"{SHOP}/calendar?month=26")

    asked = 0
    while bounds.refusal(f"{SHOP}/calendar?month={asked}", 2) is None:
        bounds.led(f"{SHOP}/calendar?month={asked}", fruitful=False)
        asked += 1

    assert 0 < asked < PATIENCE / 2
    bounds.led(f"{SHOP}/calendar?month={asked}", fruitful=True)
    assert bounds.refusal(f"{SHOP}/calendar?month={asked + 1}", 2) is None
