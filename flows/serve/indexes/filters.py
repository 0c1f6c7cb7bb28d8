"""Filters of a search, read twice: as an expression of Milvus, and as rows of the catalogue, to count them."""

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel, ConfigDict, Field

from infra.milvus.rows import cut, most_bytes

FACETS = ("shop", "category", "colour")
MOST_VALUES = 50  # of one facet that a filter may name


class Filters(BaseModel):
    """Which products may be found. Values of one facet are alternatives, facets hold together.

    price_from, price_to  in the shops' own currencies; a product without a price passes neither
    in_stock              only what its shop says can be bought
    """

    model_config = ConfigDict(frozen=True)

    shop: list[str] = Field(default_factory=list, max_length=MOST_VALUES, description="Shops to find in.")
    category: list[str] = Field(default_factory=list, max_length=MOST_VALUES, description="Category paths.")
    colour: list[str] = Field(default_factory=list, max_length=MOST_VALUES, description="The shops' colours.")
    price_from: float | None = Field(default=None, ge=0, allow_inf_nan=False, description="Lowest price.")
    price_to: float | None = Field(default=None, ge=0, allow_inf_nan=False, description="Highest price.")
    in_stock: bool = Field(default=False, description="Only what can be bought.")

    def expression(self) -> str:
        """The filter as Milvus takes it; empty where everything passes."""
        parts = []
        for facet in FACETS:
            if chosen := getattr(self, facet):
                values = ", ".join(quoted(cut(value, most_bytes(facet))) for value in chosen)
                parts.append(f"{facet} in [{values}]")
        if self.price_from is not None or self.price_to is not None:
            parts.append(f"price >= {self.price_from or 0.0:.6f}")
        if self.price_to is not None:
            parts.append(f"price <= {self.price_to:.6f}")
        if self.in_stock:
            parts.append("in_stock == true")
        return " and ".join(parts)

    def passing(self, products: pa.Table, but: str = "") -> pa.Array:
        """Say of each row whether it passes; the facet `but` is not asked, for the counts of its values."""
        passes = pa.chunked_array([pa.repeat(True, len(products))])
        for facet in FACETS:
            chosen = getattr(self, facet)
            if chosen and facet != but:
                passes = pc.and_(passes, pc.is_in(products[facet], pa.array(chosen, pa.string())))
        if but != "price" and (self.price_from is not None or self.price_to is not None):
            passes = pc.and_(passes, pc.greater_equal(products["price"], self.price_from or 0.0))
            if self.price_to is not None:
                passes = pc.and_(passes, pc.less_equal(products["price"], self.price_to))
        if self.in_stock and but != "in_stock":
            passes = pc.and_(passes, pc.fill_null(products["in_stock"], False))
        return passes


def counts(products: pa.Table, filters: Filters, most: int = 40) -> dict[str, list[tuple[str, int]]]:
    """Count the products of each value of each facet, the most frequent first, and those in stock.

    A facet's own choice does not take part in its counts: they say what else could be chosen. A chosen value is
    always among them.
    """
    found: dict[str, list[tuple[str, int]]] = {}
    for facet in FACETS:
        column = products.filter(filters.passing(products, but=facet))[facet]
        rows = [(row["values"], row["counts"]) for row in column.value_counts().to_pylist() if row["values"]]
        rows.sort(key=lambda row: (-row[1], row[0]))
        chosen = getattr(filters, facet)
        told = dict(rows)
        kept = [(value, told.get(value, 0)) for value in chosen]
        found[facet] = kept + [row for row in rows if row[0] not in chosen][: max(0, most - len(kept))]
    stocked = products.filter(filters.passing(products, but="in_stock"))["in_stock"]
    found["in_stock"] = [("true", int(pc.sum(pc.fill_null(stocked, False)).as_py() or 0))]
    return found


def quoted(text: str) -> str:
    """A text as Milvus's filter language writes it."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(_ESCAPES.get(character, character) for character in escaped) + '"'


_ESCAPES = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def price_bounds(products: pa.Table) -> Sequence[float]:
    """Return the lowest and highest price of the catalogue; none where no product has one."""
    priced = products["price"].filter(pc.greater_equal(products["price"], 0))
    bounds = pc.min_max(priced).as_py()
    return [] if bounds["min"] is None else [bounds["min"], bounds["max"]]
