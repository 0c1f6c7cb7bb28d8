"""The pages' contents as JSON; /api/openapi.json says all of it."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response, UploadFile
from pydantic import BaseModel, ConfigDict, Field

from flows.queries.overrides import overrides
from flows.serve.asking.answers import Answer, answered
from flows.serve.asking.comparing import Compared, Comparison, compared
from flows.serve.asking.explaining import Why, WhyAsked, why
from flows.serve.asking.overriding import override
from flows.serve.asking.price_history import price_history
from flows.serve.asking.questions import Question
from flows.serve.indexes.filters import Filters, counts
from flows.serve.pages.catalogue_pages import NOTHING_CHANGED, changed
from flows.serve.window import Window
from schemas.errors import InputError


class Fault(BaseModel):
    """Why a request was refused."""

    error: str


class Given(BaseModel):
    """A photo as the server keeps it."""

    photo: str = Field(description="Its name: the parameter `photo` of a search.")
    width: int
    height: int
    crop: str = Field(description="Proposed parameter `crop`; empty where none is.")


class Facet(BaseModel):
    """A value of a facet and how many products have it, with the other filters as they are."""

    value: str
    products: int


class Facets(BaseModel):
    """What a search could be narrowed to."""

    passing: int = Field(description="Products that pass all filters.")
    shop: list[Facet]
    category: list[Facet]
    colour: list[Facet]
    in_stock: int


class Reading(BaseModel):
    """A product's price in one crawl."""

    at: str
    price: float | None
    currency: str
    in_stock: bool | None


class Product(BaseModel):
    """One product of the index."""

    product_id: str
    shop: str
    title: str
    brand: str
    category: str
    colour: str
    currency: str
    url: str
    image_id: str
    price: float | None
    in_stock: bool | None
    prices: list[Reading]
    override: str = Field(description="What a person said of it; empty: nothing.")


class Say(BaseModel):
    """What is said against a product's label."""

    model_config = ConfigDict(extra="forbid")

    product_id: str = Field(min_length=1, max_length=600)
    kind: Literal["wrong_label", "duplicate", "not_fashion", "none"]
    same_as: str = Field(default="", max_length=600, description="The other product, for a duplicate.")


class Said(BaseModel):
    """The run of the lake that holds what was said."""

    run: str


_FAULTS: dict[int | str, dict[str, Any]] = {
    400: {"model": Fault, "description": "What was asked cannot be."},
    401: {"model": Fault, "description": "A token is needed."},
    403: {"model": Fault, "description": "Asked for by another site's page."},
    404: {"model": Fault, "description": "There is no such thing."},
    413: {"model": Fault, "description": "Too many bytes."},
    422: {"model": Fault, "description": "A parameter is not as described."},
    429: {"model": Fault, "description": "Too many requests."},
    503: {"model": Fault, "description": "The index is held by another process; ask again in a moment."},
}


def routes(window: Window) -> APIRouter:
    """The API."""
    router = APIRouter(prefix="/api", responses=_FAULTS)

    @router.get("/search", response_model=Answer)
    def search(question: Annotated[Question, Query()]) -> Response:
        """Find products by a photo, by words, or by both."""
        if not question.asks:
            raise InputError("search", "needs words, photo or like")
        with window.metrics.timed(question.kind):
            answer = answered(window.serving.now(), question, window.milvus, window.uploads)
        return Response(
            answer.model_dump_json(), media_type="application/json"
        )  # written once, not checked anew

    @router.get("/compare")
    def compare(asked: Annotated[Compared, Query()]) -> Comparison:
        """Ask two indexes the same, each with its own model, and say what both find."""
        if not asked.asks:
            raise InputError("compare", "needs words, photo or like")
        return compared(window, asked)

    @router.post("/photos")
    def give_photo(file: UploadFile) -> Given:
        """Give a photo to search with: JPEG, PNG, WebP, AVIF or GIF. An address is not fetched."""
        clean = window.reading.read(file.file.read())
        crop = ",".join(f"{side:g}" for side in clean.crop) if clean.crop else ""
        return Given(photo=window.uploads.keep(clean), width=clean.width, height=clean.height, crop=crop)

    @router.get("/facets")
    def facets(filters: Annotated[Filters, Query()]) -> Facets:
        """Count the products of each shop, category and colour."""
        products = window.serving.now().products
        found = counts(products, filters)
        lists = {
            name: [Facet(value=value, products=number) for value, number in found[name]]
            for name in ("shop", "category", "colour")
        }
        passing = len(products.filter(filters.passing(products)))
        return Facets(passing=passing, in_stock=found["in_stock"][0][1], **lists)

    @router.get("/why")
    def explain(asked: Annotated[WhyAsked, Query()]) -> Why:
        """Say why a photo was found: the words that the model sees in it and in the question."""
        return why(window.serving.now(), asked.question(), asked.hit, window.uploads)

    @router.get("/product")
    def product(id: Annotated[str, Query(max_length=600)]) -> Product:
        """One product, what it cost in each crawl, and what was said of its label."""
        found = window.serving.now().known(id)
        facts = {name: found[name] for name in Product.model_fields if name in found}
        said = overrides(window.lake).get(id)
        prices = [Reading(**vars(each)) for each in price_history(window.lake, id, found["shop"]).readings]
        return Product(**facts, prices=prices, override=said.kind if said else "")

    @router.get("/changes")
    def changes(
        since: Annotated[str, Query(max_length=40, description="7d, a date, a run id.")] = "7d",
        shop: Annotated[str, Query(max_length=200)] = "",
    ) -> dict[str, Any]:
        """What the shops changed: counts by kind, and the most notable changes."""
        return changed(window.lake, since, shop) or NOTHING_CHANGED

    @router.post("/overrides", status_code=201)
    def say(said: Say) -> Said:
        """Say that a product's label is wrong, that it is a duplicate, no garment, or take that back."""
        for product_id in filter(None, (said.product_id, said.same_as)):
            window.serving.now().known(product_id)
        return Said(run=override(window.lake, said.product_id, said.kind, said.same_as))

    return router
