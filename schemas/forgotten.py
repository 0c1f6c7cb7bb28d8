"""What `vitrine forget` removed and keeps from coming back; a receipt that holds no word and no picture of it.

Written by flows/upkeep/forget.py, a run of flow `forget` per wish. FORGOTTEN is read by every crawl and import
(flows/crawl/forgotten.py). TARGETS and PROOF stand only in a run that is not committed yet, so that it goes on
after a kill.
"""

import pyarrow as pa

from schemas.columns import column, table_schema

KINDS = {
    "shop": "name of a shop, of which nothing is crawled or imported",
    "origin": "SHA-256 of scheme, host and port of that shop, whatever name it is given, unless another shop is there",
    "product": "product_id, which no crawl takes",
    "photo": "image_id: SHA-256 of bytes that no crawl stores",
    "address": "SHA-256 of the canonical form of an address that no crawl asks",
}

FORGOTTEN = table_schema(
    "forgotten",
    1,
    [
        column("kind", pa.string(), " | ".join(KINDS)),
        column("id", pa.string(), "; ".join(f"{kind}: {what}" for kind, what in KINDS.items())),
    ],
)

REMOVED = table_schema(
    "removed",
    1,
    [
        column("run_id", pa.string(), "run that lost rows"),
        column("table", pa.string(), "table of it"),
        column("rows", pa.int64(), "rows that went, or that went without what they told of it", "rows"),
    ],
)

TARGETS = table_schema(
    "targets",
    1,
    [
        column("kind", pa.string(), "product | photo | own photo | address"),
        column("id", pa.string(), "product_id, image_id, or an address as it is written in the lake"),
    ],
)

PROOF = table_schema(
    "proof",
    1,
    [
        column("collection", pa.string(), "collection of an index run of this lake"),
        column("entities", pa.int64(), "entities that stood there and were to be forgotten", "entities"),
        column("searches", pa.int64(), "searches with forgotten photos' own vectors afterwards", "searches"),
    ],
)
