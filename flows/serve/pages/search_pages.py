"""The search page, its photos, why a product was found, and one product with what can be said against its label."""

from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query, Response, UploadFile
from fastapi.responses import RedirectResponse

from flows.queries.overrides import overrides
from flows.serve.asking.answers import answered
from flows.serve.asking.comparing import Compared
from flows.serve.asking.explaining import WhyAsked, why
from flows.serve.asking.overriding import override
from flows.serve.asking.price_history import price_history
from flows.serve.asking.questions import MOST, Question
from flows.serve.indexes.filters import counts, price_bounds
from flows.serve.pages.page import page
from flows.serve.photos.stored_photos import SIDES
from flows.serve.window import Window
from schemas.errors import InputError

LASTING = {"cache-control": "private, max-age=31536000, immutable"}  # its address is what it is
SAMPLES = 12
Asked = Annotated[Question, Query()]


def routes(window: Window) -> APIRouter:
    """The pages that ask the index."""
    router = APIRouter()

    @router.get("/")
    def search(question: Asked) -> Response:
        return page("search", **_searched(window, question))

    @router.post("/photo")
    def give_photo(file: UploadFile, question: Annotated[str, Form(max_length=4000)] = "") -> Response:
        return RedirectResponse(keep(window, file, question), 303)

    @router.get("/photo/{image_id}")
    def photo(image_id: str, side: int = SIDES[1]) -> Response:
        if side not in SIDES:
            raise InputError("side", f"is one of {SIDES}")
        return Response(window.serving.now().photos.small(image_id, side), 200, LASTING, "image/jpeg")

    @router.get("/upload/{photo_id}")
    def upload(photo_id: str) -> Response:
        return Response(window.uploads.get(photo_id).jpeg, 200, LASTING, "image/jpeg")

    @router.get("/why")
    def explain(asked: Annotated[WhyAsked, Query()]) -> Response:
        served, question = window.serving.now(), asked.question()
        product = served.known(asked.product)
        told = why(served, question, asked.hit, window.uploads)
        return page("why", question=question, why=told, product=product)

    @router.get("/product")
    def product(id: str) -> Response:
        found = window.serving.now().known(id)
        history = price_history(window.lake, id, found["shop"])
        said = overrides(window.lake).get(id)
        return page("product", product=found, history=history, said=said)

    @router.post("/override")
    def say(
        product_id: Annotated[str, Form()],
        kind: Annotated[str, Form()],
        same_as: Annotated[str, Form()] = "",
    ) -> Response:
        window.serving.now().known(product_id)
        if same_as:
            window.serving.now().known(same_as)
        override(window.lake, product_id, kind, same_as)
        return RedirectResponse(f"/product?{urlencode({'id': product_id})}", 303)

    @router.get("/health")
    def health() -> dict[str, str]:
        return {"index": window.serving.now().indexed.run_id}

    return router


def keep(window: Window, file: UploadFile, asked: str = "") -> str:
    """Read and keep an upload; returns the address of the search with it, cut as proposed. Raises InputError."""
    from urllib.parse import parse_qs

    clean = window.reading.read(file.file.read())
    photo = window.uploads.keep(clean)
    told = _single(parse_qs(asked[:4000]))
    before = (Compared if told.keys() & {"left", "right"} else Question).model_validate(told)
    crop = ",".join(f"{side:g}" for side in clean.crop) if clean.crop else ""
    return before.url(photo=photo, like="", crop=crop)


def _single(parsed: dict[str, list[str]]) -> dict[str, Any]:
    lists = ("shop", "category", "colour")
    wanted = set(Compared.model_fields) - {"photo", "like", "crop"}
    return {name: values if name in lists else values[0] for name, values in parsed.items() if name in wanted}


def _searched(window: Window, question: Question) -> dict[str, Any]:
    """What the search page shows: an answer, or some of the catalogue where nothing was asked."""
    served = window.serving.now()
    answer, fault, photo = None, "", None
    try:
        photo = window.uploads.get(question.photo) if question.photo else None
        if question.asks:
            with window.metrics.timed(question.kind):
                answer = answered(served, question, window.milvus, window.uploads)
    except InputError as error:
        fault = f"{error.what}: {error.why}"
    liked = None
    if question.like and question.like in served.photos:
        liked = question.like
    filtered = served.products.filter(question.passing(served.products))
    step = max(1, len(filtered) // SAMPLES)
    samples = (
        filtered.take(list(range(0, len(filtered), step))[:SAMPLES]).to_pylist() if not question.asks else []
    )
    return {
        "question": question,
        "served": served,
        "answer": answer,
        "fault": fault,
        "upload": photo,
        "liked": liked,
        "samples": samples,
        "facets": counts(served.products, question),
        "passing": len(filtered),
        "price_bounds": price_bounds(served.products),
        "most": MOST,
        "words": served.examples,
    }
