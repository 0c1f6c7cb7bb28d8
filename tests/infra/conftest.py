"""An object store that speaks S3 on loopback, and an address in it for each test."""

import re
from collections.abc import Iterator

import pytest

from infra.lake import Lake
from tests.infra.object_store import ENVIRONMENT, address, object_store


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """`host:port` of an empty object store."""
    with object_store() as started:
        yield started


@pytest.fixture
def uri(server: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """A lake of its own for each test, in a bucket of its own."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    bucket = re.sub("[^a-z0-9]+", "-", request.node.name.lower())[-60:].strip("-")
    lake = address(server, f"{bucket}/catalogue/lake")
    Lake(lake).filesystem.create_dir(bucket)
    return lake
