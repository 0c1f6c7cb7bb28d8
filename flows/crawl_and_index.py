"""Keep the live index fresh: crawl, label, embed, index, evaluate, publish; learn when nothing is learnt yet.

The model is the one that is live, so that a refresh is not stopped by a newer one that the gate refused.

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
from flows.parameters.publish import PublishParameters
from flows.parameters.retrieval import EvaluateParameters
from flows.parameters.train import TrainParameters
from flows.queries.live import live
from flows.retrieval.embedding.tool import newest_trained
from flows.running.started_ray import refuse_unseen, started_ray
from flows.to_live import bring_to_live
from infra.lake import Lake
from infra.lake_files import LakeFiles
from schemas.errors import LakeError


@flow_of(ChainParameters, name="crawl-and-index")
def crawl_and_index(parameters: ChainParameters) -> dict[str, Any]:
    """Run the whole chain for some shops (`URL` or `name=URL`), on one Ray and one Prefect run."""
    label, lake = _label(parameters), LakeFiles(parameters.lake)  # refused now, not after the crawl
    refuse_unseen(lake)
    crawls, failed = crawl_shops(parameters.crawl())
    shops = len(crawls) + len(failed)
    refuse_too_many(shops, failed, parameters.failed_share)
    # The others' catalogues are fresh, and a shop that failed keeps the one it had.
    done: dict[str, Any] = {"crawl": summed(crawls, reasons(failed))}
    done["label"] = label_products(label)
    labels = done["label"]["run_id"]
    with started_ray(lake) as cluster:  # started once, joined by every stage below
        done["cluster"] = {"seconds": cluster.started, "cores": cluster.cores, "gpus": cluster.gpus}
        trained = None if parameters.retrain else _trained(parameters.lake)
        if trained is None:
            done["train"] = train_words(_train(parameters, labels))
            trained = done["train"]["run_id"]
        publish = PublishParameters(lake=parameters.lake, milvus=parameters.milvus)
        done |= bring_to_live(_evaluate(parameters), publish, train=trained, labels=labels)
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


def _evaluate(parameters: ChainParameters) -> EvaluateParameters:
    return EvaluateParameters(
        lake=parameters.lake,
        milvus=parameters.milvus,
        truth=parameters.truth,
        columns=parameters.columns,
        gpus=parameters.gpus,
    )


def _trained(lake: str) -> str | None:
    """The train run that is live, else the newest; None where nothing was learnt yet."""
    place = Lake(lake)
    if (pointed := live(place)) and pointed.now.train:
        return pointed.now.train
    try:
        return newest_trained(place).run_id
    except LakeError:
        return None
