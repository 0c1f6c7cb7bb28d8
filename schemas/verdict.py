"""How a candidate index was judged beside the live one, and which answers changed.

Written by flows/retrieval/publishing/publish.py, whatever the verdict; read by the report.
"""

import pyarrow as pa

from schemas.columns import column, table_schema

VERDICTS = table_schema(
    "verdicts",
    1,
    [
        column("slice", pa.string(), "all, or a slice as in `scores`"),
        column("metric", pa.string(), "recall | mrr"),
        column("k", pa.int32(), "first photos that recall looks at; 0 for the whole ranking"),
        column("candidate", pa.float64(), "mean score of the candidate", "share 0..1"),
        column("live", pa.float64(), "mean score of the live model on the same queries", "share 0..1"),
        column("difference", pa.float64(), "candidate less live", "share -1..1"),
        column("ci_low", pa.float64(), "lower end of its 95 % bootstrap interval over near-duplicate groups"),
        column("ci_high", pa.float64(), "upper end of it"),
        column("p", pa.float64(), "one-sided, see workers/retrieval/gate.py"),
        column("p_adjusted", pa.float64(), "the same among all judged slices (Benjamini and Hochberg)"),
        column("n", pa.int64(), "queries", "queries"),
        column("clusters", pa.int64(), "near-duplicate groups they belong to", "groups"),
        column("verdict", pa.string(), "better | not worse | worse | not settled | too few"),
    ],
)

CHANGES = table_schema(
    "changes",
    1,
    [
        column("query_id", pa.string(), "image_id of a query photo whose answers changed much"),
        column("product_id", pa.string(), "product that it asks for"),
        column(
            "live_rank", pa.int64(), "rank of the product's first photo with the live model; 0: not there"
        ),
        column("candidate_rank", pa.int64(), "the same with the candidate"),
        column("overlap", pa.float64(), "share of the first ten photos that both find", "share 0..1"),
        column("live_image_ids", pa.list_(pa.string()), "the live model's first photos, best first"),
        column("live_similarities", pa.list_(pa.float32()), "cosine with each", "1"),
        column("candidate_image_ids", pa.list_(pa.string()), "the candidate's first photos, best first"),
        column("candidate_similarities", pa.list_(pa.float32()), "cosine with each", "1"),
    ],
)
