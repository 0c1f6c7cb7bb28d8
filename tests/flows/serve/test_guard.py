"""Who may ask, how much, and what a browser is told about answers."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest
from starlette.testclient import TestClient

from flows.serve import guard
from flows.serve.app import application
from flows.serve.guard import Bounds
from flows.serve.listening import bounds_for
from flows.serve.window import Window
from schemas.errors import UsageError

TOKEN = "a token of some length"
Client = Callable[[Bounds], TestClient]


@pytest.fixture
def client(window: Window) -> Client:
    """The application within some bounds."""
    return lambda bounds: TestClient(
        application(window, bounds), base_url="http://127.0.0.1:8080", follow_redirects=False
    )


def test_every_answer_says_what_a_browser_may_do(site: TestClient) -> None:
    for address in ("/", "/static/page.js", "/nothing", "/api/facets"):
        headers = site.get(address).headers
        assert "script-src 'self'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"


def test_what_can_be_got_can_be_asked_for_its_head(site: TestClient) -> None:
    for address in ("/", "/static/page.js", "/health", "/api/facets", "/nothing"):
        told, got = site.head(address), site.get(address)
        assert told.status_code == got.status_code
        assert told.headers["content-type"] == got.headers["content-type"]
        assert told.headers["content-length"] == got.headers["content-length"]


def test_a_body_beyond_the_bound_is_refused_said_or_unsaid(client: Client) -> None:
    site = client(Bounds(most_bytes=1_000, rate=1_000))

    said = site.post("/photo", files={"file": ("a.jpg", b"x" * 2_000)})
    unsaid = site.post("/photo", content=(b"x" * 100 for _ in range(30)))

    assert (said.status_code, unsaid.status_code) == (413, 413)


def test_one_client_asks_at_its_rate(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr(guard, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    site = client(Bounds(rate=1.0))

    at_once = [site.get("/login").status_code for _ in range(14)]
    clock[0] += 2.0
    later = [site.get("/login").status_code for _ in range(4)]

    assert at_once == [200] * 12 + [429] * 2
    assert later == [200] * 2 + [429] * 2
    assert site.get("/api/facets").json() == {"error": "too many requests; ask again in a moment"}


def test_without_the_token_nothing_is_shown(client: Client) -> None:
    site = client(Bounds(token=TOKEN, rate=1_000))

    assert site.get("/").headers["location"] == "/login"
    assert site.get("/api/facets").status_code == 401
    assert site.get("/api/facets", headers={"authorization": f"Bearer {TOKEN}"}).status_code == 200
    assert site.get("/api/facets", headers={"authorization": "Bearer wrong"}).status_code == 401
    assert site.get("/photo/" + "a" * 64).status_code == 303
    assert site.get("/static/page.css").status_code == 200


def test_a_browser_logs_in_once(client: Client) -> None:
    site = client(Bounds(token=TOKEN, rate=1_000))

    assert site.post("/login", data={"token": "wrong"}).status_code == 403
    cookie = site.post("/login", data={"token": TOKEN}).headers["set-cookie"]

    assert "HttpOnly" in cookie and "SameSite=strict" in cookie and TOKEN not in cookie
    assert site.get("/").status_code == 200


@pytest.mark.parametrize(
    "headers", [{"sec-fetch-site": "cross-site"}, {"origin": "https://other.test"}, {"origin": "null"}]
)
def test_another_site_s_page_changes_nothing(site: TestClient, headers: dict[str, str]) -> None:
    answer = site.post("/override", data={"product_id": "x", "kind": "not_fashion"}, headers=headers)

    assert answer.status_code == 403


@pytest.mark.parametrize("host", ["rebound.test", "127.0.0.1.rebound.test", "[", ""])
def test_a_page_that_rebinds_its_name_to_this_machine_is_refused(site: TestClient, host: str) -> None:
    assert site.get("/", headers={"host": host}).status_code == 421


def test_beyond_loopback_a_token_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VITRINE_SERVE_TOKEN", raising=False)
    assert bounds_for("127.0.0.1", 5.0).token == ""
    with pytest.raises(UsageError, match="VITRINE_SERVE_TOKEN"):
        bounds_for("0.0.0.0", 5.0)

    monkeypatch.setenv("VITRINE_SERVE_TOKEN", TOKEN)

    assert bounds_for("0.0.0.0", 5.0) == Bounds(token=TOKEN, hosts=frozenset(), rate=5.0)
