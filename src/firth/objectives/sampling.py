"""Negative sampling: the loss of a pair and of a whole corpus, with gradients and optimum, in float64.

Of one pair (centre c, context o) with K noise words:

    J = −log σ(u_o·v_c) − Σ_k log σ(−u_k·v_c)

Of a corpus, with N⁺(c, o) how often o is seen in the window of c and N⁻(c, o) how often it is drawn as noise for c
(both in expectation), as a function of the scores x_co = u_o·v_c:

    L = Σ_co N⁺ softplus(−x) + N⁻ softplus(x)

Mikolov et al. 2013, eq. 4 · Levy & Goldberg 2014, §3.1.
"""

from __future__ import annotations

import numpy as np

from firth.errors import check_shape
from firth.objectives.logistic import sigmoid, softplus


def sampling_loss(center: np.ndarray, context: np.ndarray, noise: np.ndarray) -> float:
    """Negative-sampling loss of one pair, in nats.

        J = −log σ(v·u) − Σ_k log σ(−v·n_k)

    v = center (D,), u = context (D,), n_k = noise[k] (K, D). Finite for any score.
    Convention: the sum over K is not averaged (word2vec.c; PyTorch examples often divide by K), and no score is
    clipped (gensim leaves pairs beyond ±6 without gradient).

    Args:
        center: vector of the centre word, (D,).
        context: vector of the word seen beside it, (D,).
        noise: vectors of the K words drawn as noise, (K, D).

    Returns:
        Nats, ≥ 0; (K + 1)·log 2 when every vector is zero.

    Raises:
        ShapeError: if the three do not share D.

    >>> sampling_loss(np.zeros(4), np.zeros(4), np.zeros((5, 4)))     # (5 + 1)·log 2
    4.1588830833596715

    Gradient: `sampling_gradient`.
    """
    center, context, noise = _checked(center, context, noise)
    return float(softplus(-(context @ center)) + softplus(noise @ center).sum())


def sampling_gradient(
    center: np.ndarray, context: np.ndarray, noise: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Gradient of `sampling_loss` by its three arguments.

        ∂J/∂v   = −σ(−v·u) u + Σ_k σ(v·n_k) n_k
        ∂J/∂u   = −σ(−v·u) v
        ∂J/∂n_k =  σ(v·n_k) v

    A word drawn m times stands in m rows of `noise`; its gradient is the sum of theirs.

    Args:
        center: vector of the centre word, (D,).
        context: vector of the word seen beside it, (D,).
        noise: vectors of the K words drawn as noise, (K, D).

    Returns:
        Gradients by center (D,), context (D,) and noise (K, D).

    Raises:
        ShapeError: if the three do not share D.

    >>> by_center, by_context, by_noise = sampling_gradient(np.ones(1), np.zeros(1), np.zeros((2, 1)))
    >>> by_context.tolist(), by_noise.tolist()
    ([-0.5], [[0.5], [0.5]])
    """
    center, context, noise = _checked(center, context, noise)
    missing = sigmoid(-(context @ center))
    drawn = sigmoid(noise @ center)
    return -missing * context + drawn @ noise, -missing * center, np.outer(drawn, center)


def corpus_loss(scores: np.ndarray, seen: np.ndarray, drawn: np.ndarray) -> float:
    """Negative-sampling loss of a corpus, in nats, from its counts.

    Args:
        scores: x_co = u_o·v_c, (V, V), a row for each centre.
        seen: N⁺, how often o is seen in the window of c, (V, V).
        drawn: N⁻, how often o is drawn as noise for c, (V, V).

    Raises:
        ShapeError: if the three differ in shape.

    >>> corpus_loss(np.zeros((1, 1)), np.array([[1.0]]), np.array([[5.0]]))
    4.1588830833596715
    """
    _check_counts(scores, seen, drawn)
    return float((seen * softplus(-scores) + drawn * softplus(scores)).sum())


def corpus_score_gradient(scores: np.ndarray, seen: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """Gradient of `corpus_loss` by the scores, (V, V): G = N⁻ σ(x) − N⁺ σ(−x).

    By the matrices: dV = G U, dU = Gᵀ V.

    Args:
        scores: x_co, (V, V).
        seen: N⁺, (V, V).
        drawn: N⁻, (V, V).

    Raises:
        ShapeError: if the three differ in shape.

    >>> corpus_score_gradient(np.zeros((1, 1)), np.array([[1.0]]), np.array([[5.0]]))
    array([[2.]])
    """
    _check_counts(scores, seen, drawn)
    return drawn * sigmoid(scores) - seen * sigmoid(-scores)


def optimal_scores(seen: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """Scores that minimise `corpus_loss` if each is free: x* = log(N⁺/N⁻), (V, V).

    −∞ where nothing was seen, +∞ where nothing was drawn, 0 where neither.

    >>> optimal_scores(np.array([[1.0]]), np.array([[1.0]]))
    array([[0.]])
    """
    _check_counts(seen, seen, drawn)
    with np.errstate(divide="ignore"):
        free = (seen == 0) & (drawn == 0)
        return np.log(np.where(free, 1.0, seen)) - np.log(np.where(free, 1.0, drawn))


def lowest_corpus_loss(seen: np.ndarray, drawn: np.ndarray) -> float:
    """Lowest value of `corpus_loss` over all scores, in nats.

        L* = Σ N⁺ log((N⁺ + N⁻)/N⁺) + N⁻ log((N⁺ + N⁻)/N⁻)          cells with N⁺ = 0 or N⁻ = 0 contribute 0

    An infimum, attained only if every N⁺ and N⁻ is positive.

    >>> lowest_corpus_loss(np.array([[1.0]]), np.array([[1.0]]))      # 2 log 2
    1.3862943611198906
    """
    _check_counts(seen, seen, drawn)
    both = (seen > 0) & (drawn > 0)
    plus, minus = seen[both].astype(np.float64), drawn[both].astype(np.float64)
    return float((plus * np.log((plus + minus) / plus) + minus * np.log((plus + minus) / minus)).sum())


def _checked(center: np.ndarray, context: np.ndarray, noise: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the three in float64 if they share D."""
    center, context, noise = (np.asarray(array, dtype=np.float64) for array in (center, context, noise))
    check_shape("center", center, (None,))
    check_shape("context", context, (len(center),))
    check_shape("noise", noise, (None, len(center)))
    return center, context, noise


def _check_counts(scores: np.ndarray, seen: np.ndarray, drawn: np.ndarray) -> None:
    """Check that the three are matrices of one shape."""
    check_shape("scores", scores, (None, None))
    check_shape("seen", seen, scores.shape)
    check_shape("drawn", drawn, scores.shape)
