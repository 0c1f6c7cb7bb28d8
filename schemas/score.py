"""How good the search is: what every query found, and the scores computed from it.

Written by flows/retrieval/judging/evaluate.py; the report and the publish gate read nothing else.
"""

import pyarrow as pa

from schemas.columns import column, table_schema

HITS = table_schema(
    "hits",
    2,
    [
        column("fingerprint", pa.string(), "what produced the vectors compared"),
        column("query_id", pa.string(), "image_id of the query photo"),
        column("product_id", pa.string(), "product that the photo asks for; since version 2"),
        column("image_ids", pa.list_(pa.string()), "gallery photos, best first"),
        column("similarities", pa.list_(pa.float32()), "cosine of query and gallery vector, same order", "1"),
        column(
            "rank",
            pa.int64(),
            "pessimistic rank of the first right photo in the whole gallery; 0: none is there",
        ),
        column("searched", pa.string(), "exact: whole gallery compared | index: through Milvus"),
        column("filter", pa.string(), "filter expression of the search, empty for none"),
    ],
)

SCORES = table_schema(
    "scores",
    1,
    [
        column(
            "benchmark",
            pa.string(),
            "what was asked: item-retrieval | reranked, the same once the top was compared again | zero-shot:<column>, "
            "named by learnt words | probe:<column>, by a classifier that learnt the column | neighbours:<column> | "
            "neighbours:<column>+<column> | live-retrieval:exact, the products of the whole index compared | "
            "live-retrieval:index, found by it | either with ` where <filter>` | a published "
            "benchmark: deepfashion-c, in-shop, consumer2shop, behind mall- of drawn garments, with /zero-shot, "
            "/probe or /reranked",
        ),
        column(
            "slice",
            pa.string(),
            "all | category=... | colour=... | shop=... | price=... | view=... | language=...; of an older run "
            "a category without its kind; of a benchmark a folder, an attribute group or a landmark",
        ),
        column(
            "metric",
            pa.string(),
            "recall | accuracy | precision | r-precision | map-at-r | average-precision | mrr | ndcg; of benchmarks "
            "attribute-recall-<average> | normalised-error; definitions in workers/retrieval/score.py and "
            "workers/retrieval/protocols",
        ),
        column("k", pa.int32(), "how many hits or labels may be looked at; 0: the whole ranking"),
        column("value", pa.float64(), "the score", "share 0..1"),
        column(
            "ci_low",
            pa.float64(),
            "lower end of the 95 % bootstrap interval over near-duplicate groups",
            "share 0..1",
        ),
        column("ci_high", pa.float64(), "upper end of it", "share 0..1"),
        column("n", pa.int64(), "queries scored", "queries"),
        column("fingerprint", pa.string(), "what produced the vectors scored"),
        column("method", pa.string(), "its name for people: corbiere, untrained, histogram ..."),
    ],
)

HISTORY = table_schema(
    "history",
    2,
    [
        column(
            "phase",
            pa.string(),
            "the method's stage; of corbiere and house words: word layer alone, backbone frozen | all: everything "
            "learns; fit: learnt without gradients",
        ),
        column("epoch", pa.int32(), "counted from 1 over all phases"),
        column("images", pa.int64(), "images drawn so far", "images"),
        column("loss", pa.float64(), "mean training loss of the epoch, the sum of its terms", "nat"),
        column(
            "terms",
            pa.list_(pa.struct([("name", pa.string()), ("loss", pa.float64())])),
            "each term of the loss by the method's own name, mean of the epoch; since version 2",
            "nat",
            optional=True,
        ),
        column("validation_loss", pa.float64(), "mean loss on held-out products", "nat", optional=True),
        column("learning_rate", pa.float64(), "step size used in the epoch"),
        column("images_per_second", pa.float64(), "drawn and learnt, all workers", "1/s"),
    ],
)

WORD_SCORES = table_schema(
    "word_scores",
    1,
    [
        column("word_id", pa.int32(), "index into the word layer"),
        column("word", pa.string(), "the word, as in the vocabulary"),
        column("positives", pa.int64(), "photos scored whose text holds the word", "photos"),
        column(
            "auc",
            pa.float64(),
            "chance that a photo with the word scores above one without it, ties half; 0.5 is chance; "
            "null where all photos have the word, or none",
            "share 0..1",
            optional=True,
        ),
        column(
            "offset",
            pa.float32(),
            "added to w_k . v where words compete to name a photo; null where the method adds nothing",
            "1",
            optional=True,
        ),
    ],
)
