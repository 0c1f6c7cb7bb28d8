"""Where each query's right answers stand in a whole gallery, and what stands first: exact, and never N x N.

Similarities are computed in blocks, and ranks counted in passing: memory is bounded by a block, whatever the size of
the gallery. The products are those of torch, which runs the same BLAS as faiss here.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

QUERIES, PHOTOS = 2_048, 4_096  # of a block: 32 MB of similarities, which larger ones outran by nothing
FEW = 1 / 32  # of a block's similarities: what is looked at one by one, if no more than that counts
MOST_BARS = 16  # right answers of a query, counted for all queries at once
TIE = 5e-7  # cosines that one sum tells apart from another only by its order; they count as equal

Matrix = NDArray[np.float32]
Places = NDArray[np.int64]


@dataclass(frozen=True)
class Gallery:
    """Photos that are searched: a row of `matrix` each, and the zero vector for one that has none.

    matrix  (N, D);  rows  (G,) row of each photo, -1 for none
    starts  (P,) first photo of each group (a product), whose photos stand together; None: each is searched alone
    """

    matrix: Matrix
    rows: Places
    starts: Places | None = None

    @property
    def size(self) -> int:
        """How many answers there are: photos, or groups of them."""
        return len(self.rows if self.starts is None else self.starts)

    def vectors(self, photos: slice | Places) -> Matrix:
        """(n, D) vectors of some photos."""
        rows = self.rows[photos]
        vectors: Matrix = self.matrix[rows]
        vectors[rows < 0] = 0
        return vectors

    def photos(self, answer: int) -> Places:
        """The photos of one answer."""
        if self.starts is None:
            return np.array([answer])
        ends = self.starts[answer + 1] if answer + 1 < len(self.starts) else len(self.rows)
        return np.arange(self.starts[answer], ends)

    def blocks(self) -> Iterator[tuple[int, slice, Places | None]]:
        """Yield blocks that part no group: its first answer, its photos, and the starts of groups within it."""
        if self.starts is None:
            for first in range(0, len(self.rows), PHOTOS):
                yield first, slice(first, min(first + PHOTOS, len(self.rows))), None
            return
        answer = 0
        while answer < len(self.starts):
            begin = int(self.starts[answer])
            after = max(answer + 1, int(np.searchsorted(self.starts, begin + PHOTOS, "right")) - 1)
            if begin + PHOTOS >= len(self.rows):
                after = len(self.starts)
            end = int(self.starts[after]) if after < len(self.starts) else len(self.rows)
            yield answer, slice(begin, end), self.starts[answer:after] - begin
            answer = after


@dataclass(frozen=True)
class Ranking:
    """What queries find.

    ranks         per query, the ascending ranks from 1 of its right answers in the whole gallery; every wrong answer
                  that scores the same stands before them, so that one vector for everything finds nothing
    answers       (Q, k) the first answers, best first;  similarities (Q, k)
    """

    ranks: list[Places]
    answers: Places
    similarities: Matrix

    @property
    def first(self) -> Places:
        """(Q,) rank of each query's first right answer; 0 where there is none."""
        return np.array([own[0] if len(own) else 0 for own in self.ranks], np.int64)


def rank(
    queries: Matrix, gallery: Gallery, right: Sequence[Places], k: int, itself: Places | None = None
) -> Ranking:
    """Search a gallery with every query.

    queries  (Q, D), L2 norm 1 as the gallery's
    right    per query, its right answers, each once: photos, or groups where the gallery has such
    k        how many first answers are returned, cut to the gallery's size
    itself   (Q,) the photo of the gallery that is the query's own and is not to be found; -1 for none
    """
    pieces = [slice(first, first + QUERIES) for first in range(0, len(queries), QUERIES)]
    alone = np.full(len(queries), -1, np.int64) if itself is None else itself
    found = [_Piece(queries[piece], gallery, right[piece], k, alone[piece]) for piece in pieces]
    for first, photos, starts in gallery.blocks():
        vectors = torch.from_numpy(gallery.vectors(photos)).T
        for piece in found:
            piece.see(first, photos, starts, vectors)
    ranks = [ranks for piece in found for ranks in piece.ranks()]
    width = min(k, gallery.size)
    answers = np.concatenate([np.empty((0, width), np.int64), *(piece.best for piece in found)])
    similarities = np.concatenate([np.empty((0, width), np.float32), *(piece.scores for piece in found)])
    return Ranking(ranks, answers, similarities)


class _Piece:
    """Some queries while the gallery passes by, block after block."""

    def __init__(
        self, queries: Matrix, gallery: Gallery, right: Sequence[Places], k: int, itself: Places
    ) -> None:
        self._queries = torch.from_numpy(np.ascontiguousarray(queries))
        self._right, self._itself = right, itself
        self._width = min(k, gallery.size)
        self._bars = [
            self._bars_of(query, gallery, *own) for query, own in enumerate(zip(right, itself, strict=True))
        ]
        self._before = [np.zeros(len(bars), np.int64) for bars in self._bars]
        self._lowest = np.array([bars[-1] - TIE if len(bars) else np.inf for bars in self._bars], np.float32)
        self._asks = np.repeat(np.arange(len(right)), [len(own) for own in right])
        self._answers = np.concatenate([np.empty(0, np.int64), *right])
        self._block = torch.empty(0)
        self.best = np.empty((len(queries), 0), np.int64)
        self.scores = np.empty((len(queries), 0), np.float32)

    def _bars_of(self, query: int, gallery: Gallery, right: Places, itself: int) -> Matrix:
        """Similarity of each right answer, descending; an answer that is the query's own photo alone is none."""
        bars = []
        for answer in right:
            photos = gallery.photos(int(answer))
            if len(photos := photos[photos != itself]):
                bars.append((gallery.vectors(photos) @ self._queries[query].numpy()).max())
        return np.sort(np.array(bars, np.float32))[::-1]

    def see(self, first: int, photos: slice, starts: Places | None, vectors: torch.Tensor) -> None:
        """Count what a block has before the right answers, and keep what belongs among the first."""
        if self._block.shape[1:] != vectors.shape[1:]:
            self._block = torch.empty(len(self._queries), vectors.shape[1])
        block = torch.matmul(self._queries, vectors, out=self._block).numpy()
        own = np.flatnonzero((self._itself >= photos.start) & (self._itself < photos.stop))
        block[own, self._itself[own] - photos.start] = -np.inf
        if starts is not None:
            block = np.maximum.reduceat(block, starts, axis=1)
        inside = (self._answers >= first) & (self._answers < first + block.shape[1])
        right = self._asks[inside], self._answers[inside] - first
        if self.best.shape[1] == self._width and max(map(len, self._bars), default=0) <= MOST_BARS:
            last = self.scores[:, -1] if self._width else np.full(len(block), np.inf, np.float32)
            high = block >= np.minimum(self._lowest, last)[:, None]
            if np.count_nonzero(high) <= FEW * high.size:
                self._see_few(block, first, right, *np.divmod(np.flatnonzero(high), high.shape[1]))
                return
        self._keep(block, first)
        block[right] = -np.inf
        for row, bars, before in zip(block, self._bars, self._before, strict=True):
            for place, bar in enumerate(bars):
                before[place] += np.count_nonzero(row >= bar - TIE)

    def _see_few(
        self, block: Matrix, first: int, right: tuple[Places, Places], queries: Places, places: Places
    ) -> None:
        """The same, where similarities that count are few: only these are looked at."""
        values = block[queries, places]
        better = np.flatnonzero(values > self.scores[queries, -1]) if self._width else places[:0]
        starts = np.flatnonzero(np.diff(queries[better], prepend=-1))
        for some in np.split(better, starts[1:]) if len(better) else ():
            self._keep_better(int(queries[some[0]]), values[some], places[some] + first)
        block[right] = -np.inf
        values = block[queries, places]
        for bar in range(max(map(len, self._bars), default=0)):
            bars = np.array([bars[bar] if bar < len(bars) else np.inf for bars in self._bars], np.float32)
            counts = np.bincount(queries[values >= bars[queries] - TIE], minlength=len(block))
            for query in np.flatnonzero(counts):
                self._before[query][bar] += counts[query]

    def ranks(self) -> Iterator[Places]:
        """Yield the ranks of each query's right answers."""
        for before in self._before:
            yield before + 1 + np.arange(len(before))

    def _keep(self, block: Matrix, first: int) -> None:
        if self.best.shape[1] < self._width:
            scores = np.concatenate([self.scores, block], axis=1)
            places = np.arange(first, first + block.shape[1])
            best = np.concatenate([self.best, np.broadcast_to(places, block.shape)], axis=1)
            taken = torch.topk(torch.from_numpy(scores), min(self._width, scores.shape[1]), dim=1)
            self.scores = taken.values.numpy()
            self.best = np.take_along_axis(best, taken.indices.numpy(), axis=1)
            return
        for n, row in enumerate(block):
            better = np.flatnonzero(row > self.scores[n, -1])
            if len(better):
                self._keep_better(n, row[better], better + first)

    def _keep_better(self, query: int, scores: Matrix, places: Places) -> None:
        """Put answers among the first of a query, whose last they outdo."""
        held = np.concatenate([self.scores[query], scores])
        order = np.argsort(-held, kind="stable")[: self._width]
        self.best[query] = np.concatenate([self.best[query], places])[order]
        self.scores[query] = held[order]
