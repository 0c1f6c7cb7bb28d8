"""A benchmark by its name."""

from crawlers.datasets.deepfashion.category_and_attribute import CategoryAndAttribute
from crawlers.datasets.deepfashion.consumer_to_shop import ConsumerToShop
from crawlers.datasets.deepfashion.in_shop import InShop
from crawlers.datasets.deepfashion.official_tree import OfficialTree
from schemas.errors import InputError

_TREES: dict[str, type[OfficialTree]] = {
    tree.name: tree for tree in (CategoryAndAttribute, InShop, ConsumerToShop)
}
_CUT = (
    CategoryAndAttribute.name,
    ConsumerToShop.name,
)  # whose papers cut garments out; In-Shop's photos are whole


def open_tree(benchmark: str, path: str, shop: str, cut: bool | None = None) -> OfficialTree:
    """Open the folder of a benchmark.

    cut  whether garments are cut out by their boxes; None: as the benchmark's papers do
    Raises InputError as OfficialTree does, or for a name that is none of them.
    """
    if benchmark not in _TREES:
        raise InputError(f"benchmark {benchmark}", f"there are {', '.join(_TREES)}")
    return _TREES[benchmark](path, shop, benchmark in _CUT if cut is None else cut)
