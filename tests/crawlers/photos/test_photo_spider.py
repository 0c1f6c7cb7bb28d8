"""crawlers/photos/photo_spider.py over the wire: what it makes of what photo addresses answer."""

from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from schemas.ids import image_id
from tests.crawlers.shopserver import StructuredShop, photo, serve
from tests.crawlers.spider_process import Asked, SpiderRun, Spiders


def asked(*names: str, etag: str = "") -> list[Asked]:
    return [Asked(f"/img/{name}", "photo", etag) for name in names]


def by_name(answers: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {answer["url"].rpartition("/")[2]: answer for answer in answers}


def test_a_photo_comes_as_served_with_what_its_bytes_are(spiders: Spiders) -> None:
    data = photo(1, width=80, height=120)
    shop = StructuredShop(0)
    headers = {"ETag": '"1"', "Cache-Control": "max-age=60"}
    shop.photos = {"x.jpg": Response(data, media_type="image/jpeg; q=1", headers=headers)}
    with serve(shop) as url:
        (answer,), failure = spiders.run(SpiderRun(url, asked("x.jpg")))

    row = answer["row"]
    assert failure == ""
    assert (answer["outcome"], answer["image_id"], answer["reject"]) == ("read", image_id(data), None)
    assert (row["bytes"], row["media_type"], row["declared_type"]) == (
        f"{len(data)} bytes",
        "image/jpeg",
        "image/jpeg",
    )
    assert (row["width"], row["height"], row["product_id"]) == (80, 120, "acme:1")
    assert row["robots"] == {"allowed": True, "noai": False, "noimageai": False}
    assert answer["validators"]["etag"] == '"1"' and answer["validators"]["fresh_until"] > 0


def test_a_photo_that_is_stored_already_is_named_and_not_inspected(spiders: Spiders) -> None:
    not_inspected = b"bytes that no decoder reads"
    shop = StructuredShop(0)
    shop.photos = {"x.jpg": Response(not_inspected), "y.jpg": Response(not_inspected + b"!")}
    with serve(shop) as url:
        answers, _ = spiders.run(SpiderRun(url, asked("x.jpg", "y.jpg"), stored=[image_id(not_inspected)]))

    answer, other = by_name(answers)["x.jpg"], by_name(answers)["y.jpg"]
    assert (answer["outcome"], answer["image_id"], answer["row"]) == ("read", image_id(not_inspected), None)
    assert other["outcome"] == "not_an_image"


def test_what_is_no_photo_is_refused_with_its_product_and_reason(spiders: Spiders) -> None:
    whole = photo(2)
    shop = StructuredShop(0)
    shop.photos = {
        "missing.jpg": Response(status_code=404),
        "half.jpg": Response(whole[: len(whole) // 2]),
        "page.jpg": HTMLResponse("<h1>Hotlinking forbidden</h1>"),
        "opted.jpg": Response(whole, headers={"X-Robots-Tag": "noimageai"}),
        "empty.jpg": Response(b""),
        "small.jpg": Response(photo(3, width=20)),
        "file.jpg": RedirectResponse("file:///etc/passwd"),
        "inside.jpg": RedirectResponse("http://169.254.169.254/latest"),
        "circle.jpg": RedirectResponse("/img/circle.jpg"),
    }
    with serve(shop) as url:
        answers, failure = spiders.run(SpiderRun(url, asked(*shop.photos)))

    refused = {name: answer["reject"] for name, answer in by_name(answers).items()}
    assert failure == ""
    assert {name: reject["reason"] for name, reject in refused.items()} == {
        "missing.jpg": "http_4xx",
        "half.jpg": "truncated",
        "page.jpg": "not_an_image",
        "opted.jpg": "opted_out",
        "empty.jpg": "empty",
        "small.jpg": "too_small",
        "file.jpg": "address",
        "inside.jpg": "address",
        "circle.jpg": "out_of_bounds",
    }
    assert {(reject["stage"], reject["product_id"]) for reject in refused.values()} == {("image", "acme:1")}
    assert all(answer["outcome"] == answer["reject"]["reason"] for answer in answers)


class UnchangingShop(StructuredShop):
    """Answers 304 to whoever knows the photo already."""

    async def _photo(self, request: Request) -> Response:
        if request.headers.get("If-None-Match") == '"7"':
            return Response(status_code=304)
        return await super()._photo(request)


def test_a_photo_asked_with_its_validators_may_answer_that_it_did_not_change(spiders: Spiders) -> None:
    with serve(UnchangingShop(0)) as url:
        answers, _ = spiders.run(SpiderRun(url, asked("x.jpg", etag='"7"') + asked("y.jpg", etag='"6"')))

    named = by_name(answers)
    assert (named["x.jpg"]["outcome"], named["x.jpg"]["row"]) == ("not_modified", None)
    assert named["y.jpg"]["outcome"] == "read"
