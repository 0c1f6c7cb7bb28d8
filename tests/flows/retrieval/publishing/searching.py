"""A process that searches what is live: `python -m tests.flows.retrieval.publishing.searching LAKE COUNT`.

Prints one line of JSON per answer: the words, the index run that was asked, and the products with their scores; then
one line `{"error": ...}` for a search that failed.
"""

import json
import random
import sys
from typing import Any

from flows.parameters.retrieval import SearchParameters
from flows.queries.search import search
from schemas.errors import PipelineError
from tests.workers.report.small_lake import KINDS

WORDS = (*KINDS, "red dress", "blue coat", "summer", "wool skirt")
K = 8


def answer(lake: str, words: str, index: str | None = None) -> dict[str, Any]:
    """What a search finds, as it is compared."""
    result = search(SearchParameters(lake=lake, words=words, k=K, index=index))
    hits = [[hit["product_id"], hit["score"]] for hit in result["hits"]]
    return {"words": words, "index": result["index"], "collection": result["collection"], "hits": hits}


def main(lake: str, count: int, seed: int) -> None:
    """Search `count` times."""
    chosen = random.Random(seed)
    for _ in range(count):
        try:
            told = answer(lake, chosen.choice(WORDS))
        except PipelineError as error:
            told = {"error": str(error)}
        print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
