"""What a person said against what the shops' words say: one row per click on the search page.

Written by flows/serve/asking/overriding.py, a run of flow `override` per click; flows/learn/label.py reads all of them.
"""

import pyarrow as pa

from schemas.columns import TIME, column, table_schema

KINDS = {
    "wrong_label": "the shop's words do not say what the photo shows: nothing is learnt from them",
    "duplicate": "the same product as another one: both stand on one side of the split",
    "not_fashion": "no garment: the product is neither learnt from nor found",
    "none": "what was said of this product before no longer holds",
}

OVERRIDES = table_schema(
    "overrides",
    1,
    [
        column("product_id", pa.string(), "product that is spoken of, as `shop:key`"),
        column("kind", pa.string(), f"{' | '.join(KINDS)}; the newest row of a product holds"),
        column("same_as", pa.string(), "product that a duplicate is the same as, else empty"),
        column("at", TIME, "when it was said"),
    ],
)
