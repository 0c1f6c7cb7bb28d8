"""One served lake and its window for the folder's tests, and a client of its application."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from flows.serve.app import application
from flows.serve.guard import Bounds
from flows.serve.window import Window
from schemas.manifest import Manifest
from tests.flows.published_lake import publish_small
from tests.flows.serve.served_lake import ServedLake


@pytest.fixture(scope="package")
def served(tmp_path_factory: pytest.TempPathFactory) -> ServedLake:
    """A small lake whose own model is live."""
    small = ServedLake(tmp_path_factory.mktemp("serve") / "lake")
    publish_small(small)
    return small


@pytest.fixture(scope="package")
def second(served: ServedLake) -> Manifest:
    """The index run of another model of the same lake, which is not live."""
    return served.second_index()


@pytest.fixture(scope="package")
def window(served: ServedLake, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Window]:
    """What its pages stand on."""
    opened = Window.open(served.lake.uri, uploads=tmp_path_factory.mktemp("uploads"))
    yield opened
    opened.close()


@pytest.fixture
def site(window: Window) -> TestClient:
    """The application as a browser on this machine asks it."""
    return TestClient(
        application(window, Bounds(rate=10_000)), base_url="http://127.0.0.1:8080", follow_redirects=False
    )


@pytest.fixture(scope="package")
def photo(served: ServedLake, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A photo file to ask with: one of the catalogue's own, of a red dress."""
    ids = next(ids for _, kind, colour, ids in served.products if (kind, colour) == ("dress", "red"))
    path = tmp_path_factory.mktemp("photo") / "photo.png"
    path.write_bytes(served.photos[ids[0]])
    return path
