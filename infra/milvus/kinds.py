"""The kinds of index that Milvus builds for vectors, and how thoroughly a search looks through each.

Milvus Lite accepts any name in silence and then compares with every vector, so the names are listed here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

MOST_CELLS = 1_024
FEWEST_SEEN = 128  # candidates or cells: what recall at 10 needs, however few hits are wanted
_GRAPH: Mapping[str, int | str] = MappingProxyType({"M": 32, "efConstruction": 200})
_CELLS: Mapping[str, int | str] = MappingProxyType({"nlist": MOST_CELLS})


@dataclass(frozen=True)
class Kind:
    """One kind of index.

    built   what Milvus is told when it builds one
    looked  what it is told when `k` entities are wanted of it: the more, the more thoroughly it looks
    lite    whether Milvus Lite builds it, too
    """

    built: Mapping[str, int | str]
    looked: Callable[[int], dict[str, int]]
    lite: bool = True


def _candidates(k: int) -> dict[str, int]:
    return {"ef": max(FEWEST_SEEN, 2 * k)}


def _cells(k: int) -> dict[str, int]:
    return {"nprobe": min(MOST_CELLS, max(FEWEST_SEEN // 2, k // 4))}


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "FLAT": Kind({}, lambda k: {}),
        "AUTOINDEX": Kind(
            {}, _candidates
        ),  # a graph on Lite and on servers, which look at so many candidates, too
        "HNSW": Kind(_GRAPH, _candidates),
        "HNSW_SQ": Kind({**_GRAPH, "sq_type": "SQ8"}, _candidates),
        "IVF_FLAT": Kind(_CELLS, _cells),
        "IVF_SQ8": Kind(_CELLS, _cells),
        "SCANN": Kind(_CELLS, lambda k: _cells(k) | {"reorder_k": max(FEWEST_SEEN, 4 * k)}, lite=False),
        "DISKANN": Kind({}, lambda k: {"search_list": max(FEWEST_SEEN, 2 * k)}, lite=False),
    }
)
