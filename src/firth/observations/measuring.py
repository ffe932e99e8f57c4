"""Numbers that counts have: sums of rows, entropies, pointwise mutual information; float64, in one fixed order.

Sums are compensated (Neumaier), so they are right to the last digits whatever the length of a row, and the same in
memory, mapped, and on any number of threads.
"""

from __future__ import annotations

import numpy as np

from firth.compiling import compiled
from firth.observations.transposing import Rows


@compiled()
def sum_rows(rows: Rows, unit: float, factors: np.ndarray, out: np.ndarray) -> None:
    """Write N(c) = Σ_o N+(c,o) of each row, (V,) float64."""
    for row in range(len(out)):
        total = 0.0
        lost = 0.0
        for place in range(rows.starts[row], rows.starts[row + 1]):
            value = float(rows.cells[place]) * unit * (factors[row] * factors[rows.contexts[place]])
            raised = total + value
            lost += (total - raised) + value if total >= value else (value - raised) + total
            total = raised
        out[row] = total + lost


@compiled()
def row_entropies(rows: Rows, unit: float, factors: np.ndarray, marginals: np.ndarray, out: np.ndarray) -> None:
    """Write N(c) H(O|c) = −Σ_o N+(c,o) log(N+(c,o)/N(c)) of each row, (V,) float64."""
    for row in range(len(out)):
        total = 0.0
        lost = 0.0
        for place in range(rows.starts[row], rows.starts[row + 1]):
            pairs = float(rows.cells[place]) * unit * (factors[row] * factors[rows.contexts[place]])
            value = -pairs * np.log(pairs / marginals[row])
            raised = total + value
            lost += (total - raised) + value if abs(total) >= abs(value) else (value - raised) + total
            total = raised
        out[row] = total + lost
