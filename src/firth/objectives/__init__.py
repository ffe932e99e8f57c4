"""The objectives in float64, slow and true: the oracle of every kernel and the yardstick of every result.

| | of a pair | of a window | from counts | infimum from counts |
|---|---|---|---|---|
| full softmax | `softmax_loss` | `window_loss` | `Softmax` | `conditional_entropy` |
| negative sampling | `sampling_loss` | `window_loss` | `Sampling`, `corpus_loss` | `lowest_corpus_loss` |
| hierarchical softmax | `hierarchical_loss` | | `Hierarchical` | `conditional_entropy` |
| GloVe | `glove_loss` | | `Glove` | 0 |
| factorisation of shifted PMI | | | `ShiftedPmi` | 0, `ShiftedPmi.factorization` |

Each `…_loss` has a `…_gradient`; what is made from counts is an `Objective`: `value`, `gradient` and `optimum` as
functions of the scores X = V Uᵀ, from which `matrix_gradient` goes on to the vectors. What predicts a word may be more
than one row, as in CBOW, subwords and documents: `bag_loss` has the first three for bags of rows, example by example,
as such a loss is no function of pair counts.

Modules in the order of their imports: logistic, counts, objective, softmax, sampling, glove, shifted_pmi, window,
huffman, hierarchical, bags, reachability, checking.
"""

from firth.objectives.bags import Example, bag_gradient, bag_loss
from firth.objectives.checking import check_gradient
from firth.objectives.counts import conditional_entropy, unigram_loss
from firth.objectives.glove import Glove, glove_gradient, glove_loss, glove_weights
from firth.objectives.hierarchical import (
    Hierarchical,
    branch_counts,
    hierarchical_gradient,
    hierarchical_loss,
    hierarchical_reading,
)
from firth.objectives.huffman import HuffmanTree
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
    "Example",
    "Glove",
    "Hierarchical",
    "HuffmanTree",
    "Objective",
    "Reach",
    "Sampling",
    "ShiftedPmi",
    "Softmax",
    "bag_gradient",
    "bag_loss",
    "bias_gradient",
    "branch_counts",
    "check_gradient",
    "conditional_entropy",
    "corpus_loss",
    "corpus_score_gradient",
    "expected_noise",
    "glove_gradient",
    "glove_loss",
    "glove_weights",
    "hierarchical_gradient",
    "hierarchical_loss",
    "hierarchical_reading",
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
