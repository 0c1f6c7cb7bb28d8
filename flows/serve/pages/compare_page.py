"""The page on which two checkpoints answer the same question beside each other."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from flows.serve.asking.comparing import Compared, compared
from flows.serve.pages.page import page
from flows.serve.pages.search_pages import LASTING
from flows.serve.photos.stored_photos import SIDES
from flows.serve.window import Window
from schemas.errors import InputError


def routes(window: Window) -> APIRouter:
    """The page, and the photos of indexes that are not live."""
    router = APIRouter()

    @router.get("/compare")
    def compare(asked: Annotated[Compared, Query()]) -> Response:
        upload, fault, found = None, "", None
        try:
            upload = window.uploads.get(asked.photo) if asked.photo else None
            found = compared(window, asked)
        except InputError as error:
            fault = f"{error.what}: {error.why}"
        served = window.serving.now()
        return page(
            "compare",
            question=asked,
            found=found,
            fault=fault,
            runs=window.others.listed(),
            served=served,
            upload=upload,
            liked=asked.like or None,
        )

    @router.get("/compare/{run_id}/photo/{image_id}")
    def photo(run_id: str, image_id: str) -> Response:
        with window.others.held(window.others.named(run_id)) as other:
            return Response(other.photos.small(image_id, SIDES[1]), 200, LASTING, "image/jpeg")

    return router
