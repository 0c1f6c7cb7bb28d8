"""What a collection holds, as arrays: a key and a digest of each entity, 24 bytes, so that 10 million are 240 MB.

By them a load sends only what changed, two indexes are compared, and what Milvus holds is proved.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

KEY_BYTES = 16
_KEY = np.dtype(
    f"S{KEY_BYTES}"
)  # as schemas.image_ids: shown without zero bytes at its end, compared exactly

Keys = NDArray[np.bytes_]


class Difference(NamedTuple):
    """How many entities a newer index has that the older had not, no longer has, and tells otherwise."""

    added: int
    removed: int
    changed: int


@dataclass(frozen=True)
class EntityDigests:
    """keys (N,) of 16 bytes, ascending; digests (N,) of what each row says, in the same order."""

    keys: Keys
    digests: NDArray[np.int64]

    @classmethod
    def of_rows(cls, keys: Sequence[str], digests: Sequence[int]) -> Self:
        """Digests of some rows, by their hex keys; the order stays as it is."""
        return cls(np.frombuffer(bytes.fromhex("".join(keys)), _KEY), np.array(digests, np.int64))

    @classmethod
    def joined(cls, pieces: Iterable["EntityDigests"]) -> Self:
        """Several, put in order; a key that stands in two of them stands in the whole twice."""
        pieces = [cls(np.empty(0, _KEY), np.empty(0, np.int64)), *pieces]
        keys = np.concatenate([piece.keys for piece in pieces])
        order = np.argsort(keys, kind="stable")
        return cls(keys[order], np.concatenate([piece.digests for piece in pieces])[order])

    def __len__(self) -> int:
        return len(self.keys)

    def hex_keys(self) -> list[str]:
        """The keys as Milvus has them."""
        text, size = np.ascontiguousarray(self.keys).tobytes().hex(), 2 * KEY_BYTES
        return [text[first : first + size] for first in range(0, len(text), size)]

    def told(self, others: "EntityDigests") -> NDArray[np.bool_]:
        """(M,) whether each of `others`, in any order, is here with the same digest."""
        here, places = self._places(others.keys)
        here[here] = self.digests[places[here]] == others.digests[here]
        return here

    def has(self, keys: Keys) -> NDArray[np.bool_]:
        """(M,) whether each key is here."""
        return self._places(keys)[0]

    def only(self, chosen: NDArray[np.bool_]) -> "EntityDigests":
        """Those that are chosen."""
        return EntityDigests(self.keys[chosen], self.digests[chosen])

    def twice(self) -> "EntityDigests":
        """Those whose key has stood before."""
        return self.only(np.concatenate([np.zeros(min(1, len(self)), bool), self.keys[1:] == self.keys[:-1]]))

    def since(self, older: "EntityDigests") -> Difference:
        """What differs from an older index."""
        known = older.has(self.keys)
        removed = len(older) - int(known.sum())
        return Difference(int((~known).sum()), removed, int((known & ~older.told(self)).sum()))

    def _places(self, keys: Keys) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
        """Whether each key is here, and where; the place of one that is not means nothing."""
        if not len(self):
            return np.zeros(len(keys), bool), np.zeros(len(keys), np.int64)
        places = np.minimum(np.searchsorted(self.keys, keys), len(self) - 1)
        here: NDArray[np.bool_] = self.keys[places] == keys
        return here, places


@dataclass(frozen=True)
class Loaded:
    """What `infra.milvus.store.VectorStore.load` did: entities sent, entities removed, and what is there now."""

    upserted: int
    deleted: int
    digests: EntityDigests

    @property
    def entities(self) -> int:
        """How many there are now."""
        return len(self.digests)
