"""The search page without a browser: what is asked, what is shown, what is refused."""

import io
import re
from html import unescape
from pathlib import Path

import pytest
from PIL import Image
from starlette.testclient import TestClient

from flows.queries.products_found import PHOTOS_A_PRODUCT
from flows.queries.words_found import LOOKED_AT
from flows.serve.asking.questions import MOST
from flows.serve.window import Window
from tests.flows.serve.served_lake import ServedLake


def given(site: TestClient, data: bytes, question: str = "") -> str:
    answer = site.post("/photo", files={"file": ("photo.png", data)}, data={"question": question})
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def products_in(html: str) -> list[str]:
    """Products of the cards, in their order."""
    return [unescape(found) for found in re.findall(r'<h2><a href="/product\?id=([^"]+)"', html)]


def test_the_first_page_shows_some_of_the_catalogue_and_words_to_begin_with(site: TestClient) -> None:
    page = site.get("/")

    assert page.status_code == 200
    assert len(products_in(page.text)) == 12
    assert "24 products of 2 shops are live" in page.text
    assert '<a href="/?words=dress">dress</a>' in page.text


def test_words_find_what_bears_them_best_first_with_price_and_shop(
    site: TestClient, served: ServedLake
) -> None:
    found = site.get("/api/search", params={"words": "red dress", "k": 3}).json()
    page = site.get("/", params={"words": "red dress", "k": 3})

    kinds = {product.product_id: (kind, colour) for product, kind, colour, _ in served.products}
    first = found["cards"][0]
    assert kinds[first["product_id"]] == ("dress", "red") and first["alike"] > 100 * found["chance"]
    likely = [card["alike"] for card in found["cards"]]
    assert likely == sorted(likely, reverse=True)
    assert len(products_in(page.text)) == 3
    assert f"{first['price']:,.2f} EUR" in page.text and "More like this" in page.text


def test_a_photo_finds_itself_and_the_address_holds_all_that_was_asked(site: TestClient, photo: Path) -> None:
    address = given(site, photo.read_bytes(), "words=red&price_to=500&in_stock=&k=5")

    wanted = ("words=red", "photo=", "price_to=500", "k=5", "crop=")
    assert all(part in address for part in wanted) and "in_stock" not in address
    alone = given(site, photo.read_bytes())
    page = site.get(re.sub("&crop=[^&]*", "", alone))
    [best] = re.findall(r"(\d+) of 100", page.text)[:1]
    assert int(best) >= 90 and "The model sees" in page.text


def test_more_like_a_photo_of_the_catalogue_finds_that_photo_first(
    site: TestClient, served: ServedLake
) -> None:
    product, _, _, ids = served.products[5]

    found = site.get("/api/search", params={"like": ids[1], "k": 2}).json()

    assert found["cards"][0]["product_id"] == product.product_id and found["cards"][0]["alike"] == 100
    assert not found["cards"][0]["unlike"]


def test_words_move_what_a_photo_finds(site: TestClient, served: ServedLake) -> None:
    colours = {product.product_id: colour for product, _, colour, _ in served.products}
    ids = next(ids for _, kind, colour, ids in served.products if (kind, colour) == ("dress", "red"))

    def blue(**asked: str) -> int:
        cards = site.get("/api/search", params={"like": ids[0], "k": 4, **asked}).json()["cards"]
        return sum(colours[card["product_id"]] == "blue" for card in cards)

    assert blue(words="blue") > blue()


def test_a_word_that_was_never_learnt_is_said_with_those_near_it(site: TestClient) -> None:
    page = site.get("/", params={"words": "red paisley gren"})

    assert "never learnt “paisley”" in page.text
    assert "words=red+paisley+green" in page.text
    nothing = site.get("/", params={"words": "paisley"})
    assert nothing.status_code == 200 and "learnt none of them" in nothing.text


def test_near_duplicates_are_folded_into_the_best_of_them(site: TestClient, window: Window) -> None:
    from flows.serve.asking.answers import Card, folded

    now = window.serving.now()
    groups = now.products["group"].to_pylist()
    cards = [
        Card(
            **{name: product[name] for name in ("product_id", "image_id", "title", "brand", "shop", "category")},
            colour="", price=1.0, currency="EUR", in_stock=None, url="", score=0.5, alike=1, unlike=False,
        )
        for product in now.products.slice(0, 3).to_pylist()
    ]  # fmt: skip
    twice = [*cards, cards[0]]

    kept = folded(now, twice)

    assert len(set(groups[:3])) == 3
    assert [card.product_id for card in kept] == [card.product_id for card in cards]
    assert [card.product_id for card in kept[0].same] == [cards[0].product_id]


def test_the_line_below_which_all_is_chance_is_drawn(site: TestClient, served: ServedLake) -> None:
    found = site.get("/api/search", params={"words": "red", "k": 24}).json()
    page = site.get("/", params={"words": "red", "k": 24}).text

    unlike = [card["unlike"] for card in found["cards"]]
    assert unlike == sorted(unlike) and unlike.count(True) > 0
    assert page.count('class="cutoff"') == 1
    assert all((card["alike"] <= 100 * found["chance"] + 0.5) == card["unlike"] for card in found["cards"])


@pytest.mark.parametrize("data", [b"", b"not a photo", b"\x89PNG\r\n\x1a\n" + b"\0" * 200, b"GIF89a"])
def test_what_is_no_photo_is_refused_in_one_line(site: TestClient, data: bytes) -> None:
    answer = site.post("/photo", files={"file": ("photo.jpg", data)})

    assert answer.status_code == 400 and "is no photo" in answer.text


def test_a_bomb_is_refused_before_it_is_unpacked(site: TestClient) -> None:
    out = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(out, "PNG")

    answer = site.post("/api/photos", files={"file": ("photo.png", out.getvalue())})

    assert answer.status_code == 400 and "million pixels" in answer.json()["error"]


def test_an_upload_is_kept_upright_and_without_what_its_camera_wrote(site: TestClient) -> None:
    out = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6  # lies on its side
    exif[0x010E] = "where I live"
    Image.new("RGB", (300, 200), "red").save(out, "JPEG", exif=exif)

    kept = site.post("/api/photos", files={"file": ("photo.jpg", out.getvalue())}).json()
    stored = site.get(f"/upload/{kept['photo']}").content

    assert (kept["width"], kept["height"]) == (200, 300)
    assert b"where I live" not in stored and Image.open(io.BytesIO(stored)).size == (200, 300)


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/?photo=" + "a" * 64, 200),
        ("/?like=" + "a" * 64, 200),
        ("/?photo=http://10.0.0.1/x.jpg", 422),
        ("/?crop=0.9,0,0.1,1", 422),
        ("/?k=100000", 422),
        ("/?price_from=nan", 422),
        ("/photo/" + "a" * 64, 404),
        ("/photo/../../etc/passwd", 404),
        ("/upload/" + "a" * 64, 400),
        ("/product?id=nothing", 404),
        ("/nothing", 404),
    ],
)
def test_what_cannot_be_is_one_page_with_one_sentence(site: TestClient, address: str, status: int) -> None:
    answer = site.get(address)

    assert answer.status_code == status
    assert "Traceback" not in answer.text and "<html" in answer.text


def test_what_shops_write_is_text_and_never_markup(site: TestClient, served: ServedLake) -> None:
    hostile = served.products[0][0].product_id

    pages = [
        site.get("/product", params={"id": hostile}).text,
        site.get("/", params={"words": "red", "k": 24}).text,
    ]

    for page in pages:
        assert "<script>alert" not in page and "<img src=x" not in page
        assert "alert(1)" in page  # shown as what it is


def test_why_says_which_words_both_show(site: TestClient, served: ServedLake) -> None:
    product, _, _, ids = next(each for each in served.products if each[1:3] == ("dress", "red"))

    told = site.get("/api/why", params={"like": ids[0], "hit": ids[1]}).json()
    page = site.get("/why", params={"like": ids[0], "hit": ids[1], "product": product.product_id})

    assert {"red", "dress"} <= set(told["shared"]) and told["score"] > 0.9
    assert page.status_code == 200 and "Back to the results" in page.text


def test_one_click_says_what_is_wrong_with_a_label_and_another_takes_it_back(
    site: TestClient, served: ServedLake
) -> None:
    product = served.products[7][0].product_id

    said = site.post("/override", data={"product_id": product, "kind": "wrong_label"})
    listed = site.get("/overrides").text
    site.post("/override", data={"product_id": product, "kind": "none"})

    assert said.status_code == 303 and said.headers["location"].startswith("/product?id=")
    assert "Wrong label" in listed
    assert "Nothing was said yet" in site.get("/overrides").text
    assert site.post("/api/overrides", json={"product_id": "no such", "kind": "none"}).status_code == 404


def test_the_catalogue_page_shows_rejects_and_the_product_its_prices(
    site: TestClient, served: ServedLake
) -> None:
    product = served.products[3][0]

    catalogue = site.get("/catalogue", params={"reason": "too_small"})
    page = site.get("/product", params={"id": product.product_id})

    assert catalogue.status_code == 200 and "too small <small>4</small>" in catalogue.text
    assert catalogue.text.count("<strong>too small</strong>") == 4
    assert page.text.count("<circle") == 1 and f"{product.price:,.2f} EUR" in page.text


def test_the_gate_page_shows_what_went_live(site: TestClient, window: Window) -> None:
    page = site.get("/gate")

    assert page.status_code == 200
    assert window.serving.now().indexed.run_id in page.text and "this was the first" in page.text


def test_more_results_never_change_those_above_them() -> None:
    """The longest page looks at the photos that the shortest looks at."""
    assert LOOKED_AT >= PHOTOS_A_PRODUCT * MOST
