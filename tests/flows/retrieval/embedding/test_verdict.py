"""flows/retrieval/embedding/verdict.py and receipt.py: which stage limits, what more would give, what is lost."""

from typing import Any

import pytest

from flows.retrieval.embedding.receipt import Receipt
from flows.retrieval.embedding.verdict import Spent, sentence, verdict
from schemas.errors import CountError


def spent(forward: float, decode: float, **more: Any) -> Spent:
    """1,000 photos in 10 s on two cores, with so many CPU seconds in each stage."""
    cpu = {"read": 0.2, "decode": decode, "forward": forward, "write": 0.2}
    facts: dict[str, Any] = {
        "photos": 1000, "elapsed": 10.0, "workers": 2, "cores": 2, "on_gpu": False, "seconds": cpu, "cpu": cpu,
        "process": sum(cpu.values()) + 0.6, "bytes": 14_000_000, "memory": 900 << 20,
    }  # fmt: skip
    return Spent(**facts | more)


def test_on_cores_the_busiest_stage_limits_and_a_core_more_is_worth_its_share() -> None:
    assert sentence(spent(16.0, 2.0)) == (
        "forward limits (forward 80% busy, decode 10%, read 1%, write 1%); one more core would give 50.0 photos/s,"
        " a GPU at most 833 in all, which is what the cores decode (100.0 photos/s now);"
        " 1,000 photos cost 19.0 CPU-s and 14.0 MB read."
    )
    assert spent(3.0, 15.0).limits == "decode"


def test_cores_that_waited_are_no_reason_for_more_of_them() -> None:
    said = sentence(spent(4.0, 1.6))

    assert "the cores waited, or were with others, 70% of the time, so one more would give nothing" in said


def test_beside_gpus_decoding_may_limit_and_a_gpu_more_be_worth_nothing() -> None:
    seconds = {"read": 1.0, "decode": 155.0, "forward": 4.1, "write": 1.0}
    behind = spent(4.1, 155.0, workers=1, cores=16, on_gpu=True, seconds=seconds, elapsed=10.0)
    ahead = spent(4.1, 40.0, workers=1, cores=16, on_gpu=True, seconds=seconds | {"forward": 9.5})

    assert sentence(behind).startswith("decode limits (decode 97% busy, forward 41%")
    assert "one more core would give 6 photos/s, one more GPU nothing" in sentence(behind)
    assert "4.10 GPU-s" in sentence(behind)
    assert sentence(ahead).startswith("forward limits (forward 95% busy")
    assert "one more GPU would give 100 photos/s, one more core nothing" in sentence(ahead)


def test_a_manifest_keeps_the_figures() -> None:
    kept = verdict(spent(16.0, 2.0))

    assert kept["busy"] == {"read": 0.01, "decode": 0.1, "forward": 0.8, "write": 0.01}
    assert (kept["cpu_s_per_1000"], kept["gpu_s_per_1000"], kept["bytes_per_1000"]) == (19.0, 0.0, 14_000_000)
    assert (kept["workers"], kept["worker_mib"]) == (2, 900)
    assert sentence(spent(0.0, 0.0, photos=0, elapsed=0.0)) == "nothing was embedded."


def test_the_receipt_says_where_every_photo_went_and_its_sum_is_checked() -> None:
    receipt = Receipt(1_205_146, 1_204_331, 812, {"decode": 2, "crash": 1})

    assert str(receipt.checked()) == "1,204,331 reused, 812 embedded, 3 rejected, 0 lost"
    receipt.count.check("photos")
    for wanted in (1_205_145, 1_205_147):
        with pytest.raises(CountError):
            Receipt(wanted, 1_204_331, 812, {"decode": 3}).checked()
