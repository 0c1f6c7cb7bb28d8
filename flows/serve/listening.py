"""The page on a socket: which addresses are refused without a token, and how it begins and ends."""

import json
import socket

import uvicorn

from flows.serve.app import application
from flows.serve.connections import Connection
from flows.serve.guard import LOOPBACK, Bounds
from flows.serve.window import Window
from infra.settings import load_settings
from schemas.errors import InputError, UsageError

SHORTEST_TOKEN = 16
_AT_ONCE = 128  # connections; more are answered 503
_END_S = 5


def listen(lake: str, *, host: str, port: int, index: str | None, rate: float, milvus: str) -> None:
    """Serve what is live until interrupted; prints `{"url": ..., "index": ...}` once it answers.

    Raises UsageError where others could reach it and no token is asked of them, InputError where the address cannot
    be listened on, LakeError where nothing is live.
    """
    bounds = bounds_for(host, rate)
    with _socket(host, port) as listener:
        window = Window.open(lake, index=index, milvus=milvus)
        config = uvicorn.Config(
            application(window, bounds),
            http=Connection,
            ws="none",
            log_level="warning",
            server_header=False,
            date_header=True,
            limit_concurrency=_AT_ONCE,
            timeout_graceful_shutdown=_END_S,
            proxy_headers=False,  # a client would choose the address that its rate is counted by
        )
        shown = f"[{host}]" if ":" in host else host
        url = f"http://{shown}:{listener.getsockname()[1]}/"
        print(json.dumps({"url": url, "index": window.serving.now().indexed.run_id}), flush=True)
        try:
            uvicorn.Server(config).run(sockets=[listener])
        finally:
            window.close()


def bounds_for(host: str, rate: float) -> Bounds:
    """Who may ask a page on this address. Raises UsageError where that would be everybody."""
    token = load_settings().serve_token
    if host in LOOPBACK:
        return Bounds(token=token, rate=rate)
    if len(token) < SHORTEST_TOKEN:
        why = f"others can reach it: set VITRINE_SERVE_TOKEN to {SHORTEST_TOKEN} characters or more, and give them that"
        raise UsageError(f"--host {host}", why)
    return Bounds(token=token, hosts=frozenset(), rate=rate)


def _socket(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=256)
    except OSError as error:
        raise InputError(f"{host}:{port}", f"cannot be listened on ({error.strerror or error})") from error
