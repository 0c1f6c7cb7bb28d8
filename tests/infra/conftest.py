"""An object store that speaks S3 on loopback, and an address in it for each test."""

import re
from collections.abc import Iterator

import pytest
from moto.server import ThreadedMotoServer

from infra.lake import Lake


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """`host:port` of an empty object store."""
    moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    moto.start()
    host, port = moto.get_host_and_port()
    yield f"{host}:{port}"
    moto.stop()


@pytest.fixture
def uri(server: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """A lake of its own for each test, in a bucket of its own."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    bucket = re.sub("[^a-z0-9]+", "-", request.node.name.lower())[-60:].strip("-")
    options = f"endpoint_override={server}&scheme=http&region=us-east-1&allow_bucket_creation=true"
    address = f"s3://{bucket}/catalogue/lake?{options}"
    Lake(address).filesystem.create_dir(bucket)
    return address
