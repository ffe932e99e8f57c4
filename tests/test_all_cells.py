"""Exact training, tied to the objectives: value, gradient by both matrices, ends, readings, certificate."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firth.objectives import Sampling, Softmax, conditional_entropy, sampling_reading, unigram_loss
from firth.training import cell_kernels as kernels
from firth.training.all_cells import Sweep
from firth.training.certificate import certificate
from firth.training.descent import Descent
from firth.training.gap import model_losses, reading_of
from firth.training.gauge import chosen_coordinates
from firth.training.levels import levels, lowest_losses
from firth.training.optimum import best_contexts, fit_to_optimum, value_and_gradients
from firth.training.table import PairTable

RULES = ("allow", "skip", "resample")


def corpus(words, *, seed=1, density=0.4, symmetric=True):
    """Return made-up N⁺ (V, V) with an empty row, one very frequent word and one pair that is all a word has."""
    generator = np.random.default_rng(seed)
    seen = generator.exponential(5, (words, words)) * (generator.random((words, words)) < density)
    seen[:, 0] += 50 * generator.random(words)
    seen[2] = seen[:, 2] = 0
    seen[3] = seen[:, 3] = 0
    seen[3, 1] = 2.0
    return seen + seen.T if symmetric else seen


def objectives(words, *, seed=5):
    noise = np.random.default_rng(seed).dirichlet(np.ones(words))
    return [Softmax(), *(Sampling(noise, negatives=5, collisions=rule) for rule in RULES)]


def matrices(words, dimensions, *, seed=2, spread=1.0, dtype=np.float64):
    generator = np.random.default_rng(seed)
    pair = (spread * generator.standard_normal((words, dimensions)) for _ in range(2))
    return tuple(matrix.astype(dtype) for matrix in pair)


@pytest.mark.parametrize("symmetric", [True, False])
@pytest.mark.parametrize(("dtype", "error"), [(np.float64, 1e-13), (np.float32, 3e-6)])
@pytest.mark.parametrize("index", range(4))
def test_value_and_gradient_are_the_objective_s(index, dtype, error, symmetric):
    seen = corpus(70, symmetric=symmetric)
    objective = objectives(70)[index]
    center, context = matrices(70, 5, dtype=dtype)
    with Sweep(PairTable.from_dense(seen), objective, threads=2, dtype=dtype, panel=32, block=16) as sweep:
        value, by_center, by_context = value_and_gradients(sweep, center, context)
        losses = [sweep.losses(rows, center, context) for rows in sweep.blocks(sweep.centers)]
    scores = center.astype(np.float64) @ context.astype(np.float64).T
    gradient = objective.gradient(scores, seen)
    assert value == pytest.approx(objective.value(scores, seen), rel=error)
    assert np.concatenate(losses).sum() / seen.sum() == pytest.approx(value, rel=error)
    for found, wanted in ((by_center, gradient @ context), (by_context, gradient.T @ center)):
        np.testing.assert_allclose(found, wanted, rtol=0, atol=error * np.abs(wanted).max())


@given(st.integers(1, 9), st.integers(1, 40), st.integers(1, 3), st.integers(0, 3), st.integers(0, 10_000))
def test_panels_blocks_and_threads_change_nothing_but_rounding(dimensions, panel, threads, index, seed):
    seen = corpus(23, seed=seed)
    center, context = matrices(23, dimensions, seed=seed)
    objective = objectives(23)[index]
    scores = center @ context.T
    with Sweep(PairTable.from_dense(seen), objective, threads=threads, dtype=np.float64, panel=panel, block=5) as sweep:
        value, by_center, by_context = value_and_gradients(sweep, center, context)
    gradient = objective.gradient(scores, seen)
    assert value == pytest.approx(objective.value(scores, seen), rel=1e-11)
    np.testing.assert_allclose(by_center, gradient @ context, atol=1e-11)
    np.testing.assert_allclose(by_context, gradient.T @ center, atol=1e-11)


@pytest.mark.parametrize("index", range(4))
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_same_bytes_for_any_number_of_threads(index, dtype):
    seen = corpus(300, seed=4)
    results = set()
    for threads in (1, 2, 3, 5):
        center, context = matrices(300, 8, spread=0.3, dtype=dtype)
        objective = objectives(300)[index]
        with Sweep(PairTable.from_dense(seen), objective, threads=threads, dtype=dtype, panel=64, block=50) as sweep:
            descent = Descent(sweep, center, context, seed=3, fixed=1)
            descent.prime()
            losses = [descent.run(rate) for rate in (0.1, 0.05)]
        results.add((center.tobytes(), context.tobytes(), *losses))
    assert len(results) == 1


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("size", [1.0, 60.0, 300.0])
def test_scores_of_any_size_give_the_true_loss(dtype, size):
    seen = corpus(40)
    center, context = matrices(40, 6, spread=np.sqrt(size), dtype=dtype)
    scores = center.astype(np.float64) @ context.astype(np.float64).T
    assert size < 300 or np.abs(scores).max() > 1000
    for objective in objectives(40):
        with Sweep(PairTable.from_dense(seen), objective, threads=1, dtype=dtype, panel=16, block=8) as sweep:
            value, by_center, by_context = value_and_gradients(sweep, center, context)
        assert value == pytest.approx(objective.value(scores, seen), rel=2e-6)
        assert np.isfinite(by_center).all() and np.isfinite(by_context).all()


@pytest.mark.parametrize(("dtype", "error"), [(np.float32, 1e-6), (np.float64, 1e-15)])
def test_exponentials_are_those_of_numpy(dtype, error):
    scores = np.random.default_rng(0).uniform(-80, 80, (3, 61)).astype(dtype)
    shifts = np.array([-5, 0, 5], dtype)
    wanted = np.exp((scores - shifts[:, np.newaxis]).astype(np.float64))
    sums = np.empty(3)
    kernels.weigh_softmax(scores, shifts, sums)
    np.testing.assert_allclose(scores, wanted, rtol=max(error, 1e-15) * 20)
    np.testing.assert_allclose(sums, wanted.sum(axis=1), rtol=error * 20)


def test_a_first_step_has_the_length_of_the_rate_and_later_ones_are_shorter():
    matrix, squares = np.zeros((2, 3)), np.zeros((2, 3))
    gradient = np.array([[1.0, -2.0, 1e-3]])
    kernels.adaptive_step(matrix, np.array([1]), gradient, squares, 0.1, 0.5)
    np.testing.assert_allclose(matrix, [[0, 0, 0], [-0.1, 0.1, -0.1]], rtol=1e-5)
    kernels.adaptive_step(matrix, np.array([1]), gradient, squares, 0.1, 1.0)
    np.testing.assert_allclose(squares[1], 2 * gradient[0] ** 2)
    np.testing.assert_allclose(matrix[1, 0], -0.1 - 0.1 / np.sqrt(2))


def test_descent_with_a_small_rate_follows_the_gradient_and_keeps_what_is_fixed():
    seen = corpus(30)
    center, context = matrices(30, 4)
    before = center.copy(), context.copy()
    gradient = Softmax().gradient(center @ context.T, seen)
    with Sweep(PairTable.from_dense(seen), Softmax(), threads=1, dtype=np.float64, block=64) as sweep:
        descent = Descent(sweep, center, context, seed=1, fixed=1)
        descent.run(1e-9)
    by_center, by_context = gradient @ context, gradient.T @ center
    for moved, slope in ((before[0] - center)[:, :-1], by_center[:, :-1]), (before[1] - context, by_context):
        clear = np.abs(slope) > 1e-5
        np.testing.assert_allclose(moved[clear], 1e-9 * np.sign(slope[clear]), rtol=1e-3)
    assert (center[:, -1] == before[0][:, -1]).all()


@pytest.mark.parametrize("symmetric", [True, False])
def test_levels_are_those_of_the_objectives(symmetric):
    seen = corpus(50, symmetric=symmetric)
    table = PairTable.from_dense(seen)
    ends = levels(table, Softmax())
    assert ends.bound == pytest.approx(conditional_entropy(seen), rel=1e-12)
    assert ends.unigram == pytest.approx(unigram_loss(seen), rel=1e-12)
    assert ends.share_closed(ends.bound) == 1 and ends.share_closed(ends.unigram) == 0
    for objective in objectives(50)[1:]:
        ends = levels(table, objective)
        assert ends.bound == pytest.approx(objective.optimum(seen)[1], rel=1e-11)
        with np.errstate(divide="ignore"):
            column = np.log(seen.sum(axis=0)) - np.log(objective.drawn(seen).sum(axis=0))
        best = np.where(np.isfinite(column), column, -500.0)
        assert ends.unigram == pytest.approx(objective.value(np.tile(best, (50, 1)), seen), rel=1e-9)
        for change in (-0.1, 0.1):
            assert objective.value(np.tile(best + change, (50, 1)), seen) > ends.unigram
        assert lowest_losses(table, objective).sum() == pytest.approx(ends.bound * seen.sum())


@pytest.mark.parametrize("rule", [None, *RULES])
def test_the_gap_of_a_reading_is_that_of_its_definition(rule):
    seen = corpus(60)
    center, context = matrices(60, 4)
    noise = np.random.default_rng(7).dirichlet(np.ones(60))
    sampling = None if rule is None else Sampling(noise, negatives=5, collisions=rule)
    reading, offsets = reading_of(sampling)
    scores = center @ context.T
    wanted = scores if rule is None else sampling_reading(scores, noise, negatives=5, collisions=rule)
    table = PairTable.from_dense(seen)
    losses = model_losses(table, center, context, reading=reading, offsets=offsets, threads=2)
    assert losses.value == pytest.approx(Softmax().value(wanted, seen), rel=1e-12)
    assert losses.standard_error == 0
    drawn = model_losses(table, center, context, reading=reading, offsets=offsets, rows=30, seed=3)
    assert abs(drawn.value - losses.value) < 4 * drawn.standard_error


def test_rows_are_drawn_by_how_many_pairs_they_have():
    seen = corpus(40)
    center, context = matrices(40, 3)
    table = PairTable.from_dense(seen)
    exact = model_losses(table, center, context, reading=Softmax()).value
    drawn = [model_losses(table, center, context, reading=Softmax(), rows=20, seed=seed) for seed in range(60)]
    spread = np.std([one.value for one in drawn]) / np.sqrt(len(drawn))
    assert abs(np.mean([one.value for one in drawn]) - exact) < 4 * spread
    assert np.mean([one.standard_error for one in drawn]) == pytest.approx(np.std([d.value for d in drawn]), rel=0.4)


@pytest.mark.parametrize("index", range(4))
def test_training_reaches_the_optimum_where_the_dimensions_suffice(index):
    seen = corpus(12) + 0.5
    objective = objectives(12)[index]
    dimensions = 11 if index == 0 else 12
    _, _, loss = fit_to_optimum(PairTable.from_dense(seen), objective, dimensions=dimensions)
    assert 0 <= loss - objective.optimum(seen)[1] + 1e-12 < 1e-8


@pytest.mark.parametrize("rank", [1, 2, 4])
def test_planted_scores_are_found_from_their_rank_on(rank):
    generator = np.random.default_rng(rank)
    scores = generator.standard_normal((15, rank)) @ generator.standard_normal((rank, 15))
    seen = np.exp(scores)
    seen /= seen.sum(axis=1, keepdims=True)
    table, bound = PairTable.from_dense(seen), conditional_entropy(seen)
    gaps = [fit_to_optimum(table, Softmax(), dimensions=d, seed=2)[2] - bound for d in range(1, rank + 2)]
    assert max(gaps[rank - 1 :]) < 1e-8
    assert rank == 1 or min(gaps[: rank - 1]) > 1e-4


def test_best_contexts_are_the_lowest_of_a_convex_problem():
    seen = corpus(40)
    center, context = matrices(40, 5)
    center[:, 4] = center[:, 3]  # centres need not have full rank
    table = PairTable.from_dense(seen)
    for offsets in (None, np.log(np.random.default_rng(3).dirichlet(np.ones(40)))):
        found, loss = best_contexts(
            table, Softmax(), center, offsets=offsets, dtype=np.float64, tolerance=1e-12, most=5000
        )
        objective = Softmax(offsets=offsets)
        assert loss == pytest.approx(objective.value(center @ found.T, seen), rel=1e-12)
        slope = objective.gradient(center @ found.T, seen).T @ center
        assert np.abs(slope).max() < 1e-4
        assert loss < objective.value(center @ context.T, seen)


@pytest.mark.parametrize("index", [0, 1])
def test_the_certificate_bounds_the_distance_from_the_best_of_any_dimension(index):
    seen = corpus(20) + 0.1
    table, objective = PairTable.from_dense(seen), objectives(20)[index]
    l2 = 0.5 * float(np.linalg.norm(objective.gradient(np.zeros((20, 20)), seen), 2))
    wide = fit_to_optimum(table, objective, dimensions=20, l2=l2)
    proof = certificate(table, objective, wide[0], wide[1], l2=l2)
    wanted = np.linalg.norm(objective.gradient(wide[0] @ wide[1].T, seen), 2)
    assert proof.spectral_norm == pytest.approx(wanted, rel=1e-4)
    assert proof.distance < 1e-3 * proof.value
    center, context = matrices(20, 2, spread=0.5)
    rough = certificate(table, objective, center, context, l2=l2)
    scores = center @ context.T
    penalty = l2 / 2 * ((center**2).sum() + (context**2).sum())
    assert rough.value == pytest.approx(objective.value(scores, seen) + penalty)
    assert rough.value - rough.distance <= proof.value + 1e-9


def test_other_coordinates_have_the_same_scores():
    center, context = matrices(50, 6)
    center[:, -1] = 1.0
    shares = np.random.default_rng(1).dirichlet(np.ones(50))
    for exponent in (0.0, 0.35, 1.0):
        moved, turned = chosen_coordinates(center, context, shares, exponent=exponent)
        np.testing.assert_allclose(moved @ turned.T, center @ context.T, atol=1e-6)
        free = moved[:, :-1]
        np.testing.assert_allclose(shares @ free, 0, atol=1e-9)
        covariance = (shares[:, np.newaxis] * free).T @ free
        np.testing.assert_allclose(covariance, np.diag(np.diag(covariance)), atol=1e-6 * covariance.max())
        assert len(set(moved[:, -1])) == 1
