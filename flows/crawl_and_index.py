"""Keep the index fresh: crawl, label, embed, index, evaluate; learn when nothing has been learnt yet.

One flow run and one task run per stage: subflows would pay Prefect's start and end again for each.
"""

from typing import Any

from flows.crawl.crawl_shops import crawl_shops, summed
from flows.crawl.failed_shops import completed, reasons, refuse_too_many
from flows.flow_of import flow_of
from flows.learn.label import label_products
from flows.learn.train import train_words
from flows.parameters.chain import ChainParameters
from flows.parameters.label import LabelParameters
from flows.parameters.retrieval import EmbedParameters, EvaluateParameters, IndexParameters
from flows.parameters.train import TrainParameters
from flows.retrieval.embed import embed_photos, newest_trained
from flows.retrieval.evaluate import evaluate_model, publish_scores
from flows.retrieval.index import load_collection
from flows.running.started_ray import started_ray
from infra.lake import Lake
from schemas.errors import LakeError


@flow_of(ChainParameters, name="crawl-and-index")
def crawl_and_index(parameters: ChainParameters) -> dict[str, Any]:
    """Run the whole chain for some shops (`URL` or `name=URL`), on one Ray and one Prefect run."""
    lake, gpus = parameters.lake, parameters.gpus
    label = _label(parameters)  # refused now, not after the crawl
    crawls, failed = crawl_shops(parameters.crawl())
    shops = len(crawls) + len(failed)
    refuse_too_many(shops, failed, parameters.failed_share)
    # The others' catalogues are fresh, and a shop that failed keeps the one it had.
    done: dict[str, Any] = {"crawl": summed(crawls, reasons(failed))}
    done["label"] = label_products(label)
    labels = done["label"]["run_id"]
    with started_ray() as cluster:  # started once, joined by every stage below
        done["cluster"] = {"seconds": cluster.started, "cores": cluster.cores, "gpus": cluster.gpus}
        trained = None if parameters.retrain else _trained(lake)
        if trained is None:
            done["train"] = train_words(_train(parameters, labels))
            trained = done["train"]["run_id"]
        done["embed"] = embed_photos(EmbedParameters(lake=lake, train=trained, labels=labels, gpus=gpus))
        done["index"] = load_collection(_index(parameters, done["embed"]["run_id"]))
        done["evaluate"] = evaluate_model(_evaluate(parameters, trained, labels))
    publish_scores(done["evaluate"])
    ended: dict[str, Any] = completed(done, shops, failed)
    return ended


def _label(parameters: ChainParameters) -> LabelParameters:
    return LabelParameters(
        lake=parameters.lake,
        fields=parameters.fields,
        rarest=parameters.rarest,
        test_share=parameters.test_share,
    )


def _train(parameters: ChainParameters, labels: str) -> TrainParameters:
    return TrainParameters(
        lake=parameters.lake,
        method=parameters.method,
        labels=labels,
        settings=parameters.settings,
        workers=parameters.workers,
        gpus=parameters.gpus,
    )


def _index(parameters: ChainParameters, embed: str) -> IndexParameters:
    return IndexParameters(lake=parameters.lake, embed=embed, milvus=parameters.milvus)


def _evaluate(parameters: ChainParameters, train: str, labels: str) -> EvaluateParameters:
    return EvaluateParameters(
        lake=parameters.lake,
        train=train,
        labels=labels,
        truth=parameters.truth,
        columns=parameters.columns,
        gpus=parameters.gpus,
    )


def _trained(lake: str) -> str | None:
    try:
        return newest_trained(Lake(lake)).run_id
    except LakeError:
        return None
