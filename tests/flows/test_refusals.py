"""Bad input, as a user gives it: exit code 1 (2 for wrong usage), one clear line, no traceback; --json says it, too."""

import http.server
import io
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from PIL import Image
from torchvision.models import resnet50

from infra.lake import Lake
from tests.flows.processes import ROOT, free_port

pytestmark = pytest.mark.slow


def vitrine(env: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from flows.cli import main; main()", *words]
    return subprocess.run(
        command, cwd=ROOT, env=os.environ | env | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True,
        timeout=300, check=False,
    )  # fmt: skip


def refusal(done: subprocess.CompletedProcess[str], code: int = 1) -> str:
    """The one line, after checking that there is no more than it should be."""
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    message: str = json.loads(done.stdout)["error"]["message"]
    assert f"vitrine: {message}" in done.stderr.splitlines()
    return message


@pytest.fixture
def lake(tmp_path: Path) -> str:
    return str(tmp_path / "lake")


@pytest.fixture(scope="module")
def trained(prefect_api: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake with an imported catalogue and labels."""
    folder = tmp_path_factory.mktemp("trained")
    random = np.random.default_rng(0)
    rows = [
        {"product_id": f"p{n}", "title": f"{colour} {kind}", "image": jpeg(random)}
        for n, (colour, kind) in enumerate(
            (c, k) for c in ("red", "blue", "green") for k in ("dress", "shirt") * 4
        )
    ]
    rows.append({"product_id": "cut", "title": "red dress", "image": jpeg(random)[:700]})
    pq.write_table(pa.Table.from_pylist(rows), folder / "shop.parquet")
    done = vitrine(
        prefect_api,
        "import",
        str(folder / "shop.parquet"),
        "--shop",
        "s",
        "--lake",
        str(folder / "lake"),
        "--json",
    )
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["rejected"] == {"truncated": 1}  # the rest went on without it
    assert vitrine(prefect_api, "label", "--lake", str(folder / "lake"), "--json").returncode == 0
    return folder / "lake"


def jpeg(random: np.random.Generator) -> bytes:
    file = io.BytesIO()
    Image.fromarray(random.integers(0, 256, (64, 64, 3), np.uint8)).save(file, "JPEG")
    return file.getvalue()


@pytest.fixture
def empty_site(tmp_path: Path) -> Iterator[str]:
    """A web server with a page and no shop."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "index.html").write_text("<html><body><h1>Under construction</h1></body></html>")

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *args: object, **kwargs: object) -> None:
            super().__init__(*args, directory=str(tmp_path / "site"), **kwargs)  # type: ignore[arg-type]

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()


def test_an_address_that_answers_nothing(prefect_api: dict[str, str], lake: str) -> None:
    url = f"http://127.0.0.1:{free_port()}"

    assert url in refusal(vitrine(prefect_api, "crawl", url, "--lake", lake, "--json"))


def test_a_site_that_sells_nothing(prefect_api: dict[str, str], lake: str, empty_site: str) -> None:
    message = refusal(vitrine(prefect_api, "crawl", empty_site, "--lake", lake, "--json"))

    assert "no products" in message or "no shop" in message


def test_a_catalogue_without_titles(prefect_api: dict[str, str], lake: str, tmp_path: Path) -> None:
    pq.write_table(pa.table({"product_id": ["1"], "name": ["x"], "image": [b"x"]}), tmp_path / "c.parquet")

    message = refusal(
        vitrine(prefect_api, "import", str(tmp_path / "c.parquet"), "--shop", "s", "--lake", lake, "--json")
    )

    assert "title" in message and "name" in message


@pytest.mark.parametrize("words", [("runs",), ("search", "--words", "red"), ("report",)])
def test_a_lake_made_by_a_newer_version(
    prefect_api: dict[str, str], lake: str, words: tuple[str, ...]
) -> None:
    Path(lake).mkdir()
    Path(lake, "vitrine.json").write_text('{"lake_version": 99}')

    assert "newer" in refusal(vitrine(prefect_api, *words, "--lake", lake, "--json"))


def test_an_unknown_method(prefect_api: dict[str, str], trained: Path) -> None:
    message = refusal(vitrine(prefect_api, "train", "guesswork", "--lake", str(trained), "--json"), 2)

    assert "guesswork" in message and "corbiere" in message


def test_weights_of_another_shape(prefect_api: dict[str, str], trained: Path, tmp_path: Path) -> None:
    torch.save(resnet50(weights=None).state_dict(), tmp_path / "r50.pt")

    message = refusal(
        vitrine(
            prefect_api, "train", "corbiere", "--set", "backbone=resnet18", "--set", "epochs=0",
            "--set", "frozen_epochs=0", "--set", f"weights={tmp_path / 'r50.pt'}", "--lake", str(trained), "--json",
        )
    )  # fmt: skip

    assert "r50.pt" in message and "shape" in message


def test_a_setting_the_method_does_not_have(prefect_api: dict[str, str], trained: Path) -> None:
    message = refusal(vitrine(prefect_api, "train", "--set", "depth=3", "--lake", str(trained), "--json"), 2)

    assert "depth" in message and "backbone" in message


def test_a_gpu_that_is_not_there(prefect_api: dict[str, str], trained: Path) -> None:
    if torch.cuda.is_available():
        pytest.skip("this machine has a GPU")

    message = refusal(vitrine(prefect_api, "train", "--gpus", "1", "--lake", str(trained), "--json"))

    assert "1 asked for" in message


def test_embedding_before_training(prefect_api: dict[str, str], trained: Path) -> None:
    assert "train" in refusal(vitrine(prefect_api, "embed", "--lake", str(trained), "--json"))


@pytest.mark.parametrize(
    ("words", "code"),
    [(("search", "nowhere.jpg"), 1), (("search",), 2), (("search", "--words", "red", "-k", "0"), 2)],
)
def test_a_search_for_nothing(
    prefect_api: dict[str, str], trained: Path, words: tuple[str, ...], code: int
) -> None:
    assert refusal(vitrine(prefect_api, *words, "--lake", str(trained), "--json"), code)


def test_products_that_show_one_photo_are_nothing_to_learn_from(
    prefect_api: dict[str, str], lake: str, tmp_path: Path
) -> None:
    one = jpeg(np.random.default_rng(0))
    rows = [
        {"product_id": str(n), "title": f"{'red blue'.split()[n % 2]} dress", "image": one} for n in range(30)
    ]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "t.parquet")
    imported = vitrine(
        prefect_api, "import", str(tmp_path / "t.parquet"), "--shop", "s", "--lake", lake, "--json"
    )
    assert imported.returncode == 0

    held_out = refusal(vitrine(prefect_api, "label", "--test-share", "0.9", "--lake", lake, "--json"))
    assert "of the 0 products to learn from (30 are held out)" in held_out
    assert Lake(lake).unfinished() == 0
    assert vitrine(prefect_api, "label", "--test-share", "0", "--lake", lake, "--json").returncode == 0
    message = refusal(vitrine(prefect_api, "train", "--set", "weights=random", "--lake", lake, "--json"))

    assert "30 products show 1 distinct photo" in message and message.endswith("nothing to learn from")
    assert [run.flow for run in Lake(lake).runs("run")] == ["label"] and Lake(lake).unfinished() == 0
