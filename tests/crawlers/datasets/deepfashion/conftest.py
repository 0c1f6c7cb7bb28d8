"""A drawn folder of each benchmark, to be copied where it is changed."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.crawlers.datasets.deepfashion.official_folders import WRITERS, drawn


@pytest.fixture(scope="session")
def originals(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return {name: drawn(name, tmp_path_factory.mktemp(name)) for name in WRITERS}


@pytest.fixture
def copied(originals: dict[str, Path], tmp_path: Path) -> Callable[[str], Path]:
    def copy(benchmark: str) -> Path:
        return Path(shutil.copytree(originals[benchmark], tmp_path / benchmark))

    return copy
