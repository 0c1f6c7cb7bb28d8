"""A small lake whose index is live, and more models of it to be judged."""

from typing import Any

from flows.parameters.publish import PublishParameters
from flows.parameters.retrieval import IndexParameters
from flows.retrieval.indexing.index import load_collection
from flows.retrieval.publishing.publish import publish_index
from tests.workers.report.small_lake import SmallLake


def publish_small(small: SmallLake, **choices: Any) -> dict[str, Any]:
    """Index the newest model of a small lake and publish it, without Prefect; returns the verdict."""
    load_collection.fn(IndexParameters(lake=small.lake.uri))
    result: dict[str, Any] = publish_index.fn(PublishParameters.read({"lake": small.lake.uri} | choices))
    return result
