"""A Prefect server with nothing on it, for tests of what runs on one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.flows.prefect_server import serving


@pytest.fixture
def server(tmp_path: Path) -> Iterator[dict[str, str]]:
    """A Prefect server; yields the environment that finds it."""
    with serving(tmp_path) as env:
        yield env
