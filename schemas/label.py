"""What the shops' words say about each photo, and which photos may be learnt from.

Written by flows/label.py. Read by flows/train.py (split = train) and flows/evaluate.py (query, gallery).
"""

import pyarrow as pa

from schemas.columns import column, table_schema

SPLITS = ("train", "query", "gallery")

LABELS = table_schema(
    "labels",
    1,
    [
        column("product_id", pa.string(), "product the photo shows"),
        column("image_id", pa.string(), "the photo, SHA-256 of its bytes"),
        column(
            "words", pa.list_(pa.int32()), "ids of the kept vocabulary words in the product's text, ascending"
        ),
        column("split", pa.string(), "train: learnt from | query: asked | gallery: searched"),
        column("group", pa.int64(), "near-duplicate group; a group never spans train and the rest"),
    ],
)

VOCABULARY = table_schema(
    "vocabulary",
    1,
    [
        column("word_id", pa.int32(), "index into the word layer for kept words, -1 for dropped ones"),
        column("word", pa.string(), "lower-cased alphabetic token"),
        column(
            "document_frequency",
            pa.int64(),
            "products of the train split whose text holds the word",
            "products",
        ),
        column("kept", pa.bool_(), "whether the word is learnt"),
        column("why", pa.string(), "kept | stop word | site word | too rare | beyond the vocabulary size"),
    ],
)
