"""What tests of crawlers share."""

from collections.abc import Iterator

import pytest

from tests.crawlers.spider_process import Spiders, spider_process


@pytest.fixture(scope="session")
def spiders() -> Iterator[Spiders]:
    """The process that runs spiders."""
    with spider_process() as running:
        yield running
