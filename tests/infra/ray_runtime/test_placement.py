"""Workers, GPUs and cores: what agrees, what is refused, and what `auto` makes of a machine."""

from dataclasses import replace

import pytest

from infra.ray_runtime.cluster import Cluster
from infra.ray_runtime.placement import Placement, Work, paying, placement, wanted_gpus
from schemas.errors import InputError

LONG = Work(photos=100_000, epochs=20, batch=64)
CORES = Cluster(address="", cores=8, gpus=0, started=0.0)
CARDS = Cluster(address="", cores=16, gpus=2, started=0.0, cpus_per_gpu=8)


def test_as_many_gpus_as_there_are_or_as_were_asked_for() -> None:
    there = replace(CARDS, gpus=3)

    assert [wanted_gpus(wanted, there) for wanted in ("auto", "0", "2", "3")] == [3, 0, 2, 3]


@pytest.mark.parametrize(
    ("wanted", "why"), [("1", "1 asked for, this machine has 0"), ("x", "must be auto or a number")]
)
def test_a_gpu_that_is_not_there_is_never_replaced_by_the_cpu(wanted: str, why: str) -> None:
    with pytest.raises(InputError, match=f"gpus: {why}"):
        wanted_gpus(wanted, CORES)


def test_on_gpus_there_is_one_worker_to_each_with_the_cpus_beside_it() -> None:
    assert placement("auto", "auto", CARDS, LONG) == Placement(2, on_gpu=True, threads=8)
    assert placement("auto", "1", CARDS, LONG) == Placement(1, on_gpu=True, threads=8)
    assert placement(2, "2", CARDS, LONG) == Placement(2, on_gpu=True, threads=8)
    assert placement(1, "auto", CARDS, LONG) == Placement(1, on_gpu=True, threads=8)
    assert placement("auto", "auto", CARDS, LONG).resources == {"CPU": 8, "GPU": 1}


@pytest.mark.parametrize(
    ("workers", "gpus", "what", "numbers"),
    [
        (4, "2", "workers", "4 asked for, 2 GPUs to use"),
        (4, "auto", "workers", "4 asked for, 2 GPUs to use"),
        (2, "1", "workers", "2 asked for, 1 GPU to use"),
        (1, "2", "workers", "1 asked for beside 2 GPUs"),
        ("auto", "3", "gpus", "3 asked for, this machine has 2"),
        (3, "3", "gpus", "3 asked for, this machine has 2"),
        (17, "0", "workers", "17 asked for, this machine has 16 cores"),
    ],
)
def test_workers_and_gpus_that_disagree_are_refused_with_the_numbers(
    workers: int, gpus: str, what: str, numbers: str
) -> None:
    with pytest.raises(InputError, match=f"^{what}: {numbers}") as refused:
        placement(workers, gpus, CARDS, LONG)

    assert "\n" not in str(refused.value)


def test_a_cluster_that_has_too_few_is_named() -> None:
    with pytest.raises(InputError, match="the cluster at head:6379 has 8 cores: one thread to each"):
        placement(9, "auto", replace(CORES, address="head:6379"), LONG)


def test_on_cpus_every_worker_has_one_thread_one_core_and_its_own_machine_where_there_are_several() -> None:
    for workers in (1, 4, "auto"):
        found = placement(workers, "0", CARDS, LONG)  # type: ignore[arg-type]
        assert (found.threads, found.resources, found.strategy) == (1, {"CPU": 1}, "SPREAD")
    assert placement("auto", "auto", CARDS, LONG).strategy == "PACK"


@pytest.mark.parametrize(
    ("cores", "work", "workers", "why"),
    [
        (2, LONG, 2, "one per core"),
        (8, LONG, 8, "eight photos of a batch each"),
        (64, LONG, 8, "never fewer"),
        (7, LONG, 4, "the batch is shared equally"),
        (2, replace(LONG, photos=200, epochs=8), 1, "a toy is learnt before a second worker has started"),
        (8, replace(LONG, photos=1_000, epochs=8), 4, "2,000 photos to draw each"),
        (2, replace(LONG, photos=60, epochs=900), 1, "fewer photos than a batch"),
        (4, replace(LONG, batch=20), 2, "as published"),
        (4, replace(LONG, batch=20, lot=4), 1, "whole lots"),
        (4, replace(LONG, lot=4), 4, "whole lots"),
        (8, replace(LONG, single=True), 1, "only one can do it"),
        (8, replace(LONG, batch=1), 1, "nothing to share"),
    ],
)
def test_without_a_gpu_there_are_as_many_workers_as_pay(
    cores: int, work: Work, workers: int, why: str
) -> None:
    assert paying(cores, work) == workers, why
    found = placement("auto", "auto", replace(CORES, cores=cores), work)
    assert found == Placement(workers, on_gpu=False, threads=1)


def test_on_gpus_whole_lots_are_shared_and_a_single_worker_stays_alone() -> None:
    cards = replace(CARDS, gpus=3)

    assert placement("auto", "auto", cards, LONG).workers == 3
    assert placement("auto", "auto", cards, replace(LONG, lot=4)).workers == 2
    assert placement("auto", "auto", cards, replace(LONG, single=True)).workers == 1


def test_what_a_cluster_is_short_of_is_said_in_numbers() -> None:
    two = Placement(workers=2, on_gpu=True, threads=3)

    assert two.lacks({"CPU": 6.0, "GPU": 2.0}) == ""
    assert two.lacks({"CPU": 5.0, "GPU": 2.0}) == "its 2 workers want 6 CPUs, and the cluster has 5"
    assert two.lacks({"CPU": 9.0}) == "its 2 workers want 2 GPUs, and the cluster has 0"
