"""Which optimum which dimension can reach: planted scores (invariant 15), and corpora that stop at a floor (16)."""

import importlib.util
import math
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.optimize import minimize

from firth.errors import SettingsError
from firth.objectives import (
    Sampling,
    Softmax,
    log_softmax,
    matrix_gradient,
    mean_divergence,
    reachable_dimension,
)


def load_example():
    place = Path(__file__).parent.parent / "examples" / "unreachable.py"
    spec = importlib.util.spec_from_file_location("unreachable", place)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


unreachable = load_example()


def centered(scores):
    return scores - scores.mean(axis=1, keepdims=True)


@st.composite
def planted(draw):
    """Vectors of few dimensions with plain numbers, so that ranks leave no doubt, and pairs of each centre."""
    words, dimensions = draw(st.integers(1, 6)), draw(st.integers(1, 4))
    parts = [draw(arrays(np.int64, (words, dimensions), elements=st.integers(-2, 2))) for _ in range(2)]
    return parts[0] @ parts[1].T / 2, draw(arrays(np.float64, (words, 1), elements=st.floats(1, 1000)))


def truncated(scores, dimensions):
    left, singular, right = np.linalg.svd(scores)
    return (left[:, :dimensions] * singular[:dimensions]) @ right[:dimensions]


@given(planted())
def test_planted_scores_of_a_softmax_are_reached_from_their_rank_on(problem):
    scores, totals = problem
    seen = totals * np.exp(log_softmax(scores))
    reach = reachable_dimension(seen)
    rank = int(np.linalg.matrix_rank(centered(scores)))
    assert reach.dimension == rank <= max(0, len(seen) - 1)
    assert (reach.singular_values > reach.tolerance).sum() == rank
    assert mean_divergence(scores, seen) < 1e-25
    best = centered(Softmax().optimum(seen)[0])
    assert mean_divergence(truncated(best, rank), seen) < 1e-25
    if rank:
        assert mean_divergence(truncated(best, rank - 1), seen) > 1e-6


@given(planted(), st.integers(1, 5), st.data())
def test_planted_scores_of_sampling_are_reached_from_their_rank_on(problem, negatives, data):
    scores, totals = problem
    weights = data.draw(arrays(np.float64, len(scores), elements=st.sampled_from([1.0, 2.0, 3.0])))
    noise = weights / weights.sum()
    # Scores can be an optimum only if K q e^x sums to 1 over each row: a constant in each row sees to it.
    scores = log_softmax(scores + np.log(negatives * noise)) - np.log(negatives * noise)
    seen = totals * negatives * noise * np.exp(scores)
    objective = Sampling(noise, negatives=negatives)
    reach = reachable_dimension(seen, objective)
    assert reach.dimension == int(np.linalg.matrix_rank(scores, tol=1e-9)) <= len(seen)
    value = objective.value(truncated(scores, reach.dimension), seen)
    assert value == pytest.approx(objective.optimum(seen)[1], rel=1e-13)
    shifted = reachable_dimension(seen, Softmax(offsets=np.log(noise))).dimension
    assert shifted == int(np.linalg.matrix_rank(centered(scores), tol=1e-9))


def test_the_tolerance_is_that_of_rounding_or_the_one_given():
    seen = np.array([[2.0, 1.0, 1.0], [1.0, 2.0, 1.0], [1.0, 1.0, 2.0 + 1e-9]])
    assert reachable_dimension(np.full((3, 3), 1 / 3)) [0] == 0  # fmt: skip
    reach = reachable_dimension(seen)
    assert (reach.dimension, len(reach.singular_values)) == (2, 3)
    assert 0 < reach.tolerance < 1e-13
    assert reachable_dimension(seen, tolerance=10).dimension == 0
    assert reachable_dimension(seen, tolerance=10).tolerance == 10


@pytest.mark.parametrize("objective", [Softmax(), *(Sampling(np.array([0.5, 0.5]), negatives=2, collisions=rule)
                                                    for rule in ("allow", "skip", "resample"))])  # fmt: skip
@pytest.mark.parametrize("seen", [np.eye(2), np.array([[1.0, 2.0], [3.0, 0.0]])])
def test_counts_with_an_empty_cell_are_reached_by_no_model(objective, seen):
    reach = reachable_dimension(seen, objective)
    assert reach.dimension is None
    assert reach.singular_values.size == 0
    assert math.isfinite(reach.tolerance)


def test_a_center_without_pairs_is_free():
    seen = np.array([[2.0, 1.0], [0.0, 0.0]])
    assert reachable_dimension(seen).dimension == 1
    assert reachable_dimension(np.array([[5.0]])).dimension == 0  # V = 1: the only word is certain


@pytest.mark.parametrize("objective", [Softmax(), Sampling(np.array([0.4, 0.3, 0.2, 0.1]), negatives=2)])
def test_descent_reaches_the_optimum_where_there_are_dimensions_enough(objective):
    rng = np.random.default_rng(2)
    seen = rng.integers(1, 20, (4, 4)).astype(float)
    dimensions = reachable_dimension(seen, objective).dimension
    assert dimensions == (3 if isinstance(objective, Softmax) else 4)

    def loss(parameters):
        center, context = parameters.reshape(2, 4, -1)
        scores = center @ context.T
        parts = matrix_gradient(objective.gradient(scores, seen), center, context)
        return objective.value(scores, seen), np.concatenate(parts).ravel()

    def gap(dimensions):
        start = rng.normal(size=2 * 4 * dimensions)
        options = {"ftol": 0, "gtol": 1e-12, "maxiter": 5000}
        return minimize(loss, start, jac=True, method="L-BFGS-B", options=options).fun - objective.optimum(seen)[1]

    assert -1e-13 < gap(dimensions) < 1e-8
    assert gap(dimensions - 1) > 1e-4


def test_a_negative_tolerance_is_refused():
    with pytest.raises(SettingsError, match="expected tolerance to be a finite number ≥ 0, got -1; choose tolerance"):
        reachable_dimension(np.ones((2, 2)), tolerance=-1)


# Floors


CORPORA = list(unreachable.corpora())


@pytest.mark.parametrize("corpus", CORPORA, ids=lambda c: f"{'-'.join(c.sentences)}-D{c.dimensions}-{c.shared}")
def test_descent_stops_at_the_floor_and_never_below(corpus):
    assert Softmax().optimum(corpus.seen)[1] == 0
    reached = [corpus.descend(seed) for seed in range(unreachable.STARTS)]
    assert min(reached) >= corpus.floor - 1e-12
    assert min(reached) <= corpus.floor + 1e-3
    if not corpus.shared:
        assert reachable_dimension(corpus.seen).dimension is None
    if corpus.floor == 0:
        assert 0 < min(reached) < 1e-30  # approached, not attained


@pytest.mark.parametrize("corpus", CORPORA, ids=lambda c: f"{'-'.join(c.sentences)}-D{c.dimensions}-{c.shared}")
@given(data=st.data())
def test_no_vectors_are_below_the_floor(corpus, data):
    size = (1 if corpus.shared else 2) * len(corpus.seen) * corpus.dimensions
    vectors = data.draw(arrays(np.float64, size, elements=st.one_of(st.floats(-3, 3), st.floats(-1e3, 1e3))))
    assert corpus.loss(vectors)[0] >= corpus.floor - 1e-12


def test_floors_are_those_stated():
    floors = [unreachable.different_contexts(*sentences).floor for sentences in (["aa", "bb", "cc"], ["ab", "cd"])]
    assert floors == pytest.approx([math.log(2) / 3, 2 * math.log(2) / 4])
    five = unreachable.different_contexts("aa", "bb", "cc", "dd", "ee")
    assert five.floor == pytest.approx((2 * math.log(2) + math.log(3)) / 5)
    assert five.floor * 5 > 3 * math.log(2)


@given(st.floats(0, 15))
def test_two_words_with_a_number_each_have_the_stated_loss(s):
    loss = unreachable.one_number_each().loss(np.array([s, -s, -s, s]))[0]
    assert loss == pytest.approx(math.log1p(math.exp(-2 * s * s)), rel=1e-12)
    assert loss > 0


def test_the_example_prints_a_line_for_each_corpus(capsys):
    unreachable.main()
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3 + len(CORPORA)
    assert lines[3].split() == ["aa", "bb", "cc", "separate", "1", "0.000000", "0.231049", "0.231049", "0.231049"]
