"""How many workers a training of a method gets."""

from flows.learn.dataset import Supervision, parts
from flows.parameters.train import TrainParameters
from flows.running.started_ray import refuse_unseen, started_ray
from infra.lake_files import LakeFiles
from infra.ray_runtime.placement import Placement, Work, placement
from workers.contract import Fits, registry

LOT = 4  # photos of a batch that stay together, at most, where whole products are drawn
NAMED_WEIGHTS = ("random", "imagenet", "auto")  # values of a setting `weights` that are no file
DRAW_PHOTOS = ("words", "photos")  # values of a setting `sampling` with which every photo is drawn for itself


def placed(parameters: TrainParameters, chosen: registry.Settings, learnt: Supervision) -> Placement:
    """Place the training where workers and GPUs that were asked for can be had; Ray starts for that.

    Raises InputError with the numbers where they do not agree, or are not there; of a cluster what it does not see.
    """
    lake, weights = LakeFiles(parameters.lake), str(chosen.flat().get("weights", NAMED_WEIGHTS[0]))
    refuse_unseen(lake, "" if weights in NAMED_WEIGHTS else weights)
    assert chosen.training is not None
    method = registry.method_class(parameters.method)
    work = Work(
        photos=len(parts(learnt.dataset)[0]),
        epochs=chosen.training.every_epoch,
        batch=chosen.training.batch,
        lot=1 if getattr(chosen.config, "sampling", "") in DRAW_PHOTOS else LOT,
        single=issubclass(method, Fits) and not method.fits_together,
    )
    with started_ray(lake) as cluster:
        return placement(parameters.workers, parameters.gpus, cluster, work)
