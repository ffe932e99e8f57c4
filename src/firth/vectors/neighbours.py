"""Nearest rows by cosine: matrix products of blocks choose candidates, the few best are computed again in float64.

The products in float32 only choose, with a margin that covers their rounding; order and values come from float64 sums
taken row by row. So they do not depend on the number of queries, on blocks, on BLAS or on threads.

A block of queries walks over the matrix tile by tile. What a tile has above the `count` best so far, less the margin,
is kept; from time to time the kept are cut to what can still be among the best. Nothing as large as the matrix is made.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from firth.vectors.sharing import shared
from firth.vectors.stored import PlainMatrix, StoredMatrix

_CELLS = 1 << 20  # cells of the matrix held at once in float64: 8 MiB
_QUERIES = 512  # at most, that walk together
_SCORES = 1 << 19  # of a tile, float32: 2 MiB, which a core's second cache holds
_KEPT = 1 << 19  # candidates of a block before they are computed in float64: as many as this only if ties abound
_PRODUCTS = 1 << 20  # below so many products of numbers a second thread takes longer to start than to work
_LOWEST = np.finfo(np.float32).min
# Outside of these lengths a product in float32 may overflow, or lose its digits.
_SHORT, _LONG = 1e-30, 1e30


def row_norms(matrix: np.ndarray | StoredMatrix, *, threads: int = 1) -> np.ndarray:
    """Euclidean length of every row.

    Args:
        matrix: float32 or stored, (V, D).
        threads: how many may work; the result does not depend on it.

    Returns:
        Float64, (V,); each depends on its row alone, to the last bit.

    >>> row_norms(np.array([[3.0, 4.0], [0.0, 0.0]], np.float32))
    array([5., 0.])
    """
    held = matrix if isinstance(matrix, StoredMatrix) else PlainMatrix(matrix)
    norms = np.empty(len(held))

    def measure(part: tuple[int, int]) -> None:
        for start, stop in _stretches(*part, held.shape[1]):
            norms[start:stop] = np.sqrt(_squares(held.stretch(start, stop).astype(np.float64, order="C")))

    shared(measure, row_parts(len(held), threads), threads)
    return norms


def cosines(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Cosine of every row of one matrix with the same row of another, or with one vector, in float64.

        cos = a·b / √(|a|²·|b|²), 0 where a length is 0

    So written, the cosine of equal rows is 1 to the last bit.

    Args:
        first: rows a, (N, D).
        second: rows b, finite, (N, D); or one vector for all, (1, D).

    Returns:
        Float64 in [−1, 1], (N,); each depends on its two rows alone, to the last bit.

    >>> cosines(np.eye(2, dtype=np.float32), np.array([[3.0, 4.0]]))
    array([0.6, 0.8])
    """
    second = _scaled(second.astype(np.float64, order="C"))
    values = np.zeros(len(first))
    for start, stop in _stretches(0, *first.shape):
        rows, others = (
            first[start:stop].astype(np.float64, order="C"),
            second[start:stop] if len(second) > 1 else second,
        )
        lengths = np.sqrt(_squares(rows) * _squares(others))
        np.divide((rows * others).sum(axis=1), lengths, out=values[start:stop], where=lengths > 0)
    return np.clip(values, -1.0, 1.0) + 0.0  # no −0.0


def unit_rows(vectors: np.ndarray) -> np.ndarray:
    """Scale every row to length 1; rows of zeros stay.

    Args:
        vectors: finite, (N, D).

    Returns:
        Float64, (N, D), a new array; each row depends on its own numbers alone, to the last bit.

    >>> unit_rows(np.array([[3.0, 4.0], [0.0, 0.0]])).tolist()
    [[0.6, 0.8], [0.0, 0.0]]
    """
    scaled = _scaled(vectors.astype(np.float64, order="C"))
    lengths = np.sqrt(_squares(scaled))[:, np.newaxis]
    return np.divide(scaled, lengths, out=np.zeros_like(scaled), where=lengths > 0)


def nearest(
    matrix: np.ndarray | StoredMatrix,
    norms: np.ndarray,
    queries: np.ndarray,
    *,
    count: int,
    left_out: Sequence[np.ndarray],
    restrict: int | None = None,
    threads: int = 1,
) -> list[tuple[np.ndarray, np.ndarray]]:
    """The `count` rows with the highest cosine for each of N queries.

    Args:
        matrix: float32 or stored, (V, D).
        norms: lengths of its rows, float64, (V,).
        queries: finite, (N, D).
        count: how many rows at most, ≥ 1.
        left_out: for each query the rows that are no answers; they may repeat.
        restrict: how many rows, from the first, can be answers; None: all.
        threads: how many may work; the answers do not depend on it.

    Returns:
        For each query the rows and their cosines in float64, highest first, equal ones by row; fewer than `count` if
        no more are left.

    >>> matrix = np.array([[2, 0], [1, 1], [0, 1]], np.float32)
    >>> nearest(matrix, row_norms(matrix), np.array([[1.0, 0.1]]), count=1, left_out=[np.array([0])])
    [(array([1]), array([0.7739573]))]
    """
    held = matrix if isinstance(matrix, StoredMatrix) else PlainMatrix(matrix)
    rows = len(held) if restrict is None else min(restrict, len(held))
    count = min(count, rows)
    most = max(1, min(_QUERIES, _KEPT // (8 * count)))
    blocks = [
        _Block(held, norms, queries[start:stop], left_out[start:stop], count)
        for start, stop in _even(len(queries), most, threads)
    ]
    if len(queries) * rows * held.shape[1] < _PRODUCTS:
        threads = 1
    if len(blocks) >= threads:
        found = shared(lambda block: block.best(block.candidates((0, rows))), blocks, threads)
        return list(itertools.chain.from_iterable(found))
    parts = row_parts(rows, threads)
    answers = []
    for block in blocks:
        answers += block.best(_joined(shared(block.candidates, parts, threads)))
    return answers


def nearest_row(
    matrix: np.ndarray | StoredMatrix, norms: np.ndarray, queries: np.ndarray, *, left_out: np.ndarray
) -> np.ndarray:
    """The row with the highest cosine for each of N queries: `nearest` with `count=1`, as one array.

    Args:
        matrix: float32 or stored, (V, D).
        norms: lengths of its rows, float64, (V,).
        queries: finite, (N, D).
        left_out: for each query the K rows that are no answers, (N, K).

    Returns:
        The rows, int64, (N,); of equal cosines the first row; −1 where none is left.
    """
    found = nearest(matrix, norms, queries, count=1, left_out=list(left_out))
    return np.array([rows[0] if len(rows) else -1 for rows, _ in found], np.int64)


def best_of(
    matrix: StoredMatrix,
    queries: np.ndarray,
    rows: Sequence[np.ndarray],
    left_out: Sequence[np.ndarray],
    *,
    count: int,
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Order rows that something else has chosen, as `nearest` does with its own.

    Args:
        matrix: stored, (V, D).
        queries: finite, (N, D).
        rows: for each query distinct rows.
        left_out: for each query the rows that are no answers.
        count: how many rows at most, ≥ 1.

    Returns:
        For each query the best of its rows, and their cosines in float64.

    >>> held = PlainMatrix(np.eye(3, dtype=np.float32))
    >>> best_of(held, np.array([[3.0, 4.0, 0.0]]), [np.array([2, 1, 0])], [np.array([1])], count=1)
    [(array([0]), array([0.6]))]
    """
    kept = [np.setdiff1d(chosen, out) for chosen, out in zip(rows, left_out, strict=True)]
    places = np.repeat(np.arange(len(queries)), [len(chosen) for chosen in kept])
    chosen = np.concatenate([np.empty(0, np.int64), *kept]).astype(np.int64)
    block = _Block(matrix, np.ones(0), queries, left_out, count)
    return block.best(_Candidates(places, chosen, np.zeros(len(places), np.float32)))


def scored_tiles(
    matrix: StoredMatrix, norms: np.ndarray, queries: np.ndarray, start: int, stop: int
) -> Iterator[tuple[int, np.ndarray]]:
    """Walk over a matrix: cosines of few queries with the rows of each tile.

    Args:
        matrix: stored, (V, D).
        norms: lengths of its rows, float64, (V,).
        queries: finite, (N, D).
        start: the first row.
        stop: after the last.

    Yields:
        The first row of a tile, and float32 cosines (N, rows of it) that err by at most half of `margin_of`; the array
        is used again for the next.

    >>> held = PlainMatrix(np.eye(2, dtype=np.float32))
    >>> [(first, scores.tolist()) for first, scores in scored_tiles(held, np.ones(2), np.array([[0.0, 9.0]]), 0, 2)]
    [(0, [[0.0, 1.0]])]
    """
    nothing = [np.empty(0, np.int64)] * len(queries)
    yield from _Block(matrix, norms, queries, nothing, 1).tiles(start, stop)


@dataclass(frozen=True)
class _Candidates:
    """Rows that may be among the best of a block's queries: places (C,) in it, rows (C,), float32 scores (C,)."""

    places: np.ndarray
    rows: np.ndarray
    scores: np.ndarray

    def __len__(self) -> int:
        return len(self.places)

    def chosen(self, which: np.ndarray) -> _Candidates:
        return _Candidates(self.places[which], self.rows[which], self.scores[which])


def _joined(parts: Sequence[_Candidates]) -> _Candidates:
    """Put candidates together, in their order."""
    return _Candidates(
        np.concatenate([part.places for part in parts]),
        np.concatenate([part.rows for part in parts]),
        np.concatenate([part.scores for part in parts]),
    )


class _Block:
    """Queries that walk over a matrix together."""

    def __init__(
        self,
        matrix: StoredMatrix,
        norms: np.ndarray,
        queries: np.ndarray,
        left_out: Sequence[np.ndarray],
        count: int,
    ) -> None:
        self.matrix, self.norms, self.count = matrix, norms, count
        self.queries = _scaled(queries.astype(np.float64, order="C"))
        self.units = unit_rows(queries).astype(np.float32)
        self.out_rows = np.concatenate([np.asarray(rows, np.int64) for rows in left_out])
        self.out_places = np.repeat(np.arange(len(left_out)), [len(rows) for rows in left_out])
        order = np.argsort(self.out_rows, kind="stable")
        self.out_rows, self.out_places = self.out_rows[order], self.out_places[order]
        self.margin = margin_of(matrix.shape[1])

    def candidates(self, part: tuple[int, int]) -> _Candidates:
        """Choose the rows of a part of the matrix that may be among the best."""
        start, stop = part
        least = np.full(len(self.units), _LOWEST, np.float32)
        kept: list[_Candidates] = []
        held = 0
        cut_at = start
        for first, scores in self.tiles(start, stop):
            if first == start:
                least = self._least_of(scores, least)
            places, columns = _at_least(scores, least)
            kept.append(_Candidates(places, columns + first, scores[places, columns]))
            held += len(places)
            seen = first + scores.shape[1] - start
            if held > _KEPT or seen >= 2 * (cut_at - start) or seen == stop - start:
                candidates, least = self._cut(_joined(kept), least)
                if len(candidates) > _KEPT // 2:
                    candidates, least = self._settled(candidates, least)
                kept, held, cut_at = [candidates], len(candidates), start + seen
        return _joined(kept)

    def best(self, candidates: _Candidates) -> list[tuple[np.ndarray, np.ndarray]]:
        """Order candidates by their cosines in float64: the best of each query."""
        candidates, _ = self._cut(candidates, np.full(len(self.units), _LOWEST, np.float32))
        chosen, values = self._exact_best(candidates)
        ends = np.searchsorted(chosen.places, np.arange(len(self.units) + 1))
        return [(chosen.rows[i:j], values[i:j]) for i, j in itertools.pairwise(ends)]

    def tiles(self, start: int, stop: int) -> Iterator[tuple[int, np.ndarray]]:
        """Yield the first row of each tile and its cosines in float32, (B, rows of it); the array is used again."""
        step = min(self.matrix.tile, max(1, _SCORES // len(self.units)))
        room = np.empty(len(self.units) * min(step, stop - start), np.float32)
        for first in range(start, stop, step):
            last = min(stop, first + step)
            scores = room[: len(self.units) * (last - first)].reshape(len(self.units), last - first)
            norms = self.norms[first:last]
            is_plain = (norms >= _SHORT) & (norms <= _LONG)
            weights = np.divide(1.0, norms, out=np.zeros(len(norms)), where=is_plain).astype(np.float32)
            tile = self.matrix.stretch(first, last)
            with np.errstate(over="ignore", invalid="ignore", under="ignore"):  # of odd rows, replaced below
                np.matmul(self.units, tile.T, out=scores)
                scores *= weights
            odd = np.flatnonzero(~is_plain & (norms > 0) & np.isfinite(norms))
            for place in range(len(scores) if len(odd) else 0):
                scores[place, odd] = cosines(tile[odd], self.queries[place : place + 1])
            scores[:, ~np.isfinite(norms)] = -np.inf  # of files that were not checked: such rows are near to nothing
            out = slice(*np.searchsorted(self.out_rows, [first, last]))
            scores[self.out_places[out], self.out_rows[out] - first] = -np.inf
            yield first, scores

    def _least_of(self, scores: np.ndarray, least: np.ndarray) -> np.ndarray:
        """Return what a score must have, from part of the first tile: its `count`th best, less the margin."""
        part = scores[:, : max(1024, 8 * self.count)]
        if self.count >= part.shape[1]:
            return least
        last = np.partition(part, part.shape[1] - self.count, axis=1)[:, part.shape[1] - self.count]
        return np.maximum(least, last - self.margin)

    def _cut(self, candidates: _Candidates, least: np.ndarray) -> tuple[_Candidates, np.ndarray]:
        """Keep what may still be among the best; return it and what a score must have from now on."""
        order = np.lexsort((-candidates.scores, candidates.places))
        starts = np.searchsorted(candidates.places[order], np.arange(len(least) + 1))
        full = np.flatnonzero(np.diff(starts) >= self.count)
        least = least.copy()
        last = candidates.scores[order[starts[full] + self.count - 1]]
        least[full] = np.maximum(least[full], last - self.margin)
        return candidates.chosen(candidates.scores >= least[candidates.places]), least

    def _settled(self, candidates: _Candidates, least: np.ndarray) -> tuple[_Candidates, np.ndarray]:
        """Keep the best by their cosines in float64: of rows seen later, none that is only as good can replace them."""
        chosen, values = self._exact_best(candidates)
        held = _Candidates(chosen.places, chosen.rows, values.astype(np.float32))
        return self._cut(held, least)

    def _exact_best(self, candidates: _Candidates) -> tuple[_Candidates, np.ndarray]:
        """Return the best of each query, in the order of queries, cosines and rows; and the cosines in float64."""
        values = np.empty(len(candidates))
        for start, stop in _stretches(0, len(candidates), self.matrix.shape[1]):
            rows = self.matrix.rows(candidates.rows[start:stop])
            values[start:stop] = cosines(rows, self.queries[candidates.places[start:stop]])
        order = np.lexsort((candidates.rows, -values, candidates.places))
        places = candidates.places[order]
        rank = np.arange(len(order)) - np.searchsorted(places, places)
        order = order[rank < self.count]
        return candidates.chosen(order), values[order]


def margin_of(dimensions: int) -> np.float32:
    """Bound the rounding of a float32 cosine in D dimensions, twice: of the last one in, of the first one out."""
    return np.float32(2 * (dimensions + 8) * float(np.finfo(np.float32).eps))


def _at_least(scores: np.ndarray, least: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Find the scores (B, N) that are at least (B,): their places and columns."""
    found = np.flatnonzero(scores >= least[:, np.newaxis])
    return np.divmod(found, scores.shape[1])


def _squares(block: np.ndarray) -> np.ndarray:
    """Sum the squares of each row of a float64 block (N, D), whose layout decides the order of the sums: (N,)."""
    return (block * block).sum(axis=1)


def _scaled(queries: np.ndarray) -> np.ndarray:
    """Scale each float64 query (N, D) by a power of two, to a greatest entry in [½, 1): no digit changes."""
    greatest = np.abs(queries).max(axis=1, keepdims=True, initial=0)
    return np.ldexp(queries, -np.frexp(greatest)[1])


def _stretches(start: int, stop: int, columns: int) -> Iterator[tuple[int, int]]:
    """Cut rows into stretches that hold few cells."""
    step = max(1, _CELLS // max(1, columns))
    for first in range(start, stop, step):
        yield first, min(first + step, stop)


def row_parts(rows: int, threads: int) -> list[tuple[int, int]]:
    """Cut rows into one part for each thread, or fewer.

    >>> row_parts(10, 3)
    [(0, 3), (3, 6), (6, 10)]
    """
    return list(_even(rows, max(1, -(-rows // threads)), 1))


def _even(number: int, most: int, threads: int) -> Iterator[tuple[int, int]]:
    """Cut a number of things into parts of nearly the same size, at most `most`, a multiple of `threads` if many."""
    parts = -(-number // most)
    parts = -(-parts // threads) * threads if parts > 1 else parts
    ends = [number * part // parts for part in range(parts + 1)] if parts else [0]
    for start, stop in itertools.pairwise(ends):
        if start < stop:
            yield start, stop
