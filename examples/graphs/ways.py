"""From walks to the vectors of nodes, two ways: streamed, or from the counts of which node is near which."""

from __future__ import annotations

from typing import Any

import firth

DIMENSIONS, WINDOW, NEGATIVES, PASSES = 128, 10, 5, 3
"""Of Cora; most papers on node classes take 128 and 10."""
L2 = 1e-4
"""Of the vectors from counts: a graph of some thousand nodes can be learnt by heart."""


def streamed(sentences: list[list[str]], **settings: Any) -> firth.Vectors:  # noqa: ANN401 - those of firth.train
    """Train on walks as on any text: skip-gram with negative sampling, no node dropped as too frequent or too rare."""
    defaults = {"dimensions": DIMENSIONS, "window": WINDOW, "negatives": NEGATIVES, "passes": PASSES}
    return firth.train(sentences, **{"min_count": 1, "subsample": 0, **defaults, **settings})


def from_counts(
    sentences: list[list[str]], *, l2: float = L2, threads: int | None = None, seed: int = 1
) -> firth.Vectors:
    """Count the pairs of nodes within a window of each other, and fit the full softmax to the counts.

    How long or how many the walks are matters to the counting alone, which takes hardly any of the time.
    """
    counts = firth.count(sentences, window=WINDOW, min_count=1, subsample=0, threads=threads)
    return firth.fit(counts, objective="softmax", dimensions=DIMENSIONS, l2=l2, threads=threads, seed=seed)
