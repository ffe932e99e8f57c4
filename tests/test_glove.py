"""GloVe by alternating least squares: its kernel, its twin, its objective, and what it never does."""

import itertools
import logging
import os
import signal

import numpy as np
import pytest

import naive_factorize as naive
from firth.errors import SettingsError, TrainingError
from firth.objectives import Glove, bias_gradient, glove_weights, matrix_gradient
from firth.training import glove
from firth.training.glove import GloveSettings, balance, fit_glove, move_mean, start_glove
from firth.training.glove_kernel import PLACES, WORKING_ROWS, improve_rows, sum_errors, weigh_cells
from firth.training.matrices import padded_matrix
from firth.training.sparse import SparseMatrix
from firth.training.table import PairTable
from firth.training.workers import workers

CUTOFF, LIMIT, RIDGE = 10.0, 0.75, 0.7
"""Of the toys: cutoff, power and ridge."""


def random_seen(words, *, symmetric=True, density=0.5, seed=1):
    numbers = np.random.default_rng(seed)
    seen = numbers.gamma(0.7, 20, (words, words)) * (numbers.random((words, words)) < density)
    seen = (seen + seen.T) / 2 if symmetric else seen
    seen[0, 0] += 1
    return seen


def scores_of(fit):
    vectors = fit.center.astype(float) @ fit.context.T.astype(float)
    return vectors + fit.center_biases.astype(float)[:, None] + fit.context_biases


def weighted(table):
    logs, weights = np.empty(len(table.contexts)), np.empty(len(table.contexts))
    weigh_cells(0, len(logs), table.expectations, CUTOFF, LIMIT, logs, weights)
    return table.starts, table.contexts, logs, weights


def random_rows(words, dimensions, *, constant, seed):
    """Rows as the kernel takes them, in float64."""
    rows = padded_matrix(words, dimensions + PLACES, spare=0, dtype=np.float64)
    rows[:, : dimensions + PLACES] = np.random.default_rng(seed).standard_normal((words, dimensions + PLACES))
    rows[:, constant] = 1
    return rows


def improve(table, own, other, dimensions, *, steps, ridge=RIDGE, constant=None):
    room = padded_matrix(WORKING_ROWS, dimensions + PLACES, spare=0, dtype=np.float64)
    constant = dimensions + 1 if constant is None else constant
    shape = dimensions, constant, steps, ridge
    improve_rows(0, len(table), *weighted(table), own, other, shape, room, np.empty(len(table) + 3))


# --- the kernel


@pytest.mark.parametrize("dimensions", [1, 7, 30])
@pytest.mark.parametrize("symmetric", [True, False])
def test_the_kernels_value_is_that_of_the_twin_and_of_the_objective(dimensions, symmetric):
    seen = random_seen(23, symmetric=symmetric)
    table = PairTable.from_dense(seen)
    own = random_rows(23, dimensions, constant=dimensions + 1, seed=1)
    other = random_rows(23, dimensions, constant=dimensions, seed=2)
    value = sum_errors(0, 23, *weighted(table), own, other, np.empty(26))
    vectors = own[:, :dimensions], other[:, :dimensions], own[:, dimensions], other[:, dimensions + 1]
    assert value == pytest.approx(naive.glove_value(seen, *vectors, CUTOFF, LIMIT), rel=1e-9)
    scores = own @ other.T
    assert value == pytest.approx(Glove(cutoff=CUTOFF, power=LIMIT).value(scores, seen), rel=1e-9)


def test_as_many_steps_as_unknowns_solve_the_normal_equations():
    seen, dimensions = random_seen(40), 6
    own = random_rows(40, dimensions, constant=dimensions + 1, seed=1)
    other = random_rows(40, dimensions, constant=dimensions, seed=2)
    kept = other.copy()
    improve(PairTable.from_dense(seen), own, other, dimensions, steps=3 * dimensions)
    true = naive.glove_rows(seen, other[:, :dimensions], other[:, dimensions + 1], CUTOFF, LIMIT, RIDGE)
    assert np.allclose(own[:, : dimensions + 1], true, rtol=1e-8, atol=1e-8)
    assert (own[:, dimensions + 1] == 1).all() and (own[:, dimensions + 2 :] == 0).all()
    assert np.array_equal(other, kept)


@pytest.mark.parametrize("symmetric", [True, False])
def test_the_objectives_gradient_is_zero_where_the_kernel_ends(symmetric):
    seen, dimensions = random_seen(40, symmetric=symmetric), 5
    own = random_rows(40, dimensions, constant=dimensions + 1, seed=1)
    other = random_rows(40, dimensions, constant=dimensions, seed=2)
    improve(PairTable.from_dense(seen), own, other, dimensions, steps=20)
    slope = Glove(cutoff=CUTOFF, power=LIMIT).gradient(own @ other.T, seen)
    by_center, _ = matrix_gradient(slope, own[:, :dimensions], other[:, :dimensions])
    assert np.abs(by_center + 2 * RIDGE * own[:, :dimensions]).max() < 1e-7
    assert np.abs(bias_gradient(slope)[0]).max() < 1e-7


def test_the_first_step_goes_down_the_objectives_gradient():
    """One step is a multiple, for each row, of the gradient over the diagonal of the normal equations."""
    seen, dimensions = random_seen(30), 4
    own = random_rows(30, dimensions, constant=dimensions, seed=1)  # rows of contexts: their bias stands last
    other = random_rows(30, dimensions, constant=dimensions + 1, seed=2)
    before = own.copy()
    improve(PairTable.from_dense(seen), own, other, dimensions, steps=1, constant=dimensions)
    slope = Glove(cutoff=CUTOFF, power=LIMIT).gradient(before @ other.T, seen)
    by_own = slope @ other
    by_own[:, :dimensions] += 2 * RIDGE * before[:, :dimensions]
    diagonal = (np.minimum(1, seen / CUTOFF) ** LIMIT * (seen > 0)) @ other**2
    diagonal[:, :dimensions] += RIDGE
    by_own[:, dimensions] = 0
    down = -(by_own / np.where(diagonal > 0, diagonal, 1))
    lengths = ((own - before) * down).sum(axis=1) / (down**2).sum(axis=1)
    assert (lengths > 0).all()
    assert np.allclose(own - before, lengths[:, None] * down, atol=1e-9)


# --- vectors with the same scores


def test_of_all_vectors_with_these_scores_the_shortest_are_taken():
    numbers = np.random.default_rng(1)
    center, context = (numbers.standard_normal((90, 6)).astype(np.float32) + shift for shift in (1, -2))
    context *= np.arange(1, 7, dtype=np.float32)
    center_biases, context_biases = (numbers.standard_normal(90).astype(np.float32) for _ in range(2))
    has_pairs = np.arange(90) != 7
    center[7] = 0

    def scores():
        return center.astype(float) @ context.T + center_biases[:, None] + context_biases

    before, length = scores(), float((center**2).sum() + (context**2).sum())
    with workers(2) as share:
        move_mean(share, center, context, context_biases, has_pairs)
        move_mean(share, context, center, center_biases, np.ones(90, bool))
        balance(share, center, context)
        shortest = float((center**2).sum() + (context**2).sum())
        assert np.allclose(np.delete(scores(), 7, axis=0), np.delete(before, 7, axis=0), atol=1e-3)
        assert not center[7].any()
        assert shortest < length
        assert np.allclose(center.T @ center, context.T @ context, atol=1e-3)
        assert shortest == pytest.approx(2 * np.linalg.svd(center.astype(float) @ context.T)[1].sum(), rel=1e-5)
        flat = np.ones((9, 3), np.float32)
        balance(share, flat, flat)  # of rank 1
        assert (flat == 1).all()


# --- the run


@pytest.mark.parametrize("symmetric", [True, False])
@pytest.mark.parametrize("dimensions", [1, 3, 20])
def test_the_reported_value_is_the_objectives_and_f_never_rises(symmetric, dimensions):
    seen = random_seen(60, symmetric=symmetric)
    settings = GloveSettings(dimensions=dimensions, cutoff=CUTOFF, passes=12, tolerance=0)
    fit = fit_glove(PairTable.from_dense(seen), settings)
    assert len(fit.values) == len(fit.penalties) == 13
    assert fit.values[-1] == pytest.approx(Glove(cutoff=CUTOFF).value(scores_of(fit), seen), rel=1e-5)
    squares = float((fit.center.astype(float) ** 2).sum() + (fit.context.astype(float) ** 2).sum())
    strength = settings.ridge * glove_weights(seen, cutoff=CUTOFF)[seen > 0].mean() * np.sqrt((seen > 0).sum() / 60)
    assert fit.penalties[-1] == pytest.approx(strength * squares, rel=1e-5)
    losses = np.add(fit.values, fit.penalties)
    assert (np.diff(losses) <= 1e-6 * losses[0]).all()


def test_planted_vectors_are_fitted_exactly():
    numbers = np.random.default_rng(1)
    left, right = (numbers.standard_normal((50, 3)) for _ in range(2))
    scores = left @ right.T + numbers.standard_normal((50, 1)) + numbers.standard_normal(50)
    seen = np.exp(scores) * (numbers.random((50, 50)) < 0.8)
    settings = GloveSettings(dimensions=3, ridge=0, passes=300, tolerance=0, cutoff=CUTOFF)
    fit = fit_glove(PairTable.from_dense(seen), settings)
    assert fit.values[-1] < 1e-6 * fit.values[0]
    assert np.allclose(scores_of(fit)[seen > 0], scores[seen > 0], atol=1e-2)


def test_biases_alone_fit_counts_of_independent_words():
    marginals = np.arange(1.0, 31)
    fit = fit_glove(PairTable.from_dense(np.outer(marginals, marginals)), GloveSettings(dimensions=4, passes=50))
    assert fit.values[-1] < 1e-3
    assert np.abs(fit.center).max() < 0.05


@pytest.mark.parametrize("symmetric", [True, False])
def test_any_number_of_threads_gives_the_same_bytes(symmetric, monkeypatch):
    monkeypatch.setattr("firth.training.table.PAIRS", 500)  # so that there are blocks to share
    table = PairTable.from_dense(random_seen(300, symmetric=symmetric))
    fits = [fit_glove(table, GloveSettings(dimensions=10, passes=3, threads=n)) for n in (1, 2, 3, 4, 4)]
    assert len({(fit.center.tobytes(), fit.context.tobytes(), *fit.values, *fit.penalties) for fit in fits}) == 1
    assert len({fit.context_biases.tobytes() + fit.center_biases.tobytes() for fit in fits}) == 1
    other = fit_glove(table, GloveSettings(dimensions=10, passes=3, seed=2))
    assert other.center.tobytes() != fits[0].center.tobytes()


def test_a_word_without_pairs_has_the_vector_0():
    seen = random_seen(30, symmetric=False)
    seen[4] = 0
    seen[:, 5] = 0
    seen[6] = seen[:, 6] = 0
    table = PairTable.from_dense(seen)
    for ridge in (0, 1):
        fit = fit_glove(table, GloveSettings(dimensions=4, passes=5, ridge=ridge))
        assert not fit.center[[4, 6]].any() and not fit.center_biases[[4, 6]].any()
        assert not fit.context[[5, 6]].any() and not fit.context_biases[[5, 6]].any()


def test_pairs_of_expectation_0_weigh_nothing():
    seen = random_seen(20)
    rows, contexts = np.indices(seen.shape).reshape(2, -1)
    full = PairTable.from_rows(np.arange(0, 401, 20), contexts, seen[rows, contexts])
    settings = GloveSettings(dimensions=3, passes=5)
    listed, absent = fit_glove(full, settings), fit_glove(PairTable.from_dense(seen), settings)
    assert listed.values[-1] == pytest.approx(absent.values[-1], rel=1e-5)
    assert np.allclose(listed.center, absent.center, atol=1e-3)


@pytest.mark.parametrize(("words", "dimensions"), [(1, 1), (1, 5), (2, 9), (5, 1)])
def test_few_words_are_fitted(words, dimensions):
    seen = random_seen(words, density=1)
    fit = fit_glove(PairTable.from_dense(seen), GloveSettings(dimensions=dimensions, passes=30))
    assert np.isfinite(scores_of(fit)).all()
    assert fit.center.shape == (words, dimensions) and fit.context_biases.shape == (words,)


@pytest.mark.parametrize("ridge", [0, 1e-3, 1, 1e6])
@pytest.mark.parametrize("cutoff", [1e-9, 100, 1e12])
def test_counts_of_all_sizes_leave_finite_numbers(ridge, cutoff):
    numbers = np.random.default_rng(1)
    seen = 10.0 ** numbers.uniform(-9, 12, (40, 40)) * (numbers.random((40, 40)) < 0.3)
    fit = fit_glove(
        PairTable.from_dense(seen), GloveSettings(dimensions=20, ridge=ridge, cutoff=cutoff, passes=30, tolerance=0)
    )
    assert np.isfinite(scores_of(fit)).all()
    losses = np.add(fit.values, fit.penalties)
    assert (np.diff(losses) <= 1e-5 * losses[0]).all()


def test_the_run_ends_when_a_pass_lowers_little():
    table = PairTable.from_dense(random_seen(50))
    long = fit_glove(table, GloveSettings(dimensions=5, passes=50, tolerance=0.01))
    losses = np.add(long.values, long.penalties)
    falls = 1 - losses[1:] / losses[:-1]
    assert len(losses) < 51
    assert (falls[:-1] >= 0.01).all() and falls[-1] < 0.01


def test_progress_is_told_after_each_pass():
    told = []
    table = PairTable.from_dense(random_seen(50))
    fit = fit_glove(table, GloveSettings(dimensions=5, passes=3, tolerance=0), on_progress=told.append)
    assert [(progress.pass_number, progress.passes) for progress in told] == [(1, 3), (2, 3), (3, 3)]
    assert told[-1].share_done == 1 and told[-1].seconds_left == 0
    loss = (fit.values[-1] + fit.penalties[-1]) / len(table.contexts)
    assert told[-1].loss_per_pair == pytest.approx(loss)


def test_an_interrupted_run_keeps_what_was_learnt(caplog):
    table = PairTable.from_dense(random_seen(50))

    def interrupt(progress):
        if progress.pass_number == 2:
            os.kill(os.getpid(), signal.SIGINT)

    with caplog.at_level(logging.WARNING):
        fit = fit_glove(table, GloveSettings(dimensions=5, passes=9, tolerance=0), on_progress=interrupt)
    assert fit.interrupted
    assert "interrupted in pass" in caplog.text
    assert 3 <= len(fit.values) <= 4
    short = fit_glove(table, GloveSettings(dimensions=5, passes=len(fit.values) - 1, tolerance=0))
    assert short.center.tobytes() == fit.center.tobytes()


def test_what_is_not_finite_is_refused(monkeypatch):
    def broken(*arguments, **settings):
        center, context = start_glove(*arguments, **settings)
        center[0, 0] = np.nan
        return center, context

    monkeypatch.setattr(glove, "start_glove", broken)
    with pytest.raises(TrainingError, match="expected finite vectors after each pass, got a number that is not; raise"):
        fit_glove(PairTable.from_dense(random_seen(9)), GloveSettings(dimensions=2))


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ({"dimensions": 0}, "dimensions to be a whole number from 1"),
        ({"passes": 0}, "passes to be a whole number ≥ 1"),
        ({"cutoff": 0}, "cutoff to be a finite number > 0"),
        ({"power": -1}, "power to be a finite number ≥ 0"),
        ({"ridge": -1}, "ridge to be a finite number ≥ 0"),
        ({"tolerance": 2}, "tolerance to be a number from 0 to 1"),
        ({"threads": 0}, "threads to be a whole number from 1"),
    ],
)
def test_settings_out_of_range_are_refused(setting, said):
    with pytest.raises(SettingsError, match=said):
        GloveSettings(**({"dimensions": 5} | setting))


def test_transposing_is_its_own_inverse():
    seen = random_seen(30, symmetric=False)
    table = PairTable.from_dense(seen)
    matrix = SparseMatrix(table.starts, table.contexts, table.expectations)
    assert np.allclose(matrix.transposed().dense(), seen.T, rtol=1e-6)
    back = matrix.transposed().transposed()
    for one, two in itertools.zip_longest(
        (matrix.starts, matrix.columns, matrix.values), (back.starts, back.columns, back.values)
    ):
        assert np.array_equal(one, two)
