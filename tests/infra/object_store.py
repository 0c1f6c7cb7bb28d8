"""An object store that speaks S3 on loopback, for tests that need lakes in one."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from moto.server import ThreadedMotoServer

# What whoever asks it has to be told.
ENVIRONMENT: Mapping[str, str] = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_EC2_METADATA_DISABLED": "true",
}


@contextmanager
def object_store() -> Iterator[str]:
    """Start an empty one; yields its `host:port`."""
    moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    moto.start()
    try:
        host, port = moto.get_host_and_port()
        yield f"{host}:{port}"
    finally:
        moto.stop()


def address(server: str, place: str) -> str:
    """The address of a place, `bucket/folder`, in the store at `host:port`."""
    return f"s3://{place}?endpoint_override={server}&scheme=http&region=us-east-1&allow_bucket_creation=true"
