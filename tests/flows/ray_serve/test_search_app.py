"""flows/ray_serve on a Ray of its own, as `serve run infra/serve.yaml` starts it: the answers are `vitrine serve`'s."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from flows.serve.app import application
from flows.serve.guard import Bounds
from flows.serve.window import Window
from infra.machine import ROOT
from tests.flows.processes import free_port, started, wait_until
from tests.flows.published_lake import publish_small
from tests.flows.ray_packages import RAY_PACKAGES
from tests.flows.serve.served_lake import ServedLake

pytestmark = [pytest.mark.slow, pytest.mark.long]
TOKEN = "a token of 20 letters"
RUN = [sys.executable, "-m", "ray.serve.scripts", "run"]
ASK_ENCODER = """
import json, sys
from concurrent.futures import ThreadPoolExecutor
from ray import serve
import ray
from flows.ray_serve.remote_encoding import RemoteEncoding
from flows.ray_serve.search_app import ENCODER
ray.init(address="auto", log_to_driver=False)
handle = serve.get_deployment_handle(ENCODER, "search")
photo = open(sys.argv[2], "rb").read()
index = sys.argv[1]
asked = [(index, photo), (index, b"no photo"), ("20200101T000000Z-0000", photo), (index, photo)] * 4
with ThreadPoolExecutor(16) as together:
    encodings = [RemoteEncoding(handle, run) for run, _ in asked]
    answers = [together.submit(e.vector, "photo", data) for e, (_, data) in zip(encodings, asked)]
for answer in answers:
    try:
        print(json.dumps([float(number) for number in answer.result(timeout=60)]))
    except Exception as error:
        print(json.dumps(f"{type(error).__name__}: {error}"))
"""


def environment(folder: Path, **more: str) -> dict[str, str]:
    """A Ray of its own, whatever runs beside it, and what Ray Serve needs."""
    own = {name: value for name, value in os.environ.items() if name != "RAY_ADDRESS"}
    found = os.pathsep.join([str(ROOT), str(RAY_PACKAGES)])
    ours = {
        "PYTHONPATH": found,
        "RAY_TMPDIR": str(folder),
        "RAY_USAGE_STATS_ENABLED": "0",
        "OMP_NUM_THREADS": "1",
    }
    return own | ours | {"VITRINE_SERVE_TOKEN": TOKEN, "XDG_CACHE_HOME": str(folder)} | more


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> ServedLake:
    """A small lake whose own model is live."""
    small = ServedLake(tmp_path_factory.mktemp("ray_serve") / "lake")
    publish_small(small)
    return small


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """Where Ray keeps its sockets, whose paths have to be short."""
    place = Path(tempfile.mkdtemp(prefix="rs-", dir="/tmp"))
    yield place
    shutil.rmtree(place, ignore_errors=True)


@pytest.fixture(scope="module")
def site(served: ServedLake, folder: Path) -> Iterator[httpx.Client]:
    """The application as infra/serve.yaml has it, on a free port of loopback, and a client with the token."""
    config: dict[str, Any] = yaml.safe_load((ROOT / "infra/serve.yaml").read_text())
    port = free_port()
    config["http_options"] = {"host": "127.0.0.1", "port": port}
    config["applications"][0]["args"] |= {"lake": served.lake.uri, "rate": 10_000}
    (folder / "serve.yaml").write_text(yaml.safe_dump(config))
    log, command = folder / "log", [*RUN, str(folder / "serve.yaml")]
    given = {"Authorization": f"Bearer {TOKEN}"}
    with (
        httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=given, timeout=120) as client,
        started(command, environment(folder), log) as process,
    ):
        wait_until(lambda: process.poll() is not None or answers(client), 300, log.read_text)
        assert process.poll() is None, log.read_text()
        yield client


def answers(client: httpx.Client) -> bool:
    try:
        return client.get("/health").status_code == 200
    except httpx.TransportError:
        return False


@pytest.fixture(scope="module")
def alone(served: ServedLake, folder: Path) -> Iterator[httpx.Client]:
    """The same lake as `vitrine serve` shows it, in this process."""
    from starlette.testclient import TestClient

    window = Window.open(served.lake.uri, uploads=folder / "uploads")
    yield TestClient(application(window, Bounds(rate=10_000)), base_url="http://127.0.0.1:8080")
    window.close()


def given(client: httpx.Client, data: bytes) -> httpx.Response:
    return client.post("/api/photos", files={"file": ("photo.png", data, "image/png")})


def test_words_are_answered_as_by_one_process(site: httpx.Client, alone: httpx.Client) -> None:
    asked = {"words": "red dress", "k": "5"}

    answer = site.get("/api/search", params=asked)

    assert answer.status_code == 200 and len(answer.json()["cards"]) == 5
    assert answer.json() == alone.get("/api/search", params=asked).json()


def test_a_photo_has_the_vector_that_one_process_gives_it(
    site: httpx.Client, alone: httpx.Client, served: ServedLake
) -> None:
    data = next(iter(served.photos.values()))
    names = {client: given(client, data).json()["photo"] for client in (site, alone)}

    remote, local = (
        client.get("/api/search", params={"photo": name}).json() for client, name in names.items()
    )

    assert names[site] == names[alone]
    assert remote == local and remote["cards"]


def test_photos_that_are_asked_with_at_once_find_what_each_finds_alone(
    site: httpx.Client, alone: httpx.Client, served: ServedLake
) -> None:
    photos = list(served.photos.values())[:24]

    def first(client: httpx.Client, photo: bytes) -> str:
        name = given(client, photo).json()["photo"]
        return str(client.get("/api/search", params={"photo": name, "k": 3}).json()["cards"])

    with ThreadPoolExecutor(8) as together:
        found = list(together.map(partial(first, site), photos))

    assert found == [first(alone, photo) for photo in photos]
    assert len(set(found)) > 4


def test_without_the_token_nobody_is_answered_and_garbage_is_refused_in_a_line(site: httpx.Client) -> None:
    strange = httpx.get(f"{site.base_url}/api/search", params={"words": "red"}, timeout=60)
    garbage = given(site, b"garbage")

    assert strange.status_code == 401
    assert garbage.status_code == 400 and "is no photo that can be read" in garbage.json()["error"]


def test_what_is_no_photo_costs_the_photos_of_its_batch_nothing(
    site: httpx.Client, served: ServedLake, folder: Path
) -> None:
    index = site.get("/api/search", params={"words": "red"}).json()["index"]
    (folder / "photo.png").write_bytes(next(iter(served.photos.values())))
    command = [sys.executable, "-c", ASK_ENCODER, index, str(folder / "photo.png")]

    done = subprocess.run(
        command, cwd=ROOT, env=environment(folder), capture_output=True, text=True, timeout=200, check=False
    )

    assert not done.returncode, done.stderr
    said = [line for line in done.stdout.splitlines() if line[0] in '["']
    vectors, none, unknown, again = (said[n::4] for n in range(4))
    assert len(set(vectors + again)) == 1 and vectors[0].startswith("[")
    assert len(none) == 4 and len(set(none)) == 1 and none[0].startswith('"ImageError: image photo')
    assert all(line.startswith('"LakeError: 20200101T000000Z-0000: no committed run') for line in unknown)


@pytest.mark.parametrize(
    ("arguments", "token", "why"),
    [
        (["pages=2"], TOKEN, "pages: more than one need uploads=FOLDER"),
        ([], "short", "others can reach it: set VITRINE_SERVE_TOKEN"),
        (["lakes=x"], TOKEN, "Extra inputs are not permitted"),
    ],
)
def test_what_cannot_serve_is_refused_before_anything_starts(
    arguments: list[str], token: str, why: str, tmp_path: Path
) -> None:
    code = """
import sys
from flows.ray_serve.arguments import SearchApp
from flows.ray_serve.search_app import search_app
search_app(SearchApp(**dict(word.split("=") for word in sys.argv[1:])))
"""
    done = subprocess.run(
        [sys.executable, "-c", code, f"lake={tmp_path}/lake", *arguments],
        cwd=ROOT,
        env=environment(tmp_path, VITRINE_SERVE_TOKEN=token),
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode and why in done.stderr
