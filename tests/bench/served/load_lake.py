"""A lake to load the search page with: a network of `house`'s size is live, another is ready to be published."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from tests.flows.retrieval.judged_lake import JudgedLake
from tests.flows.serve.served_lake import ServedLake
from tests.workers.report.small_lake import WORDS
from workers.contract import LabelSpace


class LoadLake(ServedLake):
    """Four drawn photos a product, embedded by house as it begins: it costs what a trained one does."""

    METHOD = "house"
    SETTINGS: ClassVar[Mapping[str, Any]] = {"weights": "random"}
    COARSE: ClassVar[Mapping[str, Any]] = {"weights": "random", "colour": 0.2}
    NAMES = LabelSpace(tuple(WORDS))


def load_lake(folder: Path, products: int) -> None:
    """Make one, and publish the first of its models; the newest index run is the other's, which is scored."""
    lake = LoadLake(folder, products)
    judged = JudgedLake(lake)
    judged.first()
    judged.candidate(lake.second_embed(), lake.embeds["corbiere"])
