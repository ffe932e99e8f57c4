"""Negative sampling: the loss of a pair and of a whole corpus, with gradients and optimum, in float64.

Of one pair (centre c, context o) with K noise words:

    J = −log σ(u_o·v_c) − Σ_k log σ(−u_k·v_c)

Of a corpus, with N⁺(c, o) how often o is seen in the window of c and N⁻(c, o) how often it is drawn as noise for c,
as a function of the scores x_co = u_o·v_c:

    L = Σ_co N⁺ softplus(−x) + N⁻ softplus(x)

The functions named `corpus_…` take any N⁻, such as that of one draw; `Sampling` is L/T with the N⁻ that follows from N⁺
in expectation.

Mikolov et al. 2013 (arXiv:1310.4546), eq. 4 · Levy & Goldberg 2014, §3.1.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from firth.errors import SettingsError, check_choice, check_integer, check_shape, sentence
from firth.objectives.counts import check_counts, check_numbers, check_scores, pair_total, weighted_sum
from firth.objectives.logistic import sigmoid, softplus
from firth.objectives.softmax import log_softmax

COLLISIONS = ("allow", "skip", "resample")


def sampling_loss(center: np.ndarray, context: np.ndarray, noise: np.ndarray) -> float:
    """Negative-sampling loss of one pair, in nats.

        J = −log σ(v·u) − Σ_k log σ(−v·n_k)

    v = center (D,), u = context (D,), n_k = noise[k] (K, D). Float64, also for float32 input; finite for any score.
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

    Gradient: `sampling_gradient`. From counts: `Sampling`.
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

        L = Σ_co N⁺ softplus(−x) + N⁻ softplus(x)

    x = scores, N⁺ = seen, N⁻ = drawn (V, V). A sum over pairs, not a mean. Float64, also for float32 input. Convex in
    each score; a score may be ±∞ where its count is 0.

    Args:
        scores: x_co = u_o·v_c, (V, V), a row for each centre.
        seen: N⁺, how often o is seen in the window of c, (V, V).
        drawn: N⁻, how often o is drawn as noise for c, (V, V).

    Returns:
        Nats, ≥ `lowest_corpus_loss`.

    Raises:
        ShapeError: if the three differ in shape.
        SettingsError: if a score is NaN, or a count negative or not finite.

    >>> corpus_loss(np.zeros((1, 1)), np.array([[1.0]]), np.array([[5.0]]))     # 6 log 2
    4.1588830833596715
    """
    scores, seen, drawn = _check_corpus(scores, seen, drawn)
    return weighted_sum(seen, softplus(-scores)) + weighted_sum(drawn, softplus(scores))


def corpus_score_gradient(scores: np.ndarray, seen: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """Gradient of `corpus_loss` by the scores.

        G = N⁻ σ(x) − N⁺ σ(−x)

    x = scores, N⁺ = seen, N⁻ = drawn (V, V). Float64, also for float32 input. By the matrices: `matrix_gradient`.

    Args:
        scores: x_co, (V, V).
        seen: N⁺, (V, V).
        drawn: N⁻, (V, V).

    Returns:
        G, (V, V).

    Raises:
        ShapeError: if the three differ in shape.
        SettingsError: if a score is NaN, or a count negative or not finite.

    >>> corpus_score_gradient(np.zeros((1, 1)), np.array([[1.0]]), np.array([[5.0]]))
    array([[2.]])
    """
    scores, seen, drawn = _check_corpus(scores, seen, drawn)
    return drawn * sigmoid(scores) - seen * sigmoid(-scores)


def optimal_scores(seen: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """Scores that minimise `corpus_loss` if each is free.

        x* = log(N⁺/N⁻)

    N⁺ = seen, N⁻ = drawn (V, V). −∞ where nothing was seen, +∞ where nothing was drawn, 0 where neither.

    Args:
        seen: N⁺, (V, V).
        drawn: N⁻, (V, V).

    Returns:
        x*, (V, V).

    Raises:
        ShapeError: if the two differ in shape.
        SettingsError: if a count is negative or not finite.

    >>> optimal_scores(np.array([[1.0, 0.0]]), np.array([[1.0, 5.0]]))
    array([[  0., -inf]])
    """
    seen = check_counts("seen", seen)
    drawn = check_counts("drawn", drawn, seen.shape)
    free = (seen == 0) & (drawn == 0)
    with np.errstate(divide="ignore"):
        return np.log(np.where(free, 1.0, seen)) - np.log(np.where(free, 1.0, drawn))


def lowest_corpus_loss(seen: np.ndarray, drawn: np.ndarray) -> float:
    """Lowest value of `corpus_loss` over all scores, in nats.

        L* = Σ N⁺ log((N⁺ + N⁻)/N⁺) + N⁻ log((N⁺ + N⁻)/N⁻)          cells with N⁺ = 0 or N⁻ = 0 contribute 0

    N⁺ = seen, N⁻ = drawn (V, V). Attained only if no cell has one of the two without the other; else an infimum.

    Args:
        seen: N⁺, (V, V).
        drawn: N⁻, (V, V).

    Returns:
        Nats, ≥ 0.

    Raises:
        ShapeError: if the two differ in shape.
        SettingsError: if a count is negative or not finite.

    >>> lowest_corpus_loss(np.array([[1.0]]), np.array([[1.0]]))      # 2 log 2
    1.3862943611198906
    """
    seen = check_counts("seen", seen)
    drawn = check_counts("drawn", drawn, seen.shape)
    both = (seen > 0) & (drawn > 0)
    plus, minus = seen[both], drawn[both]
    return float((plus * np.log1p(minus / plus) + minus * np.log1p(plus / minus)).sum())


def expected_noise(seen: np.ndarray, noise: np.ndarray, *, negatives: int, collisions: str = "allow") -> np.ndarray:
    """How often each word is drawn as noise for each centre, in expectation, if each pair draws K words.

        allow       N⁻ = K q(o) N(c)
        skip        N⁻ = K q(o) (N(c) − N⁺(c,o))
        resample    N⁻ = K q(o) (S(c) − N⁺(c,o)/(1 − q(o)))          S(c) = Σ_o N⁺(c,o)/(1 − q(o))

    N⁺ = seen (V, V), q = noise (V,), K = negatives, N(c) = Σ_o N⁺(c,o).
    Conventions, for a noise word that equals the pair's context word: "allow" keeps it, which is what the papers
    analyse; "skip" drops it without another draw (word2vec.c, gensim), so that fewer than K are left; "resample" draws
    again until it differs (fastText), so that there are always K. None of them minds a noise word that stands elsewhere
    in the window, or that equals the centre.

    Args:
        seen: N⁺, (V, V).
        noise: q, the probability of each word as noise, (V,), sum 1.
        negatives: K, words drawn per pair.
        collisions: "allow", "skip" or "resample".

    Returns:
        N⁻, (V, V). Its rows sum to K N(c) for "allow" and "resample", to less for "skip".

    Raises:
        ShapeError: if counts and noise do not share V.
        SettingsError: if the counts are negative, the noise is no distribution, K is no whole number ≥ 1, there is no
            such rule, or "resample" could never end: a pair's own context word is all of the noise.

    >>> seen, noise = np.array([[3.0, 1.0]]), np.array([0.5, 0.5])
    >>> for rule in ("allow", "skip", "resample"):
    ...     print(rule, expected_noise(seen, noise, negatives=2, collisions=rule))
    allow [[4. 4.]]
    skip [[1. 3.]]
    resample [[2. 6.]]
    """
    seen = check_counts("seen", seen)
    noise = check_shape("noise", _check_noise(noise), (seen.shape[1],))
    check_integer("negatives", negatives, 1)
    check_choice("collisions", collisions, COLLISIONS)
    pairs = seen
    if collisions == "resample":
        alone = (noise == 1) & (seen > 0).any(axis=0)
        if alone.any():
            came = f"noise that is always word {int(alone.argmax())}, which is seen as well"
            raise SettingsError(sentence("noise with another word to resample", came, "choose 'allow' or 'skip'"))
        pairs = seen / np.where(noise == 1, 1.0, 1 - noise)
    others = pairs.sum(axis=1, keepdims=True) - (0.0 if collisions == "allow" else pairs)
    return negatives * noise * others


@dataclass(frozen=True, eq=False)
class Sampling:
    """Negative sampling from counts: what skip-gram with K noise words minimises in expectation. Nats per pair.

        value      L/T = 1/T Σ_co N⁺ softplus(−x) + N⁻ softplus(x)
        gradient   ∂/∂X = (N⁻ σ(x) − N⁺ σ(−x))/T
        optimum    x* = log(N⁺/N⁻), with L*/T = 1/T Σ N⁺ log((N⁺ + N⁻)/N⁺) + N⁻ log((N⁺ + N⁻)/N⁻)

    N⁺ = seen (V, V), N⁻ = `expected_noise`(seen, …), X = scores (V, V), T the grand total of N⁺. Float64, also for
    float32 input.
    Convention: a mean over pairs and a sum over the K words of each, so x = 0 has (K + 1) log 2 ("skip": less). With
    "allow", x* = log(P(o|c)/q(o)) − log K: pointwise mutual information against the noise, shifted (Levy & Goldberg
    2014; their q is N(o)/T, word2vec's ∝ count^0.75). −∞ where nothing was seen; +∞ where "skip" or "resample" never
    draw the only word that a centre has; 0 for a centre without a pair.

    Args:
        noise: q, the probability of each word as noise, (V,), sum 1; `Observations.noise_distribution` gives it.
        negatives: K, words drawn per pair.
        collisions: what happens when a noise word equals the context word: "allow" it, "skip" it, "resample" it.

    Raises:
        ShapeError: if the noise is no vector.
        SettingsError: if it is no distribution, K is no whole number ≥ 1 or there is no such rule.

    >>> objective = Sampling(np.array([0.5, 0.5]), negatives=5)
    >>> objective.value(np.zeros((2, 2)), np.eye(2))     # (5 + 1) log 2
    4.1588830833596715
    >>> objective.optimum(np.ones((2, 2)))[0]     # −log 5: seen and noise alike, so PMI 0
    array([[-1.60943791, -1.60943791],
           [-1.60943791, -1.60943791]])

    What its vectors say of P(o|c): `sampling_reading`.
    """

    noise: np.ndarray
    negatives: int = field(kw_only=True)
    collisions: str = field(default="allow", kw_only=True)

    def __post_init__(self) -> None:
        noise = _check_noise(self.noise).copy()
        noise.setflags(write=False)
        object.__setattr__(self, "noise", noise)
        check_integer("negatives", self.negatives, 1)
        check_choice("collisions", self.collisions, COLLISIONS)

    def drawn(self, seen: np.ndarray) -> np.ndarray:
        """Return N⁻ (V, V), how often each word is drawn as noise in expectation: `expected_noise`."""
        return expected_noise(seen, self.noise, negatives=self.negatives, collisions=self.collisions)

    def value(self, scores: np.ndarray, seen: np.ndarray) -> float:
        """Loss of the scores (V, V) on the counts (V, V), in nats per pair."""
        seen = check_counts("seen", seen)
        return corpus_loss(scores, seen, self.drawn(seen)) / pair_total(seen)

    def gradient(self, scores: np.ndarray, seen: np.ndarray) -> np.ndarray:
        """Derivative of `value` by each score, (V, V)."""
        seen = check_counts("seen", seen)
        return corpus_score_gradient(scores, seen, self.drawn(seen)) / pair_total(seen)

    def optimum(self, seen: np.ndarray) -> tuple[np.ndarray, float]:
        """Return x* (V, V), ±∞ where it is infinite, and L*/T, in nats per pair."""
        seen = check_counts("seen", seen)
        drawn = self.drawn(seen)
        return optimal_scores(seen, drawn), lowest_corpus_loss(seen, drawn) / pair_total(seen)


def sampling_reading(scores: np.ndarray, noise: np.ndarray, *, negatives: int, collisions: str = "allow") -> np.ndarray:
    """Logarithms of the probabilities P(o|c) that vectors trained with negative sampling stand for.

        r = K q(o) e^x          allow P ∝ r          skip P ∝ r/(1 + r)          resample P ∝ r/(1 + r/(1 − q(o)))

    x = scores (V, V), q = noise (V,), K = negatives; ∝ over the context words o of each centre. At the optimum of
    `Sampling` the right sides sum to 1 by themselves and P is the empirical conditional, exactly.
    Convention: a plain softmax of the scores is another model (the noise is missing), and a far worse one. Finite for
    any finite score: everything is done in logarithms, as log P = −log(1/r + 1/m) − constant with m = ∞, 1 or 1 − q(o),
    the largest probability that a rule can express.

    Args:
        scores: x_co = u_o·v_c, (V, V), a row for each centre; ±∞ as in an optimum.
        noise: q, the probability of each word as noise, (V,), all > 0, sum 1.
        negatives: K, words drawn per pair.
        collisions: the rule of the training, "allow", "skip" or "resample".

    Returns:
        log P, (V, V): the scores of a softmax model, for `mean_divergence` and `Softmax().value`.

    Raises:
        ShapeError: if scores and noise do not share V.
        SettingsError: if a score is NaN, a row has no probability at all, the noise is no distribution of positive
            numbers (with "resample": below 1), K is no whole number ≥ 1 or there is no such rule.

    >>> np.exp(sampling_reading(np.zeros((1, 2)), np.array([0.25, 0.75]), negatives=5))     # nothing learnt: q
    array([[0.25, 0.75]])

    `Softmax(offsets=np.log(noise))` is the reading of "allow" as an objective.
    """
    scores = check_scores(scores, (None, None))
    noise = check_shape("noise", _check_noise(noise), (scores.shape[1],))
    check_integer("negatives", negatives, 1)
    check_choice("collisions", collisions, COLLISIONS)
    if not noise.all() or (collisions == "resample" and noise.max() == 1):
        wanted = "noise that can be any word" + (", and never one alone" if collisions == "resample" else "")
        raise SettingsError(sentence(wanted, f"a probability of {0 if not noise.all() else 1}", "leave that word out"))
    inverse = -(np.log(negatives * noise) + scores)
    if collisions == "allow":
        return log_softmax(-inverse)
    return log_softmax(-np.logaddexp(inverse, 0.0 if collisions == "skip" else -np.log1p(-noise)))


def _checked(center: np.ndarray, context: np.ndarray, noise: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the three in float64 if they share D."""
    center = check_shape("center", check_numbers("center", center), (None,))
    context = check_shape("context", check_numbers("context", context), (len(center),))
    return center, context, check_shape("noise", check_numbers("noise", noise), (None, len(center)))


def _check_corpus(scores: np.ndarray, seen: np.ndarray, drawn: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the three in float64 if they are matrices of one shape."""
    scores = check_scores(scores, (None, None))
    return scores, check_counts("seen", seen, scores.shape), check_counts("drawn", drawn, scores.shape)


def _check_noise(noise: np.ndarray) -> np.ndarray:
    """Return q (V,) in float64 if it is a distribution."""
    noise = check_counts("noise", noise, (None,))
    if not abs(noise.sum() - 1) <= 1e-6:  # as near as float32 comes
        raise SettingsError(sentence("noise that sums to 1", f"a sum of {noise.sum():.9g}", "divide it by its sum"))
    return noise
