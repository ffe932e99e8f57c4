"""Small vectors with subwords, of numbers that say nothing: for tests of what holds for any."""

import numpy as np

from firth.text.subwords import Subwords, SubwordTable
from firth.vectors import SubwordVectors, Vectors

WORDS = ["where", "here", "there", "שלום", "naïve", "a\rb", "x\u2028", "nul\0", "</s>", "é"]


def small_vectors(words=WORDS, *, buckets=1_000_000, seed=0, dimensions=5, **settings):
    """Vectors of words and of n-grams, drawn at random, put together as training would."""
    random = np.random.default_rng(seed)
    table = SubwordTable.of(words, Subwords(buckets=buckets, **settings))
    word_matrix = random.standard_normal((len(words), dimensions)).astype(np.float32)
    ngram_matrix = random.standard_normal((table.ngrams, dimensions)).astype(np.float32)
    subwords = SubwordVectors(table.settings, word_matrix=word_matrix, ngram_matrix=ngram_matrix, keys=table.keys)
    return Vectors(words, table.compose(word_matrix, ngram_matrix), subwords=subwords)
