"""Value, gradient, kernel, twin, expected counts and optimum of negative sampling, tied to each other."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import firth
import naive
from contract import InRounds, RowsInPlace, Toy, random_ids
from firth.errors import FirthError, ShapeError
from firth.objectives import (
    check_gradient,
    corpus_loss,
    corpus_score_gradient,
    lowest_corpus_loss,
    optimal_scores,
    sampling_gradient,
    sampling_loss,
)
from firth.objectives.logistic import sigmoid, softplus
from firth.observations import Observations
from firth.training.sampling_kernel import LOSS, PAIRS, RESTRAINED, SCORED
from firth.training.schedule import Rates

KERNELS = [RowsInPlace(), InRounds()]
TOYS = [
    Toy(random_ids(12, 150, 1), 12),
    Toy(random_ids(2, 80, 2), 2, size=4, turn=4, negatives=2),
    Toy([0] * 40 + [-1], 1, observations=Observations(window=2, subsample=0.3)),
    Toy(random_ids(300, 400, 3, breaks=0.01), 300, dimensions=33, observations=Observations(window=8, subsample=0)),
    Toy(random_ids(20, 200, 4), 20, observations=Observations(window=4, dropping="after", subsample=0.02)),
    Toy(random_ids(20, 200, 5), 20, observations=Observations(window=5, window_weights="harmonic", keep="paper")),
    Toy(random_ids(20, 200, 6), 20, observations=Observations(window=1, window_weights="fixed", subsample=0.01)),
    Toy(random_ids(9, 120, 7), 9, spread=6.0, negatives=20),
    Toy(random_ids(12, 300, 9), 12, range_size=37, turn=8),
    Toy(random_ids(12, 300, 9, breaks=0), 12, range_size=100, turn=48, size=24),
]
kernels = pytest.mark.parametrize("kernel", KERNELS, ids=lambda kernel: type(kernel).__name__)
toys = pytest.mark.parametrize(
    "toy", TOYS, ids=lambda toy: f"V{toy.words}-{toy.observations.window_weights}-{toy.range_size}"
)
small = st.floats(-3, 3)


def vectors(draw, *shape):
    return np.array(draw(st.lists(small, min_size=math.prod(shape), max_size=math.prod(shape)))).reshape(shape)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_gradient_of_a_pair_is_that_of_its_loss(data):
    d, k = data.draw(st.integers(1, 4)), data.draw(st.integers(1, 4))
    center, context, noise = (vectors(data.draw, *shape) for shape in ((d,), (d,), (k, d)))
    by_center, by_context, by_noise = sampling_gradient(center, context, noise)
    check_gradient(lambda x: sampling_loss(x, context, noise), by_center, center)
    check_gradient(lambda x: sampling_loss(center, x, noise), by_context, context)
    check_gradient(lambda x: sampling_loss(center, context, x), by_noise, noise)


def test_a_wrong_gradient_is_found():
    with pytest.raises(FirthError, match=r"expected a slope of 2\S* at coordinate \(0\), .*, got 3; mend the gradient"):
        check_gradient(lambda x: float((x**2).sum()), np.array([3.0]), np.array([1.0]))


def test_a_negative_drawn_twice_has_twice_the_gradient():
    center, context, noise = np.array([1.0, -2.0]), np.array([0.5, 0.5]), np.array([[0.3, 0.1]])
    once = sampling_gradient(center, context, noise)
    twice = sampling_gradient(center, context, np.repeat(noise, 2, axis=0))
    assert np.allclose(twice[2].sum(axis=0), 2 * once[2][0], rtol=1e-15)
    none = sampling_gradient(center, context, np.zeros((0, 2)))
    assert np.allclose(twice[0] - none[0], 2 * (once[0] - none[0]), rtol=1e-12)


def test_shapes_that_do_not_fit_are_refused():
    with pytest.raises(ShapeError, match=r"expected noise of shape \(any, 2\), got shape \(1, 3\)"):
        sampling_loss(np.zeros(2), np.zeros(2), np.zeros((1, 3)))


@given(st.floats(-1000, 1000))
def test_logistic_identities(x):
    assert float(sigmoid(x) + sigmoid(-x)) == pytest.approx(1, abs=1e-15)
    assert math.isfinite(float(softplus(x)))
    assert float(softplus(x) - softplus(-x)) == pytest.approx(x, abs=1e-12)


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_corpus_gradient_is_that_of_its_loss_and_vanishes_at_the_optimum(data):
    v = data.draw(st.integers(1, 3))
    counts = st.lists(st.floats(0.1, 10), min_size=v * v, max_size=v * v)
    seen, drawn = (np.array(data.draw(counts)).reshape(v, v) for _ in range(2))
    scores = vectors(data.draw, v, v)
    check_gradient(lambda x: corpus_loss(x, seen, drawn), corpus_score_gradient(scores, seen, drawn), scores)
    best = optimal_scores(seen, drawn)
    assert np.abs(corpus_score_gradient(best, seen, drawn)).max() < 1e-12
    lowest = lowest_corpus_loss(seen, drawn)
    assert corpus_loss(best, seen, drawn) == pytest.approx(lowest, rel=1e-12)
    assert corpus_loss(scores, seen, drawn) >= lowest * (1 - 1e-12)


def test_corpus_loss_is_the_sum_over_pairs():
    rng = np.random.default_rng(1)
    center, context = rng.normal(size=(3, 2)), rng.normal(size=(3, 2))
    examples = [(0, 1, [2, 2]), (2, 0, [0, 1]), (1, 1, [1, 0])]
    seen, drawn = np.zeros((3, 3)), np.zeros((3, 3))
    for c, o, noise in examples:
        seen[c, o] += 1
        for k in noise:
            drawn[c, k] += 1
    total = sum(sampling_loss(center[c], context[o], context[noise]) for c, o, noise in examples)
    assert corpus_loss(center @ context.T, seen, drawn) == pytest.approx(total, rel=1e-12)


@toys
@kernels
def test_kernel_equals_its_slow_twin(kernel, toy):
    rates = Rates(0.05, -0.0001, 0.03)
    fast, slow = toy.matrices(), toy.matrices()
    tally = kernel.run(toy, fast, rates)
    pairs = kernel.twin(toy, slow.center, slow.context, lambda p: max(0.03, 0.05 - 0.0001 * p))
    assert tally[PAIRS] == pairs > 0
    assert tally[RESTRAINED] == 0
    assert np.allclose(toy.trim(fast.center), toy.trim(slow.center), rtol=0, atol=1e-11)
    assert np.allclose(toy.trim(fast.context), toy.trim(slow.context), rtol=0, atol=1e-11)


@toys
@kernels
def test_kernel_in_float32_equals_its_slow_twin(kernel, toy):
    fast, slow = toy.matrices(np.float32), toy.matrices()
    tally = kernel.run(toy, fast, Rates(0.05, 0.0, 0.05))
    assert tally[PAIRS] == kernel.twin(toy, slow.center, slow.context, lambda p: 0.05)
    assert np.allclose(toy.trim(fast.center), toy.trim(slow.center), rtol=1e-4, atol=2e-4)
    assert np.allclose(toy.trim(fast.context), toy.trim(slow.context), rtol=1e-4, atol=2e-4)


@toys
@kernels
def test_kernel_gradient_is_that_of_the_objective_on_the_same_counts(kernel, toy):
    by_center, by_context = kernel.gradient(toy)
    seen, drawn = kernel.counts(toy)
    model = toy.matrices()
    center, context = toy.trim(model.center), toy.trim(model.context)
    slope = corpus_score_gradient(center @ context.T, seen, drawn)
    scale = max(np.abs(slope @ context).max(), np.abs(slope.T @ center).max())
    assert np.abs(by_center - slope @ context).max() < 1e-5 * scale
    assert np.abs(by_context - slope.T @ center).max() < 1e-5 * scale


@toys
@kernels
def test_kernel_loss_is_that_of_the_objective_over_the_same_pairs(kernel, toy):
    seen, drawn = kernel.counts(toy)
    for dtype, tolerance in ((np.float64, 1e-12), (np.float32, 1e-5)):
        model = toy.matrices(dtype)
        before = model.center.tobytes(), model.context.tobytes()
        tally = kernel.run(toy, model, Rates(0.0, 0.0, 0.0))
        assert (model.center.tobytes(), model.context.tobytes()) == before
        scores = toy.trim(model.center).astype(float) @ toy.trim(model.context).astype(float).T
        assert tally[PAIRS] == tally[SCORED] == seen.sum()
        assert tally[LOSS] == pytest.approx(corpus_loss(scores, seen, drawn), rel=tolerance)


def expected_seen(toy):
    """N⁺ in expectation, by going through every way to keep or drop the words of each sentence."""
    weights, keep = toy.observations.pair_weights(), toy.observations.keep_probabilities(toy.counts)
    seen = np.zeros((toy.words, toy.words))
    for sentence in "".join(chr(48 + i) if i >= 0 else " " for i in toy.ids).split():
        words = [ord(letter) - 48 for letter in sentence]
        for mask in range(2 ** len(words)):
            kept = [i for i in range(len(words)) if mask >> i & 1]
            share = math.prod(keep[w] if mask >> i & 1 else 1 - keep[w] for i, w in enumerate(words))
            places = range(len(kept)) if toy.observations.dropping == "before" else kept
            for a, i in zip(places, kept, strict=True):
                for b, j in zip(places, kept, strict=True):
                    if i != j and abs(a - b) <= len(weights):
                        seen[words[i], words[j]] += share * weights[abs(a - b) - 1]
    return seen


MIXED = [0, 1, 2, 0, 3, 0, -1, 3, 3, 1, 0, -1, 2, 0, 0, 1, 4, 0, 5, -1]


@pytest.mark.parametrize("weights", ["dynamic", "fixed", "harmonic"])
@pytest.mark.parametrize("dropping", ["before", "after"])
def test_expected_counts_are_those_that_are_counted(dropping, weights):
    """What trainers are held to below is what `firth.count` gives: one definition of N⁺ for stream and counts."""
    observations = Observations(window=3, window_weights=weights, dropping=dropping, subsample=0.05)
    seen = expected_seen(Toy(MIXED, 6, observations=observations))
    sentences = [[f"w{word}" for word in part.split()] for part in " ".join(map(str, MIXED)).split("-1")]
    settings = {"window": 3, "window_weights": weights, "dropping": dropping, "subsample": 0.05}
    counts = firth.count([sentence for sentence in sentences if sentence], min_count=1, **settings)
    place = [counts.vocabulary.index(f"w{word}") for word in range(6)]
    np.testing.assert_allclose(counts.matrix().toarray()[np.ix_(place, place)], seen, atol=20 * 2.0**-33)


@pytest.mark.parametrize("weights", ["dynamic", "fixed", "harmonic"])
@pytest.mark.parametrize("dropping", ["before", "after"])
@kernels
def test_mean_gradient_is_that_of_k_negatives_a_pair_on_expected_counts(kernel, dropping, weights):
    """The kernel's gradient, averaged over seeds, against the closed form: N⁺ expected, N⁻ = K q(o) N(c)."""
    observations = Observations(window=3, window_weights=weights, dropping=dropping, subsample=0.05)
    toy = Toy(MIXED, 6, dimensions=2, negatives=3, size=4, turn=4, observations=observations)
    seen = expected_seen(toy)
    drawn = toy.negatives * toy.noise[None, :] * seen.sum(axis=1, keepdims=True)
    model = toy.matrices()
    center, context = toy.trim(model.center), toy.trim(model.context)
    slope = corpus_score_gradient(center @ context.T, seen, drawn)
    expected = np.concatenate([slope @ context, slope.T @ center])
    runs = np.array([np.concatenate(kernel.gradient(toy, seed)) for seed in range(4000)])
    error = runs.std(axis=0, ddof=1) / math.sqrt(len(runs))
    assert np.abs((runs.mean(axis=0) - expected) / error).max() < 4.5
    # How long the mean is along what is expected: sharper than one coordinate, so a factor of 1.05 is seen.
    along = (runs * expected).sum(axis=(1, 2)) / (expected**2).sum()
    error = along.std(ddof=1) / math.sqrt(len(along))
    assert error < 0.01
    assert abs(along.mean() - 1) < 4 * error


@kernels
def test_kernel_equals_its_slow_twin_where_each_update_is_looked_at(kernel):
    """Steps so large that one group could overflow, rows so short that none has to be scaled back."""
    toy = Toy(random_ids(12, 14, 3, breaks=0), 12, spread=1e-9, observations=Observations(window=4, subsample=0))
    fast, slow = toy.matrices(), toy.matrices()
    tally = kernel.run(toy, fast, Rates(3.0, 0.0, 3.0))
    assert tally[PAIRS] == kernel.twin(toy, slow.center, slow.context, lambda p: 3.0)
    assert tally[RESTRAINED] == 0
    scale = np.abs(slow.center).max()
    assert scale > 1e-7  # it moved
    assert np.allclose(toy.trim(fast.center), toy.trim(slow.center), rtol=0, atol=1e-9 * scale)
    assert np.allclose(toy.trim(fast.context), toy.trim(slow.context), rtol=0, atol=1e-9 * scale)


@kernels
def test_a_row_that_grew_too_long_is_scaled_back_and_told(kernel):
    toy = Toy(random_ids(6, 60, 8), 6, dimensions=4)
    model = toy.matrices(np.float32)
    model.center[2, :4] = 1e5
    tally = kernel.run(toy, model, Rates(0.5, 0.0, 0.5))
    assert tally[RESTRAINED] > 0
    assert np.isfinite(tally[LOSS])
    for matrix in model[:2]:
        assert np.linalg.norm(matrix.astype(float), axis=1).max() <= 100 * (1 + 1e-5)


@pytest.mark.parametrize("rate", [0.0, 1e-6, 9.0])
@pytest.mark.parametrize("words", [1, 2, 30])
@kernels
def test_a_row_is_scaled_back_to_the_longest_and_no_further(kernel, words, rate):
    toy = Toy(random_ids(words, 40, 8), words, dimensions=4, observations=Observations(window=2, subsample=0))
    model = toy.matrices(np.float32)
    model.center[0, :4], model.context[0, :4] = 1e5, -1e5
    kernel.run(toy, model, Rates(rate, 0.0, rate))
    for matrix in model[:2]:
        longest = np.linalg.norm(matrix.astype(float), axis=1).max()
        assert longest == pytest.approx(100, rel=1e-3) if rate < 1 else longest <= 100 * (1 + 1e-5)


@kernels
def test_spare_rows_stay_zero(kernel):
    toy = TOYS[0]
    model = toy.matrices(np.float32)
    kernel.run(toy, model, Rates(0.05, 0.0, 0.05))
    assert not model.center[toy.words :].any()
    assert not model.context[toy.words :].any()
    assert not model.center[:, toy.dimensions :].any()


def test_twin_pairs_add_up():
    found = naive.windows(TOYS[0].ids, TOYS[0].observations, TOYS[0].counts, TOYS[0].keys(1)[0])
    assert sum(naive.pairs_of(found).values()) == sum(len(near) for _, _, near in found)
