"""Does a gradient belong to its function? Centred differences, coordinate by coordinate."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from firth.errors import FirthError, check_shape, sentence


def check_gradient(
    function: Callable[[np.ndarray], float],
    gradient: np.ndarray,
    point: np.ndarray,
    *,
    step: float = 1e-5,
    tolerance: float = 1e-6,
) -> float:
    """Compare a gradient with centred differences of its function.

        (f(p + h e_i) − f(p − h e_i)) / 2h  ≈  ∂f/∂p_i

    Args:
        function: from an array like `point` to a number.
        gradient: claimed at `point`, the same shape.
        point: where, any shape, float64.
        step: h; the error of the difference is about h² and 10⁻¹⁶/h.
        tolerance: largest difference allowed, relative to max(1, |∂f/∂p_i|).

    Returns:
        The largest relative difference found.

    Raises:
        FirthError: if it is above the tolerance; names the coordinate and both values.
        ShapeError: if gradient and point differ in shape.

    >>> check_gradient(lambda x: float((x**2).sum()), np.array([2.0, 4.0]), np.array([1.0, 2.0])) < 1e-9
    True
    """
    point = np.array(point, dtype=np.float64)
    gradient = check_shape("gradient", np.asarray(gradient, dtype=np.float64), point.shape)
    worst = 0.0
    for index in np.ndindex(point.shape):
        there = point[index]
        point[index] = there + step
        above = function(point)
        point[index] = there - step
        below = function(point)
        point[index] = there
        slope = float(above - below) / (2 * step)
        claimed = float(gradient[index])
        difference = abs(slope - claimed) / max(1.0, abs(claimed))
        if not difference <= tolerance:
            place = ", ".join(map(str, index))
            expected = f"a slope of {slope:.9g} at coordinate ({place}), by centred differences"
            raise FirthError(sentence(expected, f"{claimed:.9g}", "mend the gradient, or the function"))
        worst = max(worst, difference)
    return worst
