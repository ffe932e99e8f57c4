"""The learning rate as a function of the place in the corpus, never of a shared counter."""

from __future__ import annotations

from typing import NamedTuple

LOWEST_SHARE = 1e-4
"""The rate never falls below this share of its start (word2vec.c's value)."""


class Rates(NamedTuple):
    """The learning rate within one pass: max(lowest, first + slope · position)."""

    first: float
    slope: float
    lowest: float


STILL = Rates(0.0, 0.0, 0.0)
"""Rates at which nothing moves."""


ONES = Rates(1.0, 0.0, 1.0)
"""Rates at which losses are weighed."""


def linear_rates(learning_rate: float, pass_index: int, passes: int, positions: int) -> Rates:
    """Return the rates of one pass, of a straight line from `learning_rate` to 0 over all passes.

    Args:
        learning_rate: at the first position of the first pass.
        pass_index: 0 … passes − 1.
        passes: how many there are.
        positions: of the corpus.

    >>> rates = linear_rates(0.1, 1, 2, 100)
    >>> rates.first, round(rates.first + rates.slope * 100, 9)
    (0.05, 0.0)
    """
    return Rates(
        learning_rate * (1 - pass_index / passes),
        -learning_rate / (passes * positions),
        learning_rate * LOWEST_SHARE,
    )
