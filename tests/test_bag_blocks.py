"""Gathering bags, spreading their moves, and steps with a sign each: the intrinsics alone, against NumPy."""

import numba
import numpy as np
import pytest

from firth.objectives.logistic import sigmoid
from firth.randomness import random_uniform, stream_key
from firth.training.bag_blocks import gather_bag, spread_bag, steps_by_weight
from firth.training.blocks import scores_of_four, update_four
from firth.training.lanes import VECTOR
from firth.training.matrices import own_lines

PRECISIONS = [(np.float32, 3e-6), (np.float64, 1e-14)]
precisions = pytest.mark.parametrize(("dtype", "tolerance"), PRECISIONS)
# The window of the word at 3 is all but the first: one word stands there twice, and is the word itself once more.
WORDS = np.array([3, 5, 7, 5, 9, 5], np.int32)
OTHERS = [5, 7, 9, 5]
SIZES = np.array([1, 2, 3, 50, 1, 4], float)
WINDOWS = {"all": (1, 5, 3), "first": (3, 5, 3), "last": (1, 3, 3), "none": (3, 3, 3)}
MEMBERS = {"all": [1, 2, 4, 5], "first": [4, 5], "last": [1, 2], "none": []}


@numba.njit
def _gather(matrix, words, where, documents, document, bags, number, sizes, scale):
    gather_bag(matrix, words, where, documents, document, bags, number, number + 4, sizes, scale)


@numba.njit
def _spread(matrix, words, where, documents, document, bags, number, share):
    spread_bag(matrix, words, where, documents, document, bags, number, number + 4, share)


@numba.njit
def _steps(scores, count, rate, weights, sizes):
    steps_by_weight(scores, count, rate, weights, sizes)


@numba.njit
def _scores_of_four(center, centers, context, contexts, out):
    scores_of_four(center, centers, context, contexts, out)


@numba.njit
def _update_four(center, centers, context, contexts, steps):
    update_four(center, centers, context, contexts, steps)


def filled(rows, columns, dtype, name):
    matrix = own_lines((rows, columns), dtype)
    matrix[:] = random_uniform(stream_key(name, "generator"), np.arange(rows * columns)).reshape(rows, columns) - 0.5
    return matrix


@pytest.mark.parametrize("columns", [16, 32, 48, 64, 80, 112, 128, 304, 1008])
@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("document", [-1, 2])
@precisions
def test_a_bag_is_gathered_and_its_move_handed_on(dtype, tolerance, document, window, columns):
    """Every size of the first panel, none or several after it."""
    matrix, documents, bags = (filled(rows, columns, dtype, name) for name, rows in enumerate((12, 4, 8)))
    before, old_documents, old_bags = (array.astype(float) for array in (matrix, documents, bags))
    inside = MEMBERS[window]
    total = SIZES[inside] @ before[WORDS[inside]] + (old_documents[2] if document == 2 else 0)
    where = tuple(map(np.int64, WINDOWS[window]))
    _gather(matrix, WORDS, where, documents, document, bags, 1, SIZES.astype(dtype), 0.25)
    for row in (1, 5):
        np.testing.assert_allclose(bags[row], 0.25 * total, rtol=0, atol=10 * tolerance)
        old_bags[row] = bags[row]
    assert np.array_equal(bags, old_bags)
    assert np.array_equal(matrix, before)

    bags[1] = filled(1, columns, dtype, 9)[0]
    move = 0.125 * (bags[1].astype(float) - bags[5])
    _spread(matrix, WORDS, where, documents, document, bags, 1, 0.125)
    np.add.at(before, WORDS[inside], move)
    if document == 2:
        old_documents[2] += move
    np.testing.assert_allclose(matrix, before, rtol=0, atol=tolerance)
    np.testing.assert_allclose(documents, old_documents, rtol=0, atol=tolerance)
    untouched = np.setdiff1d(np.arange(12), WORDS[inside])
    assert np.array_equal(matrix[untouched], before[untouched])


def test_a_bag_without_documents_reads_none():
    matrix, bags = filled(12, 16, np.float64, 1), own_lines((8, 16), np.float64)
    nothing = own_lines((0, 16), np.float64)
    _gather(matrix, WORDS, (np.int64(1), np.int64(5), np.int64(3)), nothing, -1, bags, 0, SIZES, 1.0)
    np.testing.assert_allclose(bags[0], SIZES[[1, 2, 4, 5]] @ matrix[OTHERS], rtol=1e-14)


@pytest.mark.parametrize("count", [0, 1, 15, 16, 17, 4_000])
@precisions
def test_steps_with_a_sign_each_are_those_of_the_objective(dtype, tolerance, count):
    scores, weights = own_lines(4_096, dtype), own_lines(4_096, dtype)
    scores[:] = np.concatenate([np.linspace(-30, 30, 4_091), [-1e4, -100, 0, 100, 1e4]])[::-1]
    weights[:] = np.where(np.arange(4_096) % 3 == 0, -1, 1) * (1 + np.arange(4_096) % 5)
    x, w = scores.astype(float), weights.astype(float)
    sizes = np.ones(16, dtype)
    lanes = VECTOR // sizes.itemsize
    _steps(scores, count, 0.25, weights, sizes)
    expected = 0.25 * w * sigmoid(-np.sign(w) * x)
    end = -(-count // lanes) * lanes
    np.testing.assert_allclose(scores[:count], expected[:count], rtol=tolerance, atol=1e-30)
    assert not scores[count:end].any()  # what fills the last line
    assert np.array_equal(scores[end:], x[end:].astype(dtype))
    assert sizes[:lanes].sum() == pytest.approx(lanes + np.abs(expected[:count]).sum(), rel=1e-5)


@pytest.mark.parametrize("columns", [16, 112, 304])
@precisions
def test_four_pairs_are_scored_and_then_moved_one_after_the_other(dtype, tolerance, columns):
    center, context = filled(5, columns, dtype, 1), filled(6, columns, dtype, 2)
    centers, contexts = np.array([0, 1, 2, 4]), np.array([3, 0, 3, 5])  # one word is the target of two bags
    old_center, old_context, out = center.astype(float), context.astype(float), np.zeros(16, dtype)
    _scores_of_four(center, centers, context, contexts, out)
    expected = (old_center[centers] * old_context[contexts]).sum(axis=1)
    np.testing.assert_allclose(out[:4], expected, rtol=0, atol=columns * tolerance)
    assert not out[4:].any()

    steps = np.array([0.5, -0.25, 0.125, 0], dtype)
    _update_four(center, centers, context, contexts, steps)
    for v, u, step in zip(centers, contexts, steps, strict=True):
        before = old_center[v].copy()
        old_center[v] += step * old_context[u]
        old_context[u] += step * before
    np.testing.assert_allclose(center, old_center, rtol=0, atol=tolerance)
    np.testing.assert_allclose(context, old_context, rtol=0, atol=tolerance)
