"""Slow twins of what factorises counts: plain Python numbers and loops, or NumPy's dense decompositions."""

import math

import numpy as np


def product(seen, matrix):
    """S · matrix, cell by cell."""
    out = np.zeros((len(seen), matrix.shape[1]))
    for c, row in enumerate(seen):
        for o, value in enumerate(row):
            out[c] += float(value) * matrix[o]
    return out


def association(seen, floor, shift, power):
    """max(log(floor + r) − shift, 0) · (π_c π_o)^power where something was seen, 0 elsewhere."""
    total = float(sum(map(sum, seen.tolist())))
    out = np.zeros(seen.shape)
    for c in range(len(seen)):
        for o in range(len(seen)):
            if seen[c, o] > 0:
                left, right = seen[c].sum() / total, seen[:, o].sum() / total
                ratio = seen[c, o] / total / left / right
                out[c, o] = max(math.log(floor + ratio) - shift, 0.0) * (left * right) ** power
    return out


def spectral_scores(seen, count, power, scale):
    """Scores of the spectral start from a dense decomposition with `count` pairs."""
    total = seen.sum()
    rows, columns = seen.sum(axis=1) / total, seen.sum(axis=0) / total
    left, values, right = np.linalg.svd(association(seen, 1.0, 0.0, power))
    low = scale * (left[:, :count] * values[:count]) @ right[:count]
    with np.errstate(divide="ignore"):
        weights = np.where(rows > 0, rows**-power, 0)[:, None] * np.where(columns > 0, columns**-power, 0)
    scores = low * weights
    bias = np.log(np.where(columns > 0, columns, columns[columns > 0].min() / 2))
    return scores + bias - rows @ scores


def glove_value(seen, center, context, center_biases, context_biases, cutoff, power):
    """Σ f(N) (u·v + b_c + b_o − log N)² over what was seen, cell by cell."""
    total = 0.0
    for c, row in enumerate(seen):
        for o, count in enumerate(row):
            if count > 0:
                score = sum(float(a) * float(b) for a, b in zip(center[c], context[o], strict=True))
                error = score + float(center_biases[c]) + float(context_biases[o]) - math.log(count)
                total += min(1.0, (count / cutoff) ** power) * error**2
    return total


def glove_rows(seen, context, context_biases, cutoff, power, ridge):
    """Best (v, b_c) of each centre if the contexts stay: the normal equations, row by row."""
    features = np.hstack([context, np.ones((len(context), 1))])
    penalty = np.diag([ridge] * context.shape[1] + [0.0])
    rows = []
    for row in seen:
        present = row > 0
        weights = np.minimum(1.0, (row[present] / cutoff) ** power)
        inside = features[present]
        targets = np.log(row[present]) - context_biases[present]
        rows.append(np.linalg.solve(inside.T @ (weights[:, None] * inside) + penalty, inside.T @ (weights * targets)))
    return np.array(rows)
