"""The pages in Chromium, as people use them: mouse, keyboard, phone, without a script; axe-core finds no fault."""

import base64
import re
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from schemas.manifest import Manifest
from tests.flows.serve.served_lake import ServedLake
from tests.flows.serve.serving_process import serving

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine"),
]
DESKTOP, PHONE = {"width": 1400, "height": 1000}, {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def address(served: ServedLake, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(Path(served.lake.uri), tmp_path_factory.mktemp("served") / "log", "--rate", "500") as url:
        yield url


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield opened
        opened.close()


@pytest.fixture
def page(browser: Any, request: pytest.FixtureRequest) -> Iterator[Any]:
    """A page that fails its test where a script raised or something was asked of another host."""
    choices = {"viewport": DESKTOP} | getattr(request, "param", {})
    context = browser.new_context(**choices)
    opened = context.new_page()
    faults: list[str] = []
    opened.on("pageerror", lambda error: faults.append(str(error)))
    opened.on("console", lambda said: faults.append(said.text) if "Content Security" in said.text else None)
    opened.on(
        "request", lambda asked: faults.append(asked.url) if "127.0.0.1" not in asked.url[:30] else None
    )
    yield opened
    context.close()
    assert [fault for fault in faults if not fault.startswith(("data:", "blob:"))] == []


def titles(page: Any) -> list[str]:
    return list(page.locator(".card h2").all_inner_texts())


def cards(page: Any, number: int) -> None:
    """Wait until so many cards are shown."""
    page.wait_for_selector(f'.said strong:text-is("{number} products")')


def given(page: Any, address: str, photo: Path) -> None:
    page.goto(address)
    page.set_input_files("#file", str(photo))
    page.wait_for_url(re.compile("photo="))


def test_the_head_of_a_page_comes_without_its_body(address: str) -> None:
    place = urlsplit(address)
    with socket.create_connection((place.hostname or "", place.port or 0)) as client:
        client.sendall(b"HEAD / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        said = b"".join(iter(lambda: client.recv(65_536), b""))
    head, _, body = said.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200") and not body


def test_words_then_a_filter_then_back(page: Any, address: str) -> None:
    page.goto(address)
    page.fill("#words", "red dress")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"words=red\+dress"))
    page.wait_for_selector("text=most alike first")
    everything = titles(page)
    box = page.locator('fieldset:has(legend:text-is("Shop")) input').first
    box.check()
    page.wait_for_url(re.compile("shop="))
    cards(page, 12)

    page.go_back()

    page.wait_for_url(re.compile(r"words=red\+dress$"))
    cards(page, len(everything))
    assert titles(page) == everything


def test_a_frame_drawn_over_a_photo_is_searched_with(page: Any, address: str, photo: Path) -> None:
    given(page, address, photo)
    assert "crop=" in page.url  # proposed
    before, proposed = page.url, page.locator("#crop").input_value()
    frame = page.locator(".crop svg").bounding_box()

    page.mouse.move(frame["x"] + 20, frame["y"] + 20)
    page.mouse.down()
    page.mouse.move(frame["x"] + frame["width"] / 2, frame["y"] + frame["height"] / 2, steps=4)
    page.mouse.up()

    page.wait_for_url(lambda url: url != before)
    page.wait_for_selector(f'[name="crop"]:not([value="{proposed}"])', state="attached")
    sides = [float(side) for side in page.locator("#crop").input_value().split(",")]
    assert sides == pytest.approx([20 / frame["width"], 20 / frame["height"], 0.5, 0.5], abs=0.02)


def test_more_like_this_and_photo_with_words(page: Any, address: str, photo: Path) -> None:
    given(page, address, photo)
    page.fill("#words", "blue")
    page.press("#words", "Enter")
    page.wait_for_url(re.compile("words=blue"))
    page.wait_for_selector("text=, and “blue”")
    assert "photo=" in page.url

    page.locator("text=More like this").first.click()

    page.wait_for_url(re.compile("like="))
    page.wait_for_selector("text=More like this photo")
    assert page.locator(".score").first.inner_text().strip() == "100 of 100"


@pytest.mark.parametrize("page", [{"java_script_enabled": False}], indirect=True)
def test_all_of_it_works_without_a_script(browser: Any, address: str, photo: Path, page: Any) -> None:
    page.goto(address)
    page.set_input_files("#file", str(photo))
    page.click("#give button")
    page.wait_for_url(re.compile("photo="))
    page.fill("#words", "dress")
    page.locator('fieldset:has(legend:text-is("Shop")) input').first.check()
    page.click(".filters button")
    page.wait_for_url(re.compile("shop="))
    assert "words=dress" in page.url and "photo=" in page.url
    assert page.locator(".card").count() == 12
    page.locator("text=Why").first.click()
    page.wait_for_url(re.compile("/why"))
    page.click("text=Back to the results")
    page.wait_for_url(re.compile("shop="))
    assert page.locator(".card").count() == 12


@pytest.mark.parametrize(
    "page", [{"viewport": DESKTOP}, {"viewport": PHONE}], indirect=True, ids=["desktop", "phone"]
)
def test_two_models_stand_beside_each_other_and_the_choice_of_the_second_is_in_the_address(
    page: Any, address: str, photo: Path, served: ServedLake, second: Manifest
) -> None:
    given(page, address, photo)
    page.click("text=Ask another model the same")
    page.wait_for_url(re.compile("/compare"))
    page.wait_for_selector("text=found by both")
    left, right = (page.locator(".side").nth(number).bounding_box() for number in (0, 1))
    assert abs(left["y"] - right["y"]) < 2 and right["x"] >= left["x"] + left["width"]
    assert page.locator(".side").first.locator(".card").count() == 12

    page.select_option("#right", page.locator("#left").input_value())

    page.wait_for_url(re.compile("right="))
    page.wait_for_selector('.overlap strong:text-is("100 %")')
    assert "photo=" in page.url and page.locator(".only").count() == 0


@pytest.mark.parametrize("page", [{"java_script_enabled": False}], indirect=True)
def test_two_models_are_compared_without_a_script(
    page: Any, address: str, photo: Path, second: Manifest
) -> None:
    page.goto(f"{address}compare?words=red")
    page.set_input_files("#file", str(photo))
    page.click("#give button")
    page.wait_for_url(re.compile("photo="))
    assert "/compare?" in page.url and "words=red" in page.url
    page.select_option("#right", page.locator("#left").input_value())
    page.click("#search button")
    page.wait_for_url(re.compile("right="))
    assert page.locator(".overlap strong").inner_text() == "100 %" and "photo=" in page.url


def test_the_keyboard_alone_is_enough(page: Any, address: str) -> None:
    page.goto(address)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    asked: list[str] = []
    page.on("request", lambda made: asked.append(made.url) if made.resource_type == "fetch" else None)
    page.keyboard.press("Enter")
    page.wait_for_function("document.activeElement.id === 'main'")
    page.keyboard.press("/")
    page.keyboard.type("red dress")
    assert (
        page.input_value("#words") == "red dress" and asked == []
    )  # a jump within the page asks for nothing
    page.keyboard.press("Enter")
    page.wait_for_selector("text=most alike first")
    for _ in range(200):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent.startsWith('More like this')"):
            break
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("like="))


def test_dropped_and_pasted_photos_are_searched_with_and_links_are_not(
    page: Any, address: str, photo: Path
) -> None:
    handed = """([kind, data]) => {
        const bytes = Uint8Array.from(atob(data), (each) => each.charCodeAt(0));
        const held = new DataTransfer();
        if (data) held.items.add(new File([bytes], "photo.png", { type: "image/png" }));
        else held.setData("text/uri-list", "http://127.0.0.1/photo.png");
        const event = kind === "paste"
            ? new ClipboardEvent("paste", { clipboardData: held, bubbles: true })
            : new DragEvent("drop", { dataTransfer: held, bubbles: true, cancelable: true });
        document.body.dispatchEvent(event);
    }"""
    data = base64.b64encode(photo.read_bytes()).decode()
    page.goto(address)
    page.evaluate(handed, ["drop", ""])
    assert "not a link" in page.locator("#told").inner_text()
    for kind in ("drop", "paste"):
        page.goto(address)
        page.evaluate(handed, [kind, data])
        page.wait_for_url(re.compile("photo="))


def test_garbage_is_answered_with_one_sentence(page: Any, address: str, tmp_path: Path) -> None:
    garbage = tmp_path / "photo.png"
    garbage.write_bytes(b"no photo at all")
    page.goto(address)

    page.set_input_files("#file", str(garbage))

    page.wait_for_selector("text=is no photo that can be read")
    assert page.locator("li.card").count() == 0


@pytest.mark.parametrize(
    "page",
    [
        {"viewport": DESKTOP, "color_scheme": "light"},
        {"viewport": DESKTOP, "color_scheme": "dark"},
        {"viewport": PHONE, "color_scheme": "light"},
    ],
    indirect=True,
    ids=["light", "dark", "phone"],
)
def test_axe_finds_no_fault_and_nothing_is_wider_than_the_screen(
    page: Any, address: str, photo: Path, served: ServedLake, second: Manifest
) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    product, _, _, ids = served.products[3]
    given(page, address, photo)
    shown = page.url.removeprefix(address)
    why = f"why?like={ids[0]}&hit={ids[1]}&product={product.product_id}"
    pages = ["", "?words=red+paisley&k=24", shown, why, f"product?id={product.product_id}"]
    pages += [
        f"compare?like={ids[0]}&words=red",
        "compare?words=red&k=48",
        "compare",
        "compare?words=paisley",
    ]
    pages += ["catalogue?since=30d", "gate", "overrides", "login", "nothing"]
    faults = {}
    for each in pages:
        page.goto(address + each)
        page.wait_for_load_state("networkidle")
        found = axe.run(page).response["violations"]
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        if found or wide > 0:
            faults[each] = [wide, *[(each["id"], each["nodes"][0]["html"][:200]) for each in found]]
    assert faults == {}
