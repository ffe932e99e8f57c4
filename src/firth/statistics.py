"""Statistics of results, on SciPy, which is imported on use (0.7 s)."""

from __future__ import annotations

import numpy as np

from firth.errors import SettingsError, ShapeError, sentence


def rank_correlation(x: np.ndarray, y: np.ndarray) -> float:
    """Spearman's rank correlation: Pearson's of the ranks; equal values share the mean of their ranks.

    Args:
        x: N ≥ 2 finite numbers, not all equal, (N,).
        y: the same, (N,).

    Returns:
        From −1 to 1.

    Raises:
        ShapeError: if the two do not have the same length, or fewer than two numbers.
        SettingsError: if all of x or all of y are equal, or one is not finite.

    >>> rank_correlation(np.array([1, 2, 3]), np.array([10, 30, 20]))
    0.5
    """
    x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
    if x.ndim != 1 or x.shape != y.shape or len(x) < 2:
        came = f"shapes {x.shape} and {y.shape}"
        raise ShapeError(sentence("two lists of one length ≥ 2", came, "pass a pair of numbers for each case"))
    if not (np.isfinite(x).all() and np.isfinite(y).all()) or np.ptp(x) == 0 or np.ptp(y) == 0:
        came = "equal ones, NaN or infinity"
        raise SettingsError(sentence("finite numbers that differ", came, "ranks need an order: leave this case out"))
    from scipy.stats import spearmanr

    return float(spearmanr(x, y).statistic)
