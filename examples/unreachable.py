"""Corpora whose best possible loss no model of a given shape can have, and what descent reaches instead.

    python examples/unreachable.py

Each corpus says with certainty which word stands beside which, so the counts alone would allow a loss of 0, the
conditional entropy. Three reasons why a softmax model stays away from it:

- One dimension puts the context words in a line, and a centre can only ask for more or for less. The k-th of V from
  an end shares its probability with k − 1 others: the floor is Σ_k log min(k, V + 1 − k) over the V centres.
- Two words, one number each for centre and context: with u = (−s, s), v = (s, −s) the loss is log(1 + e^{−2s²}), which
  falls to 0 as s grows and never gets there. It is approached, not attained.
- The same two words with one vector for both roles: each word resembles itself most. The two losses are softplus(z₁)
  and softplus(z₂) with z₁ + z₂ = |w_a − w_b|² ≥ 0, so their mean is at least log 2, in any dimension.

Every run is L-BFGS on the exact loss and its exact gradient, from a random start.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from firth.objectives import Softmax, conditional_entropy, matrix_gradient

STARTS = 10


@dataclass(frozen=True)
class Corpus:
    """Sentences of two words, a model for them, and its floor.

    Attributes:
        sentences: words are letters.
        dimensions: D.
        shared: whether a word has one vector for both of its roles.
        floor: infimum of the loss over all such models, in nats per pair.
    """

    sentences: tuple[str, ...]
    dimensions: int
    shared: bool
    floor: float

    @property
    def seen(self) -> np.ndarray:
        """N⁺ (V, V): how often a word stands in the window of another."""
        words = sorted(set("".join(self.sentences)))
        counts = np.zeros((len(words), len(words)))
        for sentence in self.sentences:
            first, second = map(words.index, sentence)
            counts[first, second] += 1
            counts[second, first] += 1
        return counts

    def loss(self, parameters: np.ndarray) -> tuple[float, np.ndarray]:
        """Loss in nats per pair, and its gradient, of vectors that lie in a row, (V·D,) or (2·V·D,)."""
        vectors = parameters.reshape(1 if self.shared else 2, -1, self.dimensions)
        center, context = vectors[0], vectors[-1]
        scores = center @ context.T
        slope = Softmax().gradient(scores, self.seen)
        by_center, by_context = matrix_gradient(slope, center, context)
        gradient = by_center + by_context if self.shared else np.stack([by_center, by_context])
        return Softmax().value(scores, self.seen), gradient.ravel()

    def descend(self, seed: int) -> float:
        """Loss in nats per pair where descent from a random start ends."""
        size = (1 if self.shared else 2) * len(self.seen) * self.dimensions
        start = np.random.default_rng(seed).normal(size=size)
        limits = {"ftol": 0, "gtol": 1e-12, "maxiter": 2000, "maxfun": 10_000}
        return float(minimize(self.loss, start, jac=True, method="L-BFGS-B", options=limits).fun)


def different_contexts(*sentences: str) -> Corpus:
    """V words that all have another context word and only that one, in one dimension."""
    words = len(set("".join(sentences)))
    floor = sum(math.log(min(k, words + 1 - k)) for k in range(1, words + 1)) / words
    return Corpus(sentences, 1, shared=False, floor=floor)


def one_number_each() -> Corpus:
    """Two words, a number each as centre and as context: approached, never attained."""
    return Corpus(("ab",), 1, shared=False, floor=0.0)


def one_vector_each(dimensions: int) -> Corpus:
    """Two words, one vector each for both roles: log 2 in every dimension."""
    return Corpus(("ab",), dimensions, shared=True, floor=math.log(2))


def corpora() -> Iterator[Corpus]:
    """All that are shown."""
    yield different_contexts("aa", "bb", "cc")
    yield different_contexts("ab", "cd")
    yield different_contexts("aa", "bb", "cc", "dd", "ee")
    yield one_number_each()
    yield from map(one_vector_each, (1, 2, 10))


def main() -> None:
    """Print a line for each corpus."""
    print(f"Nats per pair; descent from {STARTS} starts\n")
    print(f"{'sentences':16}{'vectors':12}{'D':>3}{'entropy':>10}{'floor':>10}{'best':>12}{'worst':>12}")
    for corpus in corpora():
        reached = [corpus.descend(seed) for seed in range(STARTS)]
        name, vectors = " ".join(corpus.sentences), "shared" if corpus.shared else "separate"
        entropy = conditional_entropy(corpus.seen)
        print(f"{name:16}{vectors:12}{corpus.dimensions:3}{entropy:10.6f}{corpus.floor:10.6f}", end="")
        print(
            f"{min(reached):12.3g}{max(reached):12.3g}"
            if not corpus.floor
            else f"{min(reached):12.6f}{max(reached):12.6f}"
        )


if __name__ == "__main__":
    main()
