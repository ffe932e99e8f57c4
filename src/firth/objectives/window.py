"""A window: the loss of one centre with all of its context words, and its gradient by both whole matrices."""

from __future__ import annotations

import numpy as np

from firth.errors import check_integer, check_shape
from firth.objectives.counts import check_ids, check_numbers
from firth.objectives.sampling import sampling_gradient, sampling_loss
from firth.objectives.softmax import softmax_gradient, softmax_loss


def window_loss(
    center_matrix: np.ndarray,
    context_matrix: np.ndarray,
    *,
    center_id: int,
    context_ids: np.ndarray,
    noise_ids: np.ndarray | None = None,
) -> float:
    """Skip-gram loss of one window, in nats: the sum of its pairs'.

        J_window = Σ_j J(v_c, o_j)

    v_c = center_matrix[center_id] (D,), o_j = context_ids[j] (n,); J is `softmax_loss` over all of context_matrix, or,
    where noise_ids (n, K) says which words each pair has drawn, `sampling_loss`. Float64, also for float32 input.
    Convention: a sum, not a mean over the window (fastText's CBOW and many tutorials take means). The order of the
    context words changes nothing; a word that stands in the window twice counts twice. Noise words are taken as they
    are given: a collision rule has been applied before, and "skip" is a pair of its own with fewer words.

    Args:
        center_matrix: a row for each centre word, (V, D).
        context_matrix: a row for each context word, (V, D).
        center_id: the centre word c.
        context_ids: the words of its window, (n,), n ≥ 0.
        noise_ids: the K words drawn for each of them, (n, K); None for the full softmax.

    Returns:
        Nats, ≥ 0; 0 for an empty window.

    Raises:
        ShapeError: if the matrices do not share D, or noise and context words do not share n.
        SettingsError: if an id is no row of its matrix.

    >>> center_matrix, context_matrix = np.zeros((3, 2)), np.zeros((4, 2))
    >>> window_loss(center_matrix, context_matrix, center_id=0, context_ids=[1, 1, 2])     # 3 log 4
    4.1588830833596715
    >>> noise_ids = [[0, 1, 1, 2, 3]]     # 6 log 2
    >>> window_loss(center_matrix, context_matrix, center_id=0, context_ids=[3], noise_ids=noise_ids)
    4.1588830833596715

    Gradient: `window_gradient`.
    """
    center, context, context_ids, noise_ids = _check_window(
        center_matrix, context_matrix, center_id, context_ids, noise_ids
    )
    if noise_ids is None:
        return sum((softmax_loss(center[center_id], word, context) for word in context_ids), 0.0)
    pairs = zip(context_ids, noise_ids, strict=True)
    return sum((sampling_loss(center[center_id], context[word], context[noise]) for word, noise in pairs), 0.0)


def window_gradient(
    center_matrix: np.ndarray,
    context_matrix: np.ndarray,
    *,
    center_id: int,
    context_ids: np.ndarray,
    noise_ids: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Gradient of `window_loss` by both matrices.

        ∂/∂v_c = Σ_j ∂J/∂v_c(o_j)          ∂/∂v_w = 0 for w ≠ c          ∂/∂U = Σ_j ∂J/∂U(o_j)

    v_c = center_matrix[center_id] (D,), U = context_matrix (V, D), o_j = context_ids[j] (n,). Float64, also for float32
    input. What a word gets as context word and as noise word, once or m times, adds up.

    Args:
        center_matrix: a row for each centre word, (V, D).
        context_matrix: a row for each context word, (V, D).
        center_id: the centre word c.
        context_ids: the words of its window, (n,), n ≥ 0.
        noise_ids: the K words drawn for each of them, (n, K); None for the full softmax.

    Returns:
        Gradients by the centre matrix (V, D), 0 outside row c, and by the context matrix (V, D).

    Raises:
        ShapeError: if the matrices do not share D, or noise and context words do not share n.
        SettingsError: if an id is no row of its matrix.

    >>> by_center, by_context = window_gradient(
    ...     np.ones((2, 1)), np.zeros((2, 1)), center_id=0, context_ids=[0, 0], noise_ids=[[1], [1]]
    ... )
    >>> by_center.tolist(), by_context.tolist()     # −2 σ(0) for the word, 2 σ(0) for the noise
    ([[0.0], [0.0]], [[-1.0], [1.0]])
    """
    center, context, context_ids, noise_ids = _check_window(
        center_matrix, context_matrix, center_id, context_ids, noise_ids
    )
    by_center, by_context = np.zeros_like(center), np.zeros_like(context)
    for place, word in enumerate(context_ids):
        if noise_ids is None:
            of_center, of_matrix = softmax_gradient(center[center_id], word, context)
            by_context += of_matrix
        else:
            noise = noise_ids[place]
            of_center, of_word, of_noise = sampling_gradient(center[center_id], context[word], context[noise])
            by_context[word] += of_word
            np.add.at(by_context, noise, of_noise)
        by_center[center_id] += of_center
    return by_center, by_context


def _check_window(
    center_matrix: np.ndarray,
    context_matrix: np.ndarray,
    center_id: int,
    context_ids: np.ndarray,
    noise_ids: np.ndarray | None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray | None]:
    """Return matrices in float64 and ids in int64, if they fit together."""
    center = check_shape("center_matrix", check_numbers("center_matrix", center_matrix), (None, None))
    context = check_numbers("context_matrix", context_matrix)
    check_shape("context_matrix", context, (None, center.shape[1]))
    check_integer("center_id", center_id, 0, len(center) - 1)
    contexts = check_ids("context_ids", context_ids, (None,), len(context), "context matrix")
    if noise_ids is None:
        return center, context, contexts, None
    noise = check_ids("noise_ids", noise_ids, (len(contexts), None), len(context), "context matrix")
    return center, context, contexts, noise
