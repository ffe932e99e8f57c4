"""Counts with any cells, as if a text had been counted, and vectors with the scores one wants."""

import numpy as np

from firth.observations import Observations
from firth.observations.counts import Counts
from firth.observations.record import Record
from firth.observations.transposing import Rows
from firth.text import Vocabulary
from firth.vectors import Vectors


def words_of(size):
    """`size` words, as they are named here."""
    return [f"w{number}" for number in range(size)]


def counts_of(cells, *, words=None, occurrences=None, **observations):
    """Counts with these cells, (V, V), symmetric whole numbers; the text is as if each pair were a sentence."""
    cells = np.asarray(cells).astype(np.uint64)
    assert (cells == cells.T).all()
    rows, contexts = np.nonzero(cells)
    starts = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=len(cells)))]).astype(np.int64)
    occurrences = cells.sum(axis=1) // 2 + 1 if occurrences is None else np.asarray(occurrences)
    words = words_of(len(cells)) if words is None else words
    total = int(occurrences.sum())
    return Counts(
        Vocabulary(words, np.asarray(occurrences, np.int64)),
        occurrences,
        Observations(**{"window": 1, "window_weights": "fixed", "subsample": 0, **observations}),
        Rows(starts, contexts.astype(np.int32), cells[rows, contexts]),
        Record(tokens=total, reference_total=total, is_exact=True, has_own_words=True),
    )


def random_counts(size, *, seed=0, density=1.0, scale=20.0, **settings):
    """Symmetric counts at random; with density 1 every pair is seen."""
    rng = np.random.default_rng(seed)
    cells = rng.geometric(1 / scale, (size, size)) * (rng.random((size, size)) < density)
    return counts_of(np.triu(cells) + np.triu(cells, 1).T, **settings)


def random_vectors(size, dimensions=3, *, seed=1, scale=1.0, has_contexts=True, config=None):
    """Vectors at random, with or without contexts."""
    center, context = np.random.default_rng(seed).normal(0, scale, (2, size, dimensions)).astype(np.float32)
    return Vectors(words_of(size), center, context_matrix=context if has_contexts else None, config=config)


def scores_of(vectors):
    """X = V Uᵀ in float64."""
    return vectors.matrix.astype(np.float64) @ vectors.context_matrix.astype(np.float64).T


def texts_of_topics(sentences=600, *, seed=0):
    """Token lists about one of four topics: each has eight words of its own; the most frequent words are common."""
    rng = np.random.default_rng(seed)

    def word(topic):
        is_common = rng.random() < 0.7
        return f"common{int(rng.zipf(1.6)) % 40}" if is_common else f"topic{topic}word{int(rng.zipf(1.5)) % 8}"

    return [[word(topic) for _ in range(8)] for topic in rng.integers(0, 4, sentences)]
