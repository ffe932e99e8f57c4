"""The objectives in float64, slow and true: the oracle of every kernel and the yardstick of every result.

Modules in the order of their imports: logistic, sampling, checking.
"""

from firth.objectives.checking import check_gradient
from firth.objectives.sampling import (
    corpus_loss,
    corpus_score_gradient,
    lowest_corpus_loss,
    optimal_scores,
    sampling_gradient,
    sampling_loss,
)

__all__ = [
    "check_gradient",
    "corpus_loss",
    "corpus_score_gradient",
    "lowest_corpus_loss",
    "optimal_scores",
    "sampling_gradient",
    "sampling_loss",
]
