"""What the shops' words say about each photo, and which photos may be learnt from.

Written by flows/learn/label.py. Read by flows/learn/train.py (split = train) and
flows/retrieval/judging/evaluate.py (query, gallery). A run whose crawls know nothing beyond words, and any run of an
older vitrine, has no table `annotations`; readers ask `manifest.rows("annotations")`.
"""

import pyarrow as pa

from schemas.annotation import BOX, DOMAINS, LANDMARK, OFFICIAL_SPLITS
from schemas.columns import column, table_schema

SPLITS = ("train", "query", "gallery", "val")

LABELS = table_schema(
    "labels",
    2,
    [
        column("product_id", pa.string(), "product the photo shows"),
        column("image_id", pa.string(), "the photo, SHA-256 of its bytes"),
        column(
            "words", pa.list_(pa.int32()), "ids of the kept vocabulary words in the product's text, ascending"
        ),
        column(
            "split",
            pa.string(),
            "train: learnt from | query: asked | gallery: searched | val: neither, "
            "the validation photos of a published split",
        ),
        column(
            "group",
            pa.int64(),
            "near-duplicate group, 63 bits of the SHA-256 of the smallest product id in it (before version 2 a "
            "number that counts within the run); a group never spans train and the rest",
        ),
    ],
)

ANNOTATIONS = table_schema(
    "annotations",
    2,
    [
        column("product_id", pa.string(), "product the photo shows, as in `labels`"),
        column("image_id", pa.string(), "the photo, SHA-256 of its bytes, as in `labels`"),
        column("category", pa.string(), "kind of garment, one name; empty where not known"),
        column("attributes", pa.list_(pa.string()), "names of what holds of the garment; empty: not known"),
        column(
            "landmarks",
            pa.list_(LANDMARK),
            "points of the garment that lie in the photo, by name; x and y from the upright photo's top left",
            "share of its width and height, 0..1",
        ),
        column(
            "box",
            BOX,
            "the garment's extent in the upright photo, from its top left; null where not known",
            "share of its width and height, 0..1",
            optional=True,
        ),
        column("domain", pa.string(), f"who took the photo: {' | '.join(DOMAINS)}; empty where not known"),
        column(
            "split",
            pa.string(),
            f"the side that a published benchmark gives the photo: {' | '.join(OFFICIAL_SPLITS)}; empty or null (as "
            "before version 2) where none does",
            optional=True,
        ),
    ],
)

VOCABULARY = table_schema(
    "vocabulary",
    2,
    [
        column("word_id", pa.int32(), "index into the word layer for kept words, -1 for dropped ones"),
        column(
            "word", pa.string(), "lower-cased token; workers/text/words.py says what one is in each script"
        ),
        column(
            "document_frequency",
            pa.int64(),
            "products of the train split whose text holds the word, for kept words other than as a "
            "function word of the product's language",
            "products",
        ),
        column("kept", pa.bool_(), "whether the word is learnt"),
        column("why", pa.string(), "kept | stop word | site word | too rare | beyond the vocabulary size"),
        column(
            "language",
            pa.string(),
            "ISO 639-1 of more than half of the products the word stands in, und where none leads; "
            "null where nobody looked (since version 2)",
            optional=True,
        ),
    ],
)

REPORT_CARD = table_schema(
    "report_card",
    1,
    [
        column("section", pa.string(), "words | languages | near-duplicates | sides | leakage | drift ..."),
        column(
            "name", pa.string(), "what the value is of, within the section; a word or a language for some"
        ),
        column("value", pa.float64(), "the figure, in `unit`"),
        column("unit", pa.string(), "unit of the value: words, products, share 0..1, bit ..."),
        column("detail", pa.string(), "how the figure came about, or examples, for people; often empty"),
    ],
)
