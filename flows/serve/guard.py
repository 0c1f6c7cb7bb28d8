"""What stands before every request: bounds on bytes and rates, who may ask, and what a browser may do with answers."""

import asyncio
import hashlib
import hmac
import json
import time
from collections import OrderedDict
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST_BYTES = 12 << 20
BODY_S = 30.0
COOKIE = "vitrine"
LOOPBACK = frozenset(["127.0.0.1", "localhost", "::1"])
OPEN = ("/login", "/static/", "/health")
_CLIENTS = 10_000
_BURST_S = 12.0  # of its rate, that a client may ask at once
_CSP = (
    "default-src 'none'; img-src 'self' blob: data:; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": _CSP,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}


@dataclass(frozen=True)
class Bounds:
    """Who may ask, and how much.

    token  what has to be shown, as a Bearer or by the cookie that /login sets; empty: nothing
    hosts  names that the Host header may bear, against pages that rebind theirs to us; empty: any
    rate   searches per second of one client in the long run; a photo or a style costs a fortieth of one
    """

    token: str = ""
    hosts: frozenset[str] = LOOPBACK
    rate: float = 20.0
    most_bytes: int = MOST_BYTES


class Guard:
    """The ASGI application within `bounds`; what is refused is one line, as JSON below /api."""

    def __init__(self, app: ASGIApp, bounds: Bounds) -> None:
        self._app, self._bounds = app, bounds
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                told = {name for name, _ in message["headers"]}
                more = {"cache-control": "no-store"} | HEADERS
                message["headers"] = list(message["headers"]) + [
                    (name.encode(), value.encode())
                    for name, value in more.items()
                    if name.encode() not in told
                ]
            await send(message)

        if refused := self._refused(scope, headers):
            await _say(scope, guarded, *refused)
            return
        if scope["method"] in ("GET", "HEAD"):  # to HEAD the server sends no more than a GET's head
            await self._app({**scope, "method": "GET"}, receive, guarded)
            return
        body = await self._body(headers, receive)
        if isinstance(body, tuple):
            await _say(scope, guarded, *body)
            return
        await self._app(scope, _replayed(body, receive), guarded)

    def _refused(self, scope: Scope, headers: Headers) -> tuple[int, str] | None:
        bounds, path = self._bounds, scope["path"]
        host = (
            urlsplit(f"//{headers.get('host', '')}").hostname if _is_host(headers.get("host", "")) else None
        )
        if bounds.hosts and host not in bounds.hosts:
            return 421, "this page goes by another name"
        if not self._may_ask_now(scope):
            return 429, "too many requests; ask again in a moment"
        if bounds.token and not path.startswith(OPEN) and not self._is_known(headers):
            return 401, "a token is needed: Authorization: Bearer TOKEN, or /login"
        if scope["method"] not in ("GET", "HEAD", "OPTIONS") and _is_from_elsewhere(headers):
            return 403, "asked for by another site"
        return None

    def _may_ask_now(self, scope: Scope) -> bool:
        """Take what a request costs out of its client's bucket, which fills at the rate."""
        client = scope["client"][0] if scope.get("client") else ""
        cost = (
            0.025
            if scope["path"].startswith(("/static/", "/photo/", "/upload/", "/health", "/metrics"))
            else 1.0
        )
        now, most = time.monotonic(), self._bounds.rate * _BURST_S
        left, at = self._left.pop(client, (most, now))
        left = min(most, left + (now - at) * self._bounds.rate)
        self._left[client] = (left - cost if left >= cost else left, now)
        if len(self._left) > _CLIENTS:
            self._left.popitem(last=False)
        return left >= cost

    def _is_known(self, headers: Headers) -> bool:
        scheme, _, bearer = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and same(bearer.strip(), self._bounds.token):
            return True
        try:
            morsel = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
        except CookieError:
            return False
        return morsel is not None and same(morsel.value, cookie_of(self._bounds.token))

    async def _body(self, headers: Headers, receive: Receive) -> bytes | tuple[int, str]:
        """Read a request's body whole, or say why not."""
        most = self._bounds.most_bytes
        too_large = 413, f"more than {most >> 20} MiB"
        if headers.get("content-length", "0").isdecimal() and int(headers.get("content-length", "0")) > most:
            return too_large
        parts: list[bytes] = []
        size = 0
        try:
            async with asyncio.timeout(BODY_S):
                while True:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        return 400, "went away"
                    parts.append(message.get("body", b""))
                    size += len(parts[-1])
                    if size > most:
                        return too_large
                    if not message.get("more_body"):
                        return b"".join(parts)
        except TimeoutError:
            return 408, f"was not sent in {BODY_S:.0f} s"


def cookie_of(token: str) -> str:
    """What the cookie holds after a login with this token: nothing that the token can be read from."""
    return hmac.new(token.encode(), b"vitrine search page", hashlib.sha256).hexdigest()


def same(one: str, other: str) -> bool:
    """Compare in a time that does not tell how much is equal."""
    return hmac.compare_digest(one.encode(), other.encode())


def _is_host(text: str) -> bool:
    try:
        return bool(urlsplit(f"//{text}").hostname)
    except ValueError:
        return False


def _is_from_elsewhere(headers: Headers) -> bool:
    """Whether a browser says that another site's page asks; a program that says neither is none."""
    if fetched := headers.get("sec-fetch-site"):
        return fetched not in ("same-origin", "none")
    origin = headers.get("origin")
    return origin is not None and urlsplit(origin).netloc != headers.get("host", "")


def _replayed(body: bytes, receive: Receive) -> Receive:
    told = False

    async def again() -> Message:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


async def _say(scope: Scope, send: Send, status: int, why: str) -> None:
    """Answer with one line; a browser without the token is sent to the login."""
    is_api = scope["path"].startswith("/api/")
    headers = [(b"content-type", b"application/json" if is_api else b"text/plain; charset=utf-8")]
    if status == 401 and not is_api and scope["method"] == "GET":
        status = 303
        headers.append((b"location", b"/login"))
    if status == 429:
        headers.append((b"retry-after", b"1"))
    body = json.dumps({"error": why}) if is_api else f"{why}\n"
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body.encode()})
