"""One row per address of a shop's crawl: what it answered, and what to say when it is asked again.

Written by flows/crawl/crawl_shops.py, read by the next crawl of the same shop: validators for conditional
requests, what an unchanged page held, which photo an address is.
"""

import pyarrow as pa

from schemas.columns import TIME, column, table_schema

KINDS = ("listing", "product", "photo")

LEAD = pa.struct(
    [
        pa.field("url", pa.string(), nullable=False),
        pa.field("product", pa.bool_(), nullable=False),  # a product page, not a listing
        pa.field("lastmod", pa.string(), nullable=False),  # as the listing wrote it
    ]
)

LEDGER = table_schema(
    "ledger",
    1,
    [
        column("url", pa.string(), "address as it was asked for"),
        column("kind", pa.string(), f"one of: {', '.join(KINDS)}"),
        column("outcome", pa.string(), "`read`, or the reason of schemas.reject why it was refused"),
        column("etag", pa.string(), "ETag of the last full answer, empty when none"),
        column("last_modified", pa.string(), "Last-Modified of the last full answer, empty when none"),
        column("lastmod", pa.string(), "last change as the shop's sitemap wrote it, empty when unsaid"),
        column("fresh_until", TIME, "until when the server lets a copy be used unasked", optional=True),
        column("image_id", pa.string(), "for a photo its SHA-256, else empty"),
        column(
            "product_ids", pa.list_(pa.string()), "products on the page, or the first that shows the photo"
        ),
        column("leads_to", pa.list_(LEAD), "addresses a listing led to"),
        column("fetched_at", TIME, "when the last full answer came"),
    ],
)
