"""One row per image: the original bytes, once, however many shops and pages show it.

Written by flows/crawl/crawl_shops.py and flows/crawl/import_products.py: a crawl holds the images first seen in it.
"""

import pyarrow as pa

from schemas.columns import TIME, column, table_schema

ROBOTS = pa.struct(
    [
        pa.field("allowed", pa.bool_(), nullable=False),  # robots.txt let us fetch it
        pa.field("noai", pa.bool_(), nullable=False),  # X-Robots-Tag: noai was sent
        pa.field("noimageai", pa.bool_(), nullable=False),  # X-Robots-Tag: noimageai was sent
    ]
)

THUMBNAIL_BYTES = 8 * 8 * 3

IMAGES = table_schema(
    "images",
    2,
    [
        column("image_id", pa.string(), "SHA-256 of `bytes`, hex"),
        column("bytes", pa.binary(), "the file as served, never re-encoded"),
        column("media_type", pa.string(), "what the bytes are, as image/jpeg, whatever the server claimed"),
        column("declared_type", pa.string(), "what the server claimed in Content-Type, empty when nothing"),
        column("width", pa.int32(), "stored width, before EXIF rotation", "px"),
        column("height", pa.int32(), "stored height, before EXIF rotation", "px"),
        column("orientation", pa.int8(), "EXIF orientation, 1 (upright) to 8; 1 where none is stated"),
        column("phash", pa.uint64(), "perceptual hash: sign bits of the 8 x 8 lowest DCT terms", "bits"),
        column(
            "quality",
            pa.int8(),
            "how much there is to hash, 0 (flat) to 100: two photos of low quality match by chance",
        ),
        column(
            "thumbnail",
            pa.binary(THUMBNAIL_BYTES),
            "8 x 8 RGB reduction, row-major: tells apart what phash cannot",
        ),
        column("url", pa.string(), "address it was first fetched from"),
        column("product_id", pa.string(), "product whose page first showed it (the referer)"),
        column("robots", ROBOTS, "whether robots.txt allowed it, and AI opt-outs that came with it"),
        column("fetched_at", TIME, "when the bytes arrived"),
    ],
)
