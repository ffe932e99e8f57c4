"""What a corpus lets a model see: which words are kept, which pairs they form, which words serve as noise.

    counts = count_pairs(corpus, Observations(window=5))          firth.observations.pairs
    counts.expectation("company", "keeps"), counts.conditional_entropy()

Modules in the order of their imports: settings, noise, windows, cells, accumulating, gathering, rows, transposing,
counting, combining, measuring, record, saving, merging, counts, pairs.
"""

from firth.observations.settings import Observations

__all__ = ["Observations"]
