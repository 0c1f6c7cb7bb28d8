"""The application: pages and the same as JSON, behind the guard."""

from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp

from flows.metrics import traces
from flows.serve import api, login, page_metrics
from flows.serve.guard import Bounds, Guard
from flows.serve.pages import catalogue_pages, compare_page, gate_page, search_pages
from flows.serve.pages.page import page
from flows.serve.window import Window
from schemas.errors import ImageError, InputError, LakeError, PipelineError, VectorStoreError

STATIC = Path(__file__).with_name("static")


def application(window: Window, bounds: Bounds) -> ASGIApp:
    """Return the ASGI application of a window; whoever opened the window closes it."""
    app = FastAPI(
        title="vitrine",
        version="1",
        description="Products of the live index, asked by photo, by words or by both.",
        openapi_url="/api/openapi.json",
        docs_url=None,  # its page would ask other hosts for its parts
        redoc_url=None,
    )
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    app.include_router(api.routes(window))
    for pages in (search_pages, compare_page, catalogue_pages, gate_page):
        app.include_router(pages.routes(window), include_in_schema=False)
    app.include_router(page_metrics.routes(window.metrics), include_in_schema=False)
    app.include_router(login.routes(bounds), include_in_schema=False)
    app.add_exception_handler(PipelineError, _ours)
    app.add_exception_handler(RequestValidationError, _unreadable)
    app.add_exception_handler(HTTPException, _no_such)
    if traces.begin():
        from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor

        FastAPIInstrumentor.instrument_app(
            app, excluded_urls="/static,/metrics", exclude_spans=["receive", "send"]
        )
    return Guard(app, bounds)


def status_of(error: PipelineError) -> int:
    """The HTTP status of an error of ours."""
    if isinstance(error, InputError | ImageError):
        return 400
    if isinstance(error, VectorStoreError | LakeError):
        return 503 if error.transient else 404 if isinstance(error, LakeError) else 500
    return 500


def _ours(request: Request, error: Exception) -> Response:
    assert isinstance(error, PipelineError)
    return _say(request, status_of(error), str(error))


def _unreadable(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    fault = error.errors()[0]
    name = ".".join(str(part) for part in fault["loc"][1:]) or "question"
    why = fault["msg"].removeprefix("Value error, ")
    return _say(request, 422, f"{name}: {why[0].lower()}{why[1:]}")


def _no_such(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    why = "there is no such page" if error.status_code == 404 else str(error.detail)
    response = _say(request, error.status_code, why)
    response.headers.update(error.headers or {})
    return response


def _say(request: Request, status: int, why: str) -> Response:
    if request.url.path.startswith("/api/"):
        return JSONResponse({"error": why}, status)
    return page("fault", status=status, why=why, title="That did not work")
