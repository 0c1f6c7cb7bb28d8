"""Learn again on fresh catalogues, and go live only where that is no worse.

Label, train, embed, index, evaluate, publish. The catalogues are the newest of the lake. Where the gate says no, the
live index stays as it is, and the nightly chain goes on refreshing it with the model that is live.
"""

from typing import Any

from flows.flow_of import flow_of
from flows.learn.label import label_products
from flows.learn.train import train_words
from flows.parameters.label import LabelParameters
from flows.parameters.publish import PublishParameters, RetrainParameters
from flows.parameters.retrieval import EvaluateParameters
from flows.parameters.train import TrainParameters
from flows.running.started_ray import refuse_unseen, started_ray
from flows.to_live import bring_to_live
from infra.lake_files import LakeFiles


@flow_of(RetrainParameters, name="retrain")
def retrain(parameters: RetrainParameters) -> dict[str, Any]:
    """Label the newest catalogues, learn from them, and let the new model go live only where it is not worse."""
    lake, milvus = parameters.lake, parameters.milvus
    files = LakeFiles(lake)
    refuse_unseen(files)
    evaluate = EvaluateParameters(
        lake=lake, milvus=milvus, truth=parameters.truth, columns=parameters.columns, gpus=parameters.gpus
    )
    publish = PublishParameters(lake=lake, milvus=milvus, margin=parameters.margin)
    label = LabelParameters(
        lake=lake,
        fields=parameters.fields,
        rarest=parameters.rarest,
        test_share=parameters.test_share,
    )
    done: dict[str, Any] = {"label": label_products(label)}
    labels = done["label"]["run_id"]
    with started_ray(files) as cluster:  # started once, joined by every stage below
        done["cluster"] = {"seconds": cluster.started, "cores": cluster.cores, "gpus": cluster.gpus}
        train = TrainParameters(
            lake=lake,
            method=parameters.method,
            labels=labels,
            settings=parameters.settings,
            workers=parameters.workers,
            gpus=parameters.gpus,
        )
        done["train"] = train_words(train)
        done |= bring_to_live(evaluate, publish, train=done["train"]["run_id"], labels=labels)
    return done
