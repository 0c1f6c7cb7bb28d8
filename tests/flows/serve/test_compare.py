"""Two models asked the same: each with its own encoder, what both find, and where each puts it."""

import threading
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from flows.parameters.retrieval import SearchParameters
from flows.queries.search import search
from flows.serve.indexes.other_indexes import OtherIndexes
from flows.serve.window import Window
from schemas.errors import InputError
from schemas.manifest import Manifest
from tests.flows.processes import wait_until
from tests.flows.serve.served_lake import ServedLake


def test_each_side_is_what_its_own_index_answers(
    site: TestClient, window: Window, served: ServedLake, second: Manifest
) -> None:
    like = served.products[5][3][1]

    told = site.get("/api/compare", params={"like": like, "k": 8}).json()

    live = site.get("/api/search", params={"like": like, "k": 8}).json()
    assert told["left"]["answer"] == live and told["left"]["live"]
    assert told["right"]["index"] == second.run_id and not told["right"]["live"]
    right = told["right"]["answer"]
    assert right["collection"] == second.result["collection"] and right["cards"][0]["alike"] == 100
    ours = [card["product_id"] for card in live["cards"]]
    theirs = [card["product_id"] for card in right["cards"]]
    assert ours != theirs
    assert told["shared"] == len(set(ours) & set(theirs)) and told["overlap"] == told["shared"] / 8
    places = [theirs.index(each) + 1 if each in theirs else None for each in ours]
    assert told["left"]["places"] == places


def test_a_train_run_stands_for_its_index_and_sides_can_be_swapped(
    site: TestClient, window: Window, second: Manifest
) -> None:
    live = window.serving.now().indexed.run_id

    one = site.get("/api/compare", params={"words": "red dress", "right": second.result["train"]}).json()
    other = site.get(
        "/api/compare", params={"words": "red dress", "left": second.run_id, "right": live}
    ).json()

    assert (one["left"]["index"], one["right"]["index"]) == (live, second.run_id)
    assert (one["left"]["answer"], one["right"]["answer"]) == (
        other["right"]["answer"],
        other["left"]["answer"],
    )
    assert one["overlap"] == other["overlap"]


def test_an_index_agrees_with_itself(site: TestClient, window: Window, second: Manifest) -> None:
    told = site.get(
        "/api/compare", params={"words": "blue", "left": second.run_id, "right": second.run_id}
    ).json()

    count = len(told["left"]["answer"]["cards"])
    assert told["overlap"] == 1 and told["left"]["places"] == list(range(1, count + 1))


def test_photo_words_and_filters_are_asked_of_both(
    site: TestClient, served: ServedLake, second: Manifest
) -> None:
    product, _, _, ids = served.products[5]

    told = site.get(
        "/api/compare", params={"like": ids[0], "words": "blue", "shop": product.shop, "k": 4}
    ).json()

    for side in ("left", "right"):
        cards = told[side]["answer"]["cards"]
        assert len(cards) == 4 and {card["shop"] for card in cards} == {product.shop}


def test_the_page_marks_what_moved_and_its_address_is_what_it_shows(
    site: TestClient, served: ServedLake, second: Manifest
) -> None:
    asked = {"like": served.products[5][3][1], "k": 6}
    told = site.get("/api/compare", params=asked).json()

    page = site.get("/compare", params=asked).text

    alone = sum(told[side]["places"].count(None) for side in ("left", "right"))
    assert page.count("only here") == alone and f"{100 * told['overlap']:.0f} %" in page
    assert f'value="{second.run_id}" selected' in page
    assert f"left={second.run_id}" in page  # the link that swaps the sides
    for image_id in (card["image_id"] for card in told["right"]["answer"]["cards"]):
        assert site.get(f"/compare/{second.run_id}/photo/{image_id}").headers["content-type"] == "image/jpeg"


def test_a_photo_given_here_comes_back_here(site: TestClient, served: ServedLake, second: Manifest) -> None:
    question = f"left={second.run_id}&words=red&price_to=500"

    answer = site.post(
        "/photo",
        files={"file": ("photo.png", served.photos[served.products[5][3][0]])},
        data={"question": question},
    )

    where = answer.headers["location"]
    assert where.startswith("/compare?") and all(part in where for part in (*question.split("&"), "photo="))
    assert "found by both" in site.get(where).text


@pytest.mark.parametrize(
    ("asked", "status", "why"),
    [
        ("words=paisley", 200, "learnt none of them"),
        ("words=red&left=20260101T000000Z-0000", 404, "no committed run"),
        ("words=red&right=../../etc", 422, "right"),
        ("photo=" + "a" * 64, 200, "not kept here"),
    ],
)
def test_what_cannot_be_compared_is_one_sentence(
    site: TestClient, second: Manifest, asked: str, status: int, why: str
) -> None:
    page = site.get(f"/compare?{asked}")

    assert page.status_code == status and why in page.text and "Traceback" not in page.text


def test_what_is_neither_an_index_nor_a_model_is_said(
    site: TestClient, served: ServedLake, second: Manifest
) -> None:
    answer = site.get("/api/compare", params={"words": "red", "left": served.labels.run_id})

    assert answer.status_code == 404 and "is a run of label" in answer.json()["error"]


def test_a_method_that_learns_nothing_is_compared_by_photo_and_says_that_it_has_no_words(
    site: TestClient, served: ServedLake, second: Manifest
) -> None:
    weightless = served.weightless_index()
    sides = {"left": second.run_id, "right": weightless.run_id, "k": 4}

    photo = site.get("/api/compare", params={**sides, "like": served.products[5][3][1]}).json()
    words = site.get("/api/compare", params={**sides, "words": "red"}).json()

    assert photo["right"]["answer"]["cards"][0]["alike"] == 100 and photo["right"]["train"] == ""
    assert words["right"]["answer"] is None and "learnt none" in words["right"]["fault"]
    assert words["left"]["answer"]["cards"] and words["overlap"] is None


def test_the_command_searches_such_an_index_by_photo_and_says_that_it_has_no_words(
    served: ServedLake, tmp_path: Path
) -> None:
    weightless = served.weightless_index()
    name = served.products[5][3][1]
    (tmp_path / "photo").write_bytes(served.photos[name])
    asked = {"lake": served.lake.uri, "index": weightless.run_id, "k": 4}

    found = search(SearchParameters.read(asked | {"image": str(tmp_path / "photo")}))

    assert found["hits"][0]["image_id"] == name and found["hits"][0]["match"] == pytest.approx(1, abs=1e-3)
    with pytest.raises(InputError, match="histogram learns none"):
        search(SearchParameters.read(asked | {"words": "red"}))


def test_an_index_that_has_to_make_room_is_closed_once_nobody_asks_it(
    window: Window, served: ServedLake, second: Manifest
) -> None:
    photo = served.photos[served.products[0][3][0]]
    others = OtherIndexes(window.lake, window.serving, window.milvus, kept=0)
    before = computing()

    with others.held(second) as held:
        assert len(held.encoding.vector("photo", photo)) == len(held.mean)

    wait_until(lambda: computing() == before)


def computing() -> int:
    """Threads that turn photos into vectors."""
    return sum(thread.name == "encoding" for thread in threading.enumerate())
