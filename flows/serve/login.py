"""Where a browser shows the token once, and gets a cookie for it."""

from typing import Annotated

from fastapi import APIRouter, Form, Response
from fastapi.responses import RedirectResponse

from flows.serve.guard import COOKIE, Bounds, cookie_of, same
from flows.serve.pages.page import page

KEPT_S = 12 * 3600


def routes(bounds: Bounds) -> APIRouter:
    """The login."""
    router = APIRouter()

    @router.get("/login")
    def form() -> Response:
        return page("login", wrong=False)

    @router.post("/login")
    def log_in(token: Annotated[str, Form(max_length=1000)] = "") -> Response:
        if not bounds.token or not same(token, bounds.token):
            return page("login", status=403, wrong=True)
        answer = RedirectResponse("/", 303)
        answer.set_cookie(COOKIE, cookie_of(bounds.token), max_age=KEPT_S, httponly=True, samesite="strict")
        return answer

    return router
