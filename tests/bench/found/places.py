"""Where the benches put an index: Milvus Lite in a folder, and the tests' Milvus server where it is installed."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.infra.milvus.server import milvus_server, why_not


@contextmanager
def milvuses(folder: Path) -> Iterator[dict[str, str]]:
    """Yield addresses by name; says so where there is no server."""
    places = {"Lite": str(folder / "milvus.db")}
    if why := why_not():
        print(f"without a server: {why}")
        yield places
        return
    (folder / "server").mkdir()
    with milvus_server(folder / "server") as server:
        yield places | {"server": server.address}
