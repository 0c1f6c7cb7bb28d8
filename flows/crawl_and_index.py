"""Keep the index fresh: crawl, label, embed, index, evaluate; learn when nothing has been learnt yet.

One flow run and one task run per stage: subflows would pay Prefect's start and end again for each.
"""

from typing import Any

from prefect import flow

from flows.crawl.crawl_shops import crawl_shops, summed
from flows.learn.label import label_products
from flows.learn.train import train_words
from flows.parameters.train import TrainParameters
from flows.retrieval.embed import embed_photos, newest_trained
from flows.retrieval.evaluate import judge, publish_scores
from flows.retrieval.index import load_collection
from infra.cluster import ray_cluster
from infra.lake import Lake
from schemas.errors import LakeError
from workers.data.split import TEST_SHARE
from workers.text.words import FIELDS


@flow(name="crawl-and-index")
def crawl_and_index(
    urls: list[str],
    lake: str,
    contact: str = "",
    method: str = "house",
    settings: dict[str, Any] | None = None,
    retrain: bool = False,
    fields: list[str] | None = None,
    rarest: int = 2,
    test_share: float = TEST_SHARE,
    workers: int = 1,
    gpus: str = "auto",
    milvus: str = "",
    token: str = "",
    truth: str | None = None,
    columns: list[str] | None = None,
) -> dict[str, Any]:
    """The whole chain for some shops (`URL` or `name=URL`), on one Ray and one Prefect run.

    retrain  learn anew on the fresh catalogue; otherwise the newest trained model is used, and only a
             lake without one trains
    The other parameters are those of the stages.
    """
    crawls, failed = crawl_shops(urls, lake, contact)
    if not crawls:
        raise next(iter(failed.values()))
    done: dict[str, Any] = {"crawl": summed(crawls)}
    if failed:  # the others' catalogues are fresh, and a shop that failed keeps the one it had
        done["crawl"]["failed"] = {shop: str(error) for shop, error in failed.items()}
    done["label"] = label_products(lake, None, fields or list(FIELDS), 30_000, rarest, test_share)
    labels = done["label"]["run_id"]
    with ray_cluster() as cluster:  # started once, joined by every stage below
        done["cluster"] = {"seconds": cluster.started, "cores": cluster.cores, "gpus": cluster.gpus}
        trained = None if retrain else _trained(lake)
        if trained is None:
            wanted = TrainParameters(
                lake=lake, method=method, labels=labels, settings=settings, workers=workers, gpus=gpus
            )
            done["train"] = train_words(wanted)
            trained = done["train"]["run_id"]
        done["embed"] = embed_photos(lake, trained, labels, None, None, gpus)
        done["index"] = load_collection(lake, done["embed"]["run_id"], milvus, token)
        done["evaluate"] = judge(lake, trained, labels, True, truth, columns, "product_id", gpus)
    publish_scores(done["evaluate"])
    return done


def _trained(lake: str) -> str | None:
    try:
        return newest_trained(Lake(lake)).run_id
    except LakeError:
        return None
