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
from tests.flows.prefect_server import vitrine
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


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_on_a_server_a_shops_limit_holds_between_lakes_and_machines(
    server: dict[str, str], tmp_path: Path
) -> None:
    def holding(folder: str) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-c", HOLDS, str(tmp_path / folder)]
        return subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=server
        )

    with holding(
        "one"
    ) as without:  # nobody has deployed: a line says so, and the lock of the lake alone holds
        assert without.stdout is not None and without.stdout.readline() == b"held\n"
        said = without.communicate(b"\n")[1].decode()
    assert "no limit vitrine-shop-acme on this server, `vitrine deploy` makes it" in said

    (tmp_path / "shops.yaml").write_text("shops: [{name: acme, url: 'http://127.0.0.1:1/'}]")
    vitrine(server, "deploy", "--shops", str(tmp_path / "shops.yaml"))
    with holding("one") as first:
        assert first.stdout is not None and first.stdout.readline() == b"held\n"
        with holding("two") as second:
            refused = second.communicate()[1].decode()
        first.communicate(b"\n")
    with holding("two") as third:
        freed = third.communicate(b"\n")[0]

    assert "acme: is being crawled by another flow run already" in refused
    assert freed == b"held\n"


@pytest.mark.parametrize(
    ("shop", "name"), [("acme", "vitrine-shop-acme"), ("shop.example-8080", "vitrine-shop-shop.example-8080")]
)
def test_a_limit_bears_the_name_of_its_shop(shop: str, name: str) -> None:
    assert limit_name(shop) == name
