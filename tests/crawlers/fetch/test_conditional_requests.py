import time

import pytest
from scrapy.http import Response

from crawlers.extract.headers import header_of
from crawlers.fetch.conditional_requests import conditional, validators_of
from crawlers.fetch.validators import NOTHING, Validators


def answer(**headers: str | list[str]) -> Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response("https://shop.example/", headers=named)


def lifetime_s(control: str | list[str]) -> float | None:
    until = validators_of(answer(Cache_Control=control)).fresh_until
    return None if until is None else until / 1000 - time.time()


def test_without_validators_a_request_has_no_conditions() -> None:
    assert conditional(NOTHING) == {}


def test_both_validators_are_sent_and_304_is_an_answer() -> None:
    asked = conditional(Validators('W/"7"', "Mon, 05 Jan 2026 10:00:00 GMT"))

    assert asked["headers"] == {
        "If-None-Match": 'W/"7"',
        "If-Modified-Since": "Mon, 05 Jan 2026 10:00:00 GMT",
    }
    assert asked["meta"] == {"handle_httpstatus_list": [304]}


def test_one_validator_is_enough() -> None:
    assert conditional(Validators(etag='"7"'))["headers"] == {"If-None-Match": '"7"'}
    assert conditional(Validators(last_modified="Mon"))["headers"] == {"If-Modified-Since": "Mon"}


def test_validators_come_from_the_headers_as_they_are() -> None:
    found = validators_of(answer(ETag=' "a b" ', Last_Modified="Mon, 05 Jan 2026 10:00:00 GMT"))

    assert (found.etag, found.last_modified) == ('"a b"', "Mon, 05 Jan 2026 10:00:00 GMT")
    assert validators_of(answer()) == NOTHING


@pytest.mark.parametrize("value", ["x" * 501, '"a\x01b"', '"a\r\nSet-Cookie: b"', '"\x85"'])
def test_a_header_that_is_too_long_or_not_printable_is_none(value: str) -> None:
    found = answer()
    found.headers["ETag"] = value.encode("latin-1")

    assert header_of(found, "ETag") == ""
    assert conditional(validators_of(found)) == {}


@pytest.mark.parametrize(
    "control", ["max-age=600", "public, max-age=600", 'MAX-AGE="600"', ["public", "max-age = 600"]]
)
def test_a_lifetime_is_read_however_it_is_written(control: str | list[str]) -> None:
    assert lifetime_s(control) == pytest.approx(600, abs=5)


@pytest.mark.parametrize(
    "control",
    ["", "no-cache, max-age=600", "no-store,max-age=600", "s-maxage=600", "max-age=-5", "max-age=x"],
)
def test_an_answer_that_may_not_be_kept_has_no_lifetime(control: str) -> None:
    assert lifetime_s(control) is None


def test_a_lifetime_has_an_end() -> None:
    assert lifetime_s("max-age=9999999999") == pytest.approx(366 * 24 * 3600, abs=5)
