"""flows/crawl/one_crawl.py: two crawls of a shop exclude each other, in one process and in two; two shops do not."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from flows.crawl.one_crawl import limit_name, one_crawl_of
from infra.lake import Lake
from schemas.errors import LakeError
from tests.flows.processes import ROOT

HOLDS = (
    "import sys; from flows.crawl.one_crawl import one_crawl_of; from infra.lake import Lake\n"
    "with one_crawl_of(Lake(sys.argv[1]), 'acme'): print('held', flush=True); input()"
)


def test_a_shop_that_is_being_crawled_is_refused_in_one_line_and_free_again_afterwards(
    tmp_path: Path,
) -> None:
    lake = Lake(str(tmp_path))
    with one_crawl_of(lake, "acme"):
        with one_crawl_of(lake, "other"), pytest.raises(LakeError) as refused, one_crawl_of(lake, "acme"):
            pass
        with one_crawl_of(Lake(str(tmp_path / "another")), "acme"):
            pass

    assert str(refused.value) == f"acme: is being crawled by process {os.getpid()} already"
    assert refused.value.transient
    with one_crawl_of(lake, "acme"):
        pass


def test_a_killed_process_holds_nothing(tmp_path: Path) -> None:
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    other = subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env
    )
    assert other.stdout is not None and other.stdout.readline() == b"held\n"
    with (
        pytest.raises(LakeError, match=f"by process {other.pid} already"),
        one_crawl_of(Lake(str(tmp_path)), "acme"),
    ):
        pass

    other.send_signal(signal.SIGKILL)
    other.wait()

    with one_crawl_of(Lake(str(tmp_path)), "acme"):
        pass


@pytest.mark.parametrize(
    ("shop", "name"), [("acme", "vitrine-shop-acme"), ("shop.example-8080", "vitrine-shop-shop.example-8080")]
)
def test_a_limit_bears_the_name_of_its_shop(shop: str, name: str) -> None:
    assert limit_name(shop) == name
