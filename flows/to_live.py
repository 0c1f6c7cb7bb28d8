"""From a model to what is live: embed, index, evaluate, publish; the last stages of every chain."""

from typing import Any

from flows.parameters.publish import PublishParameters
from flows.parameters.retrieval import EmbedParameters, EvaluateParameters, IndexParameters
from flows.retrieval.embedding.embed import embed_photos
from flows.retrieval.indexing.index import load_collection
from flows.retrieval.judging.evaluate import evaluate_model, show_scores
from flows.retrieval.publishing.publish import publish_index


def bring_to_live(
    evaluate: EvaluateParameters, publish: PublishParameters, *, train: str, labels: str
) -> dict[str, Any]:
    """Embed a label run with a model, index it, score it, and publish it where the gate lets it; results by stage.

    evaluate, publish  what the stages are told beside the runs, which are filled in here
    """
    lake, milvus = evaluate.lake, evaluate.milvus
    done: dict[str, Any] = {}
    embed = EmbedParameters(lake=lake, train=train, labels=labels, gpus=evaluate.gpus)
    done["embed"] = embed_photos(embed)
    index = IndexParameters(lake=lake, embed=done["embed"]["run_id"], milvus=milvus)
    done["index"] = load_collection(index)
    indexed = done["index"]["run_id"]
    runs = {"train": train, "labels": labels, "index": indexed}
    done["evaluate"] = evaluate_model(evaluate.model_copy(update=runs))
    show_scores(done["evaluate"])
    runs = {"evaluation": done["evaluate"]["run_id"], "index": indexed}
    done["publish"] = publish_index(publish.model_copy(update=runs))
    return done
