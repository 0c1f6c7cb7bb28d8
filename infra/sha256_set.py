"""A set of SHA-256 digests in 32 bytes each, where Python's own takes 110: a lake may hold millions of photos."""

from collections.abc import Iterable, Sequence

import numpy as np

from schemas.image_ids import ID, ids_of_hex

SORT_FROM = 4096
_SHARE = 16  # of the sorted ones as many new ones may wait: so all sorting together stays a small cost


class Sha256Set:
    """Digests, given and asked for in hex, as `image_id` columns have them. One thread adds; any may ask."""

    def __init__(self, batches: Iterable[Sequence[str]] = (), *, sort_from: int = SORT_FROM) -> None:
        """Take `batches` at once; `sort_from` later ones, or more, wait to be sorted in."""
        arrays = [ids_of_hex(batch) for batch in batches]
        self._sorted = np.unique(np.concatenate(arrays)) if arrays else ids_of_hex([])  # (N,), ascending
        self._new: set[bytes] = set()
        self._sort_from = sort_from

    def __len__(self) -> int:
        return len(self._sorted) + len(self._new)

    def __contains__(self, name: str) -> bool:
        # The new ones first: they leave that set only after they are among the sorted.
        return bytes.fromhex(name) in self._new or self._has_sorted(name)

    def add(self, name: str) -> None:
        """Add one digest unless it is here. Raises ValueError for what is no SHA-256 in hex."""
        if self._has_sorted(name):
            return
        self._new.add(bytes.fromhex(name))
        if len(self._new) >= max(self._sort_from, len(self._sorted) // _SHARE):
            merged = np.concatenate([self._sorted, np.frombuffer(b"".join(self._new), ID)])
            merged.sort()
            self._sorted = merged
            self._new = set()

    def _has_sorted(self, name: str) -> bool:
        wanted = ids_of_hex([name])
        place = int(self._sorted.searchsorted(wanted)[0])
        # Compared as arrays: NumPy drops zero bytes at the end of a single value.
        return bool((self._sorted[place : place + 1] == wanted).any())
