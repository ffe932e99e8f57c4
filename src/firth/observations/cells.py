"""In which unit pairs are counted: whole numbers, so that no order of adding can change a bit.

Where a window is laid over all words ("after", or nothing dropped), a cell is a sum of whole window weights, and the
keep probabilities are multiplied when it is read. Where gaps close first ("before"), every pair has an expectation of
its own; each is rounded to a multiple of 2⁻³² and added to its cell.
"""

from __future__ import annotations

import math

import numpy as np

from firth.errors import SettingsError, sentence
from firth.observations.settings import Observations

FIXED_POINT = 2.0**-32
"""Unit of cells that hold rounded expectations."""
LEAST_MEMORY = 1 << 20
"""A smaller budget of counting, in bytes, would change nothing: threads need more for their rows."""
_MOST = 1 << 64


def has_whole_weights(observations: Observations) -> bool:
    """Tell whether cells are sums of window weights; otherwise they are sums of rounded expectations.

    >>> has_whole_weights(Observations(dropping="after")), has_whole_weights(Observations())
    (True, False)
    """
    return observations.dropping == "after" or observations.subsample == 0


def cell_unit(observations: Observations) -> float:
    """Return what a cell of 1 is worth in pairs, before keep probabilities are multiplied.

    1/W for the dynamic window, 1 for the fixed one, 1/lcm(1 … W) for the harmonic one; 2⁻³² where expectations are
    rounded.

    >>> cell_unit(Observations(window=4, window_weights="harmonic", subsample=0)) == 1 / 12
    True
    """
    return 1 / _parts(observations) if has_whole_weights(observations) else FIXED_POINT


def whole_weights(observations: Observations) -> list[int]:
    """Return g(δ) of δ = 1 … W in units of `cell_unit`, for cells that are sums of window weights.

    >>> whole_weights(Observations(window=3, subsample=0))
    [3, 2, 1]
    """
    parts = _parts(observations)
    if observations.window_weights == "dynamic":
        return list(range(parts, 0, -1))
    if observations.window_weights == "harmonic":
        return [parts // distance for distance in range(1, observations.window + 1)]
    return [1] * observations.window


def _parts(observations: Observations) -> int:
    """Return in how many equal parts a pair of weight 1 is counted."""
    if observations.window_weights == "harmonic":
        return math.lcm(*range(1, observations.window + 1))
    return observations.window if observations.window_weights == "dynamic" else 1


def check_cells_fit(observations: Observations, occurrences: np.ndarray) -> None:
    """Refuse what could pass 2⁶⁴ in a cell.

    An occurrence meets window words on two sides, so no row, and no cell, can pass
    2 · occurrences · Σ_δ g(δ), in units.

    Args:
        observations: the settings.
        occurrences: of each word, (V,).

    Raises:
        SettingsError: if it could.

    >>> check_cells_fit(Observations(window=60, window_weights="harmonic", subsample=0), np.array([7]))
    Traceback (most recent call last):
    firth.errors.SettingsError: expected pair counts below 2⁶⁴ in units of 1/9690712164777231700912800, got up to
    2⁹⁰ for a word that occurs 7 times; choose window_weights="dynamic" or a smaller window
    """
    often = int(occurrences.max(initial=0))
    if has_whole_weights(observations):
        parts = _parts(observations)
        most = 2 * often * sum(whole_weights(observations))
        advice = 'choose window_weights="dynamic" or a smaller window'
    else:  # expectations of one centre add up to Σ g at the most; rounding adds less than 1
        parts = 1 << 32
        most = 2 * often * math.ceil(float(observations.pair_weights().sum()) + 1) * parts
        advice = 'choose dropping="after", or count parts of the corpus'
    if most >= _MOST:
        came = f"up to 2{_raised(most.bit_length())} for a word that occurs {often} times"
        raise SettingsError(sentence(f"pair counts below 2⁶⁴ in units of 1/{parts}", came, advice))


def _raised(number: int) -> str:
    """Write a number as an exponent."""
    return "".join("⁰¹²³⁴⁵⁶⁷⁸⁹"[int(digit)] for digit in str(number))
