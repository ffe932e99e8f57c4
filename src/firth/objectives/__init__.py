"""The objectives in float64, slow and true: the oracle of every kernel and the yardstick of every result.

| | of a pair | of a window | from counts | infimum from counts |
|---|---|---|---|---|
| full softmax | `softmax_loss` | `window_loss` | `Softmax` | `conditional_entropy` |
| negative sampling | `sampling_loss` | `window_loss` | `Sampling`, `corpus_loss` | `lowest_corpus_loss` |
| GloVe | `glove_loss` | | `Glove` | 0 |
| factorisation of shifted PMI | | | `ShiftedPmi` | 0, `ShiftedPmi.factorization` |

Each `…_loss` has a `…_gradient`; what is made from counts is an `Objective`: `value`, `gradient` and `optimum` as
functions of the scores X = V Uᵀ, from which `matrix_gradient` goes on to the vectors.

Modules in the order of their imports: logistic, counts, objective, softmax, sampling, glove, shifted_pmi, window,
reachability, checking.
"""

from firth.objectives.checking import check_gradient
from firth.objectives.counts import conditional_entropy, unigram_loss
from firth.objectives.glove import Glove, glove_gradient, glove_loss, glove_weights
from firth.objectives.objective import Objective, bias_gradient, matrix_gradient
from firth.objectives.reachability import Reach, reachable_dimension
from firth.objectives.sampling import (
    Sampling,
    corpus_loss,
    corpus_score_gradient,
    expected_noise,
    lowest_corpus_loss,
    optimal_scores,
    sampling_gradient,
    sampling_loss,
    sampling_reading,
)
from firth.objectives.shifted_pmi import ShiftedPmi, positive_pmi, shifted_pmi
from firth.objectives.softmax import (
    Softmax,
    log_softmax,
    mean_divergence,
    softmax,
    softmax_gradient,
    softmax_loss,
)
from firth.objectives.window import window_gradient, window_loss

__all__ = [
    "Glove",
    "Objective",
    "Reach",
    "Sampling",
    "ShiftedPmi",
    "Softmax",
    "bias_gradient",
    "check_gradient",
    "conditional_entropy",
    "corpus_loss",
    "corpus_score_gradient",
    "expected_noise",
    "glove_gradient",
    "glove_loss",
    "glove_weights",
    "log_softmax",
    "lowest_corpus_loss",
    "matrix_gradient",
    "mean_divergence",
    "optimal_scores",
    "positive_pmi",
    "reachable_dimension",
    "sampling_gradient",
    "sampling_loss",
    "sampling_reading",
    "shifted_pmi",
    "softmax",
    "softmax_gradient",
    "softmax_loss",
    "unigram_loss",
    "window_gradient",
    "window_loss",
]
