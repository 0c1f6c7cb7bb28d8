"""One row per image and fingerprint: the vector a trained method gave an image; and what words mean beside them.

Written by flows/retrieval/embedding/embed.py, read by indexing/index.py and judging/evaluate.py there.
Row order means nothing.
"""

import pyarrow as pa

from schemas.columns import column, table_schema


def vectors_schema(dim: int) -> pa.Schema:
    """Vectors of `dim` components; fixed length, so Arrow refuses a short row."""
    return table_schema(
        "vectors",
        1,
        [
            column("image_id", pa.string(), "SHA-256 of the image bytes, hex"),
            column("fingerprint", pa.string(), "SHA-256 of method, checkpoint, preprocessing and dtype"),
            column(
                "vector",
                pa.list_(pa.float32(), dim),
                f"shape ({dim},), L2 norm 1; inner product is cosine",
                "1",
            ),
        ],
    )


def word_vectors_schema(dim: int) -> pa.Schema:
    """The word layer of a checkpoint as a table, so that a search by words needs no torch."""
    return table_schema(
        "word_vectors",
        1,
        [
            column("word_id", pa.int32(), "index into the word layer"),
            column("word", pa.string(), "the word, as in the vocabulary"),
            column(
                "vector", pa.list_(pa.float32(), dim), f"w_k, shape ({dim},), in the space of the photos", "1"
            ),
        ],
    )


WORD_LIKELIHOODS = table_schema(
    "word_likelihoods",
    1,
    [
        column("word_id", pa.int32(), "index into the word layer of the index's model"),
        column(
            "slope",
            pa.float64(),
            "of the log-odds that the words of a photo's product hold the word, by the cosine of photo and word; "
            "fitted on photos of the index (workers/retrieval/word_likelihoods.py)",
            "1 / cosine",
        ),
        column("intercept", pa.float64(), "log-odds at a cosine of 0", "1"),
        column(
            "share", pa.float64(), "photos whose product bears the word, of those fitted on", "share 0..1"
        ),
    ],
)
