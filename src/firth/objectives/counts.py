"""Pair counts as the objectives take them, and the two losses that follow from the counts alone.

N⁺(c, o), called `seen`, is how often o is seen in the window of c, in expectation; N(c) = Σ_o N⁺(c, o) are its row
totals, N(o) = Σ_c N⁺(c, o) its column totals and T its grand total. Whole numbers or not, dense, a row for each centre
and a column for each context word. Every row is treated by itself, so a block of rows will do where only some centres
are asked about. All is computed in float64, whatever precision comes in.
"""

from __future__ import annotations

import numpy as np

from firth.errors import SettingsError, check_shape, sentence


def conditional_entropy(seen: np.ndarray) -> float:
    """Lowest loss that any model of P(o|c) can have on these counts, in nats per pair.

        H(O|C) = −1/T Σ_co N⁺ log(N⁺/N(c))

    N⁺ = seen (V, V). Natural logarithms (2 to the power of H/log 2 is a perplexity). Cells with N⁺ = 0 contribute 0.

    Args:
        seen: N⁺, (V, V).

    Returns:
        Nats per pair, from 0 (each centre has one context word) to log V.

    Raises:
        ShapeError: if the counts are no matrix.
        SettingsError: if one is negative or not finite, or all are 0.

    >>> conditional_entropy(np.array([[1.0, 1.0], [0.0, 2.0]]))     # half of the pairs are a coin: log(2)/2
    0.34657359027997264

    What the unigram model has instead: `unigram_loss`. The bound is attained by `Softmax.optimum`.
    """
    seen = check_counts("seen", seen)
    total = pair_total(seen)
    present = seen > 0
    shares = np.broadcast_to(seen.sum(axis=1, keepdims=True), seen.shape)[present] / seen[present]
    return float((seen[present] * np.log(shares)).sum()) / total


def unigram_loss(seen: np.ndarray) -> float:
    """Loss of the model that knows frequencies and no centre, P(o|c) = N(o)/T, in nats per pair.

        H(O) = −1/T Σ_o N(o) log(N(o)/T)

    N⁺ = seen (V, V). It is the lowest loss of all models that say the same for every centre, and never below
    `conditional_entropy`; the difference is the mutual information of centre and context. A trained model that has no
    less has learnt nothing of the company that words keep.

    Args:
        seen: N⁺, (V, V).

    Returns:
        Nats per pair, from 0 to log V.

    Raises:
        ShapeError: if the counts are no matrix.
        SettingsError: if one is negative or not finite, or all are 0.

    >>> unigram_loss(np.array([[1.0, 0.0], [0.0, 1.0]]))     # two words, equally frequent: log 2
    0.6931471805599453
    """
    return conditional_entropy(check_counts("seen", seen).sum(axis=0, keepdims=True))


def pair_total(seen: np.ndarray) -> float:
    """Return T if there is a pair; seen (V, V), checked before."""
    total = float(seen.sum())
    if total == 0:
        raise SettingsError(sentence("seen to hold at least one pair", "counts that are all 0", "count a longer text"))
    return total


def check_counts(name: str, counts: np.ndarray, shape: tuple[int | None, ...] = (None, None)) -> np.ndarray:
    """Return counts in float64 if they are of this shape, finite and ≥ 0."""
    counts = check_shape(name, check_numbers(name, counts), shape)
    wrong = np.argwhere(~((counts >= 0) & np.isfinite(counts)))
    if len(wrong):
        place = ", ".join(map(str, wrong[0]))
        came = f"{counts[tuple(wrong[0])]:g} at ({place})"
        raise SettingsError(sentence(f"{name} to be finite numbers ≥ 0", came, "count again, or mend them"))
    return counts


def check_scores(scores: np.ndarray, shape: tuple[int | None, ...]) -> np.ndarray:
    """Return scores in float64 if they are of this shape and none is NaN."""
    scores = check_shape("scores", check_numbers("scores", scores), shape)
    wrong = np.argwhere(np.isnan(scores))
    if len(wrong):
        place = ", ".join(map(str, wrong[0]))
        raise SettingsError(sentence("scores to be numbers", f"NaN at ({place})", "look for what overflowed before"))
    return scores


def check_numbers(name: str, array: np.ndarray) -> np.ndarray:
    """Return an array in float64 if it is a dense one of real numbers."""
    try:
        if np.iscomplexobj(array):
            raise TypeError
        return np.asarray(array, dtype=np.float64)
    except (TypeError, ValueError):
        came = f"{type(array).__name__} that is none"
        raise SettingsError(
            sentence(
                f"{name} to be a dense array of real numbers", came, "pass one (of a sparse matrix its .toarray())"
            )
        ) from None


def check_ids(name: str, ids: np.ndarray, shape: tuple[int | None, ...], rows: int, matrix: str) -> np.ndarray:
    """Return ids in int64 if they are of this shape and rows of a matrix that has so many."""
    ids = check_shape(name, np.asarray(ids), shape)
    if ids.size == 0:
        return ids.astype(np.int64)
    if not np.issubdtype(ids.dtype, np.integer) or ids.min() < 0 or ids.max() >= rows:
        wanted = f"{name} to be whole numbers from 0 to {rows - 1}"
        came = f"{ids.dtype} from {ids.min()} to {ids.max()}"
        raise SettingsError(sentence(wanted, came, f"pass rows of the {matrix}"))
    return ids.astype(np.int64)


def weighted_sum(weights: np.ndarray, values: np.ndarray) -> float:
    """Return Σ weight · value, where a weight of 0 makes 0 of any value, infinite ones too; both of one shape."""
    present = weights > 0
    return float((weights[present] * values[present]).sum())
