"""The least cost of moving one distribution of points to another: what Word Mover's Distance is."""

from __future__ import annotations

import numpy as np


def least_transport(
    first_shares: np.ndarray, second_shares: np.ndarray, first: np.ndarray, second: np.ndarray
) -> float:
    """Solve the transport problem between weighted points, exactly.

        min Σᵢⱼ Tᵢⱼ |aᵢ − bⱼ|        Σⱼ Tᵢⱼ = first_sharesᵢ, Σᵢ Tᵢⱼ = second_sharesⱼ, T ≥ 0

    Args:
        first_shares: of the points a, (N,), positive; they sum to 1.
        second_shares: of the points b, (M,), positive; they sum to 1.
        first: the points a, (N, D).
        second: the points b, (M, D).

    Returns:
        The cost, ≥ 0.

    >>> up, right = np.array([[0.0, 1.0]]), np.array([[0.0, 1.0], [3.0, 5.0]])
    >>> least_transport(np.ones(1), np.array([0.5, 0.5]), up, right)           # half of it travels 5
    2.5
    """
    from scipy.optimize import linprog
    from scipy.sparse import csr_array
    from scipy.spatial.distance import cdist

    costs = cdist(first.astype(np.float64), second.astype(np.float64))
    if 1 in costs.shape:  # there is but one plan
        return float(first_shares @ costs @ second_shares)
    rows, columns = costs.shape
    cells = np.arange(rows * columns)
    places = np.concatenate([cells // columns, rows + cells % columns])
    sums = csr_array((np.ones(len(places)), (places, np.tile(cells, 2))), shape=(rows + columns, rows * columns))
    # One of the equations follows from the others, and rounding would put it at odds with them.
    shares = np.concatenate([first_shares, second_shares])
    found = linprog(costs.reshape(-1), A_eq=sums[:-1], b_eq=shares[:-1], bounds=(0, None), method="highs")
    return max(0.0, float(found.fun))
