"""Stochastic gradient descent: 50 windows an iteration, all scored with the vectors from its start."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from draws import Sampler, Windows
from firth.objectives.logistic import sigmoid, softplus
from recipe import Recipe
from sentences import Text

ITERATIONS_AT_ONCE = 100
"""For which windows are drawn together; the numbers do not depend on it."""


def score_windows(windows: Windows, center: np.ndarray, context: np.ndarray) -> np.ndarray:
    """Return x = u·v of each pair and of its negatives, (P, K + 1)."""
    return np.einsum("pd,pkd->pk", center[windows.centers], context[windows.contexts])


def sampling_losses(scores: np.ndarray) -> np.ndarray:
    """Return the negative-sampling loss of each pair, in nats, (P,): −log σ(x_0) − Σ_k log σ(−x_k)."""
    return softplus(-scores[:, 0]) + softplus(scores[:, 1:]).sum(axis=1)


def pair_gradients(
    windows: Windows, scores: np.ndarray, center: np.ndarray, context: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the gradients of each pair's loss by its centre vector, (P, D), and its context vectors, (P, K + 1, D).

    ∂J/∂x is σ(x) for a negative and σ(x) − 1 for the word that was seen; the rest is the chain rule on x = u·v.
    """
    slopes = sigmoid(scores)
    slopes[:, 0] -= 1.0
    by_center = np.einsum("pk,pkd->pd", slopes, context[windows.contexts])
    by_context = slopes[:, :, None] * center[windows.centers][:, None, :]
    return by_center, by_context


def add_rows(matrix: np.ndarray, ids: np.ndarray, rows: np.ndarray) -> None:
    """Add rows[i] to matrix[ids[i]], in place; a word that stands in `ids` m times gets all m rows.

    `matrix[ids] += rows` would keep only the last of them: the classical mistake of this exercise.
    """
    size = matrix.shape[1]
    flat = (ids.reshape(-1, 1) * np.int64(size) + np.arange(size)).ravel()
    np.add.at(matrix.reshape(-1), flat, rows.ravel())  # by single numbers, for which NumPy has its fast path


class Run:
    """Vectors on their way.

    Args:
        text: the corpus.
        recipe: the settings.

    Attributes:
        center: centre vectors, (V, D).
        context: context vectors, (V, D).
        iteration: how many are done.
        sampler: where windows come from.
    """

    def __init__(self, text: Text, recipe: Recipe) -> None:
        words = len(text.words)
        # NumPy's *legacy* generator, because its stream is frozen for good: `default_rng` may change its own with a
        # version, and then nobody could compare norms any more.
        start = np.random.RandomState(recipe.start_seed).rand(words, recipe.dimensions)
        self.text = text
        self.recipe = recipe
        self.center = (start - 0.5) / recipe.dimensions
        self.context = np.zeros((words, recipe.dimensions))
        self.iteration = 0
        self.sampler = Sampler(text, recipe)

    def advance(self, iterations: int) -> float:
        """Go on for so many iterations; return the running loss: nats per centre word, each before its step."""
        loss = 0.0
        for count in _chunks(iterations):
            drawn = self.sampler.draw(count * self.recipe.windows)
            for first in range(0, count * self.recipe.windows, self.recipe.windows):
                loss += self.step(drawn.part(first, first + self.recipe.windows))
        return loss / max(1, iterations * self.recipe.windows)

    def step(self, windows: Windows) -> float:
        """Make one step against the mean gradient of these windows; return their loss before it, in nats, summed."""
        scores = score_windows(windows, self.center, self.context)
        by_center, by_context = pair_gradients(windows, scores, self.center, self.context)
        factor = -self.recipe.rate_at(self.iteration) / len(windows.ends)
        add_rows(self.center, windows.centers, factor * by_center)
        add_rows(self.context, windows.contexts, factor * by_context)
        self.iteration += 1
        return float(sampling_losses(scores).sum())

    def norms(self) -> tuple[float, float]:
        """Return the Frobenius norms of the centre half and of the context half."""
        return float(np.linalg.norm(self.center)), float(np.linalg.norm(self.context))


def _chunks(iterations: int) -> Iterator[int]:
    """Cut a number of iterations into chunks."""
    while iterations > 0:
        yield min(iterations, ITERATIONS_AT_ONCE)
        iterations -= ITERATIONS_AT_ONCE
