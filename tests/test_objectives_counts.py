"""The objectives from counts: one contract for all, what each adds, and what the counts alone say."""

import math

import numpy as np
import pytest
import scipy.sparse
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import naive_objectives as naive
from firth.errors import SettingsError, ShapeError
from firth.objectives import (
    Glove,
    Sampling,
    ShiftedPmi,
    Softmax,
    bias_gradient,
    check_gradient,
    conditional_entropy,
    corpus_loss,
    corpus_score_gradient,
    expected_noise,
    glove_loss,
    glove_weights,
    log_softmax,
    lowest_corpus_loss,
    matrix_gradient,
    mean_divergence,
    optimal_scores,
    positive_pmi,
    sampling_loss,
    sampling_reading,
    shifted_pmi,
    softmax_loss,
    unigram_loss,
    window_loss,
)

RULES = ["allow", "skip", "resample"]
KINDS = ["softmax", "softmax with offsets", *RULES, "glove", "shifted pmi"]
kinds = pytest.mark.parametrize("kind", KINDS)
rules = pytest.mark.parametrize("rule", RULES)
count = st.one_of(st.just(0.0), st.integers(1, 30).map(float), st.floats(0.01, 300))
score = st.floats(-5, 5)


@st.composite
def seen_counts(draw, least=1, most=4, cell=count):
    words = draw(st.integers(least, most))
    seen = draw(arrays(np.float64, (words, words), elements=cell))
    assume(seen.sum() > 0)
    return seen


def matrices(shape, elements=score):
    return arrays(np.float64, shape, elements=elements)


def distributions(words):
    return matrices((words,), st.floats(0.05, 1)).map(lambda weights: weights / weights.sum())


@st.composite
def objectives(draw, kind, words):
    """An objective and its twin."""
    if kind == "softmax":
        return Softmax(), naive.Softmax()
    if kind == "softmax with offsets":
        offsets = draw(matrices((words,)))
        return Softmax(offsets=offsets), naive.Softmax(offsets)
    if kind in RULES:
        noise, negatives = draw(distributions(words)), draw(st.integers(1, 5))
        return Sampling(noise, negatives=negatives, collisions=kind), naive.Sampling(noise, negatives, kind)
    if kind == "glove":
        cutoff, power = draw(st.sampled_from([1, 10.0, 100])), draw(st.sampled_from([0, 0.75, 1]))
        return Glove(cutoff=cutoff, power=power), naive.Glove(cutoff, power)
    shift = draw(st.sampled_from([0.0, math.log(2), -1.0]))
    return ShiftedPmi(shift=shift), naive.ShiftedPmi(shift)


def draw_problem(data, kind):
    seen = data.draw(seen_counts(least=2 if kind == "resample" else 1))
    objective, twin = data.draw(objectives(kind, len(seen)))
    return objective, twin, seen, data.draw(matrices(seen.shape))


# The contract


@kinds
@given(st.data())
def test_value_gradient_and_lowest_equal_their_twins(kind, data):
    objective, twin, seen, scores = draw_problem(data, kind)
    value = objective.value(scores, seen)
    assert value == pytest.approx(twin.value(scores.tolist(), seen.tolist()), rel=1e-10, abs=1e-10)
    slopes = [[twin.slope(scores.tolist(), seen.tolist(), c, o) for o in range(len(seen))] for c in range(len(seen))]
    assert np.allclose(objective.gradient(scores, seen), slopes, rtol=1e-10, atol=1e-10)
    lowest = objective.optimum(seen)[1]
    assert lowest == pytest.approx(twin.lowest(seen.tolist()), rel=1e-10, abs=1e-10)
    assert value >= lowest - 1e-12 * (1 + abs(lowest))


@kinds
@given(st.data())
def test_gradient_is_that_of_the_value_by_scores_and_by_vectors(kind, data):
    objective, _, seen, scores = draw_problem(data, kind)
    check_gradient(lambda x: objective.value(x, seen), objective.gradient(scores, seen), scores, tolerance=1e-5)
    dimensions = data.draw(st.integers(1, 3))
    center, context = (data.draw(matrices((len(seen), dimensions), st.floats(-2, 2))) for _ in range(2))
    slope = objective.gradient(center @ context.T, seen)
    by_center, by_context = matrix_gradient(slope, center, context)
    check_gradient(lambda x: objective.value(x @ context.T, seen), by_center, center, tolerance=1e-5)
    check_gradient(lambda x: objective.value(center @ x.T, seen), by_context, context, tolerance=1e-5)


@kinds
@given(st.data())
def test_the_optimum_has_the_lowest_value_and_no_slope(kind, data):
    objective, _, seen, _ = draw_problem(data, kind)
    best, lowest = objective.optimum(seen)
    assert not np.isnan(best).any()
    assert objective.value(best, seen) == pytest.approx(lowest, rel=1e-11, abs=1e-11)
    assert np.abs(objective.gradient(best, seen)).max() < 1e-11
    # An infinite score is the limit of finite ones.
    assert objective.value(np.clip(best, -60, 60), seen) == pytest.approx(lowest, rel=1e-11, abs=1e-11)


@kinds
@given(st.data())
def test_float32_is_computed_in_float64(kind, data):
    objective, _, seen, scores = draw_problem(data, kind)
    seen, scores = seen.astype(np.float32), scores.astype(np.float32)
    double = scores.astype(np.float64), seen.astype(np.float64)
    assert objective.value(scores, seen) == objective.value(*double)
    assert objective.gradient(scores, seen).dtype == np.float64
    assert np.array_equal(objective.gradient(scores, seen), objective.gradient(*double))


@kinds
@given(st.data())
def test_scores_are_what_counts_and_not_the_vectors_behind_them(kind, data):
    """V → VA, U → UA⁻ᵀ changes neither scores nor value nor slope; u_o → u_o + t only the scores of a softmax."""
    objective, _, seen, _ = draw_problem(data, kind)
    dimensions = data.draw(st.integers(1, 3))
    center, context = (data.draw(matrices((len(seen), dimensions), st.floats(-1, 1))) for _ in range(2))
    mix = np.eye(dimensions) + 0.3 * data.draw(matrices((dimensions, dimensions), st.floats(-1, 1)))
    assume(np.linalg.cond(mix) < 50)
    scores = center @ context.T
    mixed = (center @ mix) @ (context @ np.linalg.inv(mix).T).T
    assert np.allclose(mixed, scores, rtol=0, atol=1e-11)
    value = objective.value(scores, seen)
    assert objective.value(mixed, seen) == pytest.approx(value, rel=1e-10, abs=1e-10)
    if isinstance(objective, Softmax):
        moved = center @ (context + data.draw(matrices((dimensions,)))).T
        assert objective.value(moved, seen) == pytest.approx(value, rel=1e-11, abs=1e-11)
        assert np.allclose(objective.gradient(moved, seen), objective.gradient(scores, seen), rtol=0, atol=1e-11)
        assert mean_divergence(moved, seen) == pytest.approx(mean_divergence(scores, seen), rel=1e-9, abs=1e-11)


@kinds
def test_a_block_of_centers_will_do(kind):
    rng = np.random.default_rng(1)
    seen, scores = rng.integers(1, 9, (3, 5)), rng.normal(size=(3, 5))
    noise = np.full(5, 0.2)
    objective = {"softmax": Softmax(), "softmax with offsets": Softmax(offsets=np.arange(5)), "glove": Glove(),
                 "shifted pmi": ShiftedPmi()}.get(kind) or Sampling(noise, negatives=2, collisions=kind)  # fmt: skip
    check_gradient(lambda x: objective.value(x, seen), objective.gradient(scores, seen), scores)


def test_a_shift_of_context_vectors_is_no_change_for_a_softmax_alone():
    center, context, seen = np.array([[1.0], [2.0]]), np.array([[0.5], [-0.5]]), np.array([[2.0, 1.0], [1.0, 2.0]])
    objective = Sampling(np.array([0.5, 0.5]), negatives=2)
    assert objective.value(center @ (context + 1).T, seen) > objective.value(center @ context.T, seen) + 0.1


# Softmax and the counts alone (invariants 11, 14)


@given(seen_counts())
def test_entropies_equal_their_twins_and_are_ordered(seen):
    entropy, unigram = conditional_entropy(seen), unigram_loss(seen)
    assert entropy == pytest.approx(naive.conditional_entropy(seen.tolist()), rel=1e-12, abs=1e-12)
    assert unigram == pytest.approx(naive.unigram_loss(seen.tolist()), rel=1e-12, abs=1e-12)
    assert -1e-15 <= entropy <= unigram + 1e-12
    assert unigram <= math.log(len(seen)) + 1e-12
    with np.errstate(divide="ignore"):
        frequencies = np.log(np.broadcast_to(seen.sum(axis=0) / seen.sum(), seen.shape))
    assert Softmax().value(frequencies, seen) == pytest.approx(unigram, rel=1e-12, abs=1e-12)
    assert Softmax().value(np.zeros_like(seen), seen) == pytest.approx(math.log(len(seen)), rel=1e-12, abs=1e-12)


@given(st.data())
def test_the_gap_is_the_mean_divergence(data):
    seen = data.draw(seen_counts())
    scores = data.draw(matrices(seen.shape))
    gap = mean_divergence(scores, seen)
    assert gap >= 0
    assert gap == pytest.approx(Softmax().value(scores, seen) - conditional_entropy(seen), rel=1e-10, abs=1e-12)
    assert gap == pytest.approx(naive.mean_divergence(scores.tolist(), seen.tolist()), rel=1e-10, abs=1e-12)
    assert mean_divergence(Softmax().optimum(seen)[0], seen) < 1e-25


def test_a_gap_far_below_rounding_is_right():
    """Two equal counts against scores 0 and ε: log cosh(ε/2) = ε²/8."""
    for epsilon in (1e-3, 1e-6, 1e-9):
        gap = mean_divergence(np.array([[0.0, epsilon]]), np.array([[7.0, 7.0]]))
        assert gap == pytest.approx(epsilon**2 / 8, rel=1e-6)


def test_a_pair_that_was_seen_and_has_no_probability_costs_everything():
    scores, seen = np.array([[0.0, -np.inf]]), np.array([[1.0, 1.0]])
    assert Softmax().value(scores, seen) == mean_divergence(scores, seen) == math.inf
    assert Softmax().value(np.array([[1e4, -1e4]]), seen) == 1e4


@given(st.data())
def test_rows_of_the_softmax_gradient_sum_to_nothing(data):
    objective, _, seen, scores = draw_problem(data, "softmax with offsets")
    assert np.abs(objective.gradient(scores, seen).sum(axis=1)).max() < 1e-14


@given(st.data())
def test_offsets_are_added_to_the_scores(data):
    objective, _, seen, scores = draw_problem(data, "softmax with offsets")
    assert objective.value(scores, seen) == pytest.approx(Softmax().value(scores + objective.offsets, seen), rel=1e-12)
    known = seen.sum(axis=1) > 0
    best = objective.optimum(seen)[0] + objective.offsets
    assert np.allclose(np.exp(best[known]), seen[known] / seen[known].sum(axis=1, keepdims=True), rtol=1e-12)


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=30), st.data())
def test_the_loss_of_streamed_pairs_is_that_of_their_counts(pairs, data):
    center, context = (data.draw(matrices((3, 2), st.floats(-2, 2))) for _ in range(2))
    seen, drawn, losses = np.zeros((3, 3)), np.zeros((3, 3)), np.zeros(2)
    for c, o in pairs:
        noise = data.draw(st.lists(st.integers(0, 2), min_size=2, max_size=2))
        seen[c, o] += 1
        np.add.at(drawn[c], noise, 1)
        losses += softmax_loss(center[c], o, context), sampling_loss(center[c], context[o], context[noise])
    scores = center @ context.T
    assert Softmax().value(scores, seen) * len(pairs) == pytest.approx(losses[0], rel=1e-12)
    assert corpus_loss(scores, seen, drawn) == pytest.approx(losses[1], rel=1e-12)
    windows = [(c, [o for center_id, o in pairs if center_id == c]) for c in range(3)]
    streamed = sum(window_loss(center, context, center_id=c, context_ids=ids) for c, ids in windows)
    assert streamed == pytest.approx(losses[0], rel=1e-12)


# Negative sampling (invariants 13, 14)


@rules
@given(st.data())
def test_expected_noise_equals_its_twin(rule, data):
    seen = data.draw(seen_counts(least=2))
    noise, negatives = data.draw(distributions(len(seen))), data.draw(st.integers(1, 5))
    drawn = expected_noise(seen, noise, negatives=negatives, collisions=rule)
    assert np.allclose(drawn, naive.expected_noise(seen.tolist(), noise.tolist(), negatives, rule), rtol=1e-11)
    assert (drawn >= 0).all()
    totals, most = drawn.sum(axis=1), negatives * seen.sum(axis=1)
    assert np.allclose(totals, most, rtol=1e-11) if rule != "skip" else (totals <= most * (1 + 1e-12)).all()


def draw_noise(rng, noise, shape, target, rule):
    """Count the noise words of some draws, word by word as a trainer draws them; (draws, V)."""
    words = rng.choice(len(noise), size=shape, p=noise)
    while rule == "resample" and (words == target).any():
        again = words == target
        words[again] = rng.choice(len(noise), size=again.sum(), p=noise)
    counts = np.stack([(words == word).sum(axis=1) for word in range(len(noise))], axis=1).astype(float)
    if rule == "skip":
        counts[:, target] = 0
    return counts


@rules
def test_expected_noise_is_the_mean_of_what_is_drawn(rule):
    """10 000 corpora: every cell within 4.5 standard errors of its mean, none above 1 % of the largest."""
    rng = np.random.default_rng(5)
    seen, noise, negatives = np.array([[3, 0, 1, 2], [0, 0, 4, 0]]), np.array([0.4, 0.3, 0.2, 0.1]), 3
    expected = expected_noise(seen, noise, negatives=negatives, collisions=rule)
    drawn = np.zeros((10_000, *seen.shape))
    for c, o in np.argwhere(seen):
        for _ in range(seen[c, o]):
            drawn[:, c] += draw_noise(rng, noise, (len(drawn), negatives), o, rule)
    error = drawn.std(axis=0, ddof=1) / math.sqrt(len(drawn))
    assert error.max() < 0.01 * expected.max()
    assert (np.abs(drawn.mean(axis=0) - expected) <= 4.5 * error).all()


@rules
@given(st.data())
def test_the_optimum_of_sampling_reads_as_the_empirical_conditional(rule, data):
    seen = data.draw(seen_counts(least=2))
    noise, negatives = data.draw(distributions(len(seen))), data.draw(st.integers(1, 5))
    best = Sampling(noise, negatives=negatives, collisions=rule).optimum(seen)[0]
    known = seen.sum(axis=1) > 0
    reading = sampling_reading(best[known], noise, negatives=negatives, collisions=rule)
    assert np.allclose(np.exp(reading), seen[known] / seen[known].sum(axis=1, keepdims=True), rtol=1e-10, atol=1e-300)
    assert mean_divergence(reading, seen[known]) < 1e-18


@rules
@given(st.data())
def test_reading_equals_its_twin(rule, data):
    words = data.draw(st.integers(2, 4))
    noise, negatives = data.draw(distributions(words)), data.draw(st.integers(1, 5))
    scores = data.draw(matrices((3, words)))
    reading = sampling_reading(scores, noise, negatives=negatives, collisions=rule)
    twin = naive.sampling_reading(scores.tolist(), noise.tolist(), negatives, rule)
    assert np.allclose(np.exp(reading), twin, rtol=1e-12)
    if rule == "allow":
        assert np.allclose(reading, log_softmax(scores + np.log(noise)), rtol=1e-12, atol=1e-12)


@rules
@given(st.data())
def test_reading_is_finite_for_any_score(rule, data):
    scores = data.draw(matrices((2, 3), st.sampled_from([-1e4, -1.0, 0.0, 1e4])))
    reading = sampling_reading(scores, np.array([0.5, 0.25, 0.25]), negatives=5, collisions=rule)
    assert np.isfinite(reading).all()
    assert np.allclose(np.exp(reading).sum(axis=1), 1, rtol=1e-12)
    assert (reading <= 0).all()


@given(st.data())
def test_the_gap_of_sampling_is_a_mean_divergence_of_coins(data):
    objective, _, seen, scores = draw_problem(data, data.draw(st.sampled_from(RULES[:2])))
    drawn = objective.drawn(seen)
    gap = 0.0
    for c, o, x in naive.cells(scores):
        both, wins = seen[c, o] + drawn[c, o], naive.sigma(x)
        for part, probability in ((seen[c, o], wins), (drawn[c, o], 1 - wins)):
            gap += part * math.log(part / both / probability) if part > 0 else 0.0
    value, lowest = objective.value(scores, seen), objective.optimum(seen)[1]
    assert value - lowest == pytest.approx(gap / seen.sum(), rel=1e-9, abs=1e-11)


@given(st.data())
def test_sampling_is_the_corpus_loss_with_expected_noise_per_pair(data):
    objective, _, seen, scores = draw_problem(data, "skip")
    drawn, total = objective.drawn(seen), seen.sum()
    assert objective.value(scores, seen) == corpus_loss(scores, seen, drawn) / total
    assert np.array_equal(objective.gradient(scores, seen), corpus_score_gradient(scores, seen, drawn) / total)
    best, lowest = objective.optimum(seen)
    assert np.array_equal(best, optimal_scores(seen, drawn))
    assert lowest == lowest_corpus_loss(seen, drawn) / total


def test_one_word_alone():
    """V = 1: nothing can be resampled; what is skipped leaves no noise, and the only word is certain."""
    seen, noise = np.array([[4.0]]), np.array([1.0])
    assert Sampling(noise, negatives=3).optimum(seen)[0] == pytest.approx(-math.log(3))
    assert Sampling(noise, negatives=3, collisions="skip").optimum(seen) == (np.inf, 0.0)
    assert sampling_reading(np.array([[np.inf]]), noise, negatives=3, collisions="skip") == 0.0
    assert Softmax().optimum(seen) == (0.0, 0.0)


# GloVe


@given(st.data())
def test_glove_is_the_sum_over_its_pairs(data):
    seen = data.draw(seen_counts(most=3))
    words = len(seen)
    center, context = (data.draw(matrices((words, 2), st.floats(-2, 2))) for _ in range(2))
    center_bias, context_bias = data.draw(matrices((words,))), data.draw(matrices((words,)))
    pairs = sum(
        glove_loss(center[c], context[o], center_bias=center_bias[c], context_bias=context_bias[o], count=n)
        for c, o, n in naive.cells(seen)
    )
    scores = lambda by_center, by_context: center @ context.T + by_center[:, None] + by_context
    assert Glove().value(scores(center_bias, context_bias), seen) == pytest.approx(pairs, rel=1e-11, abs=1e-11)
    by_center, by_context = bias_gradient(Glove().gradient(scores(center_bias, context_bias), seen))
    check_gradient(lambda x: Glove().value(scores(x, context_bias), seen), by_center, center_bias, tolerance=1e-5)
    check_gradient(lambda x: Glove().value(scores(center_bias, x), seen), by_context, context_bias, tolerance=1e-5)


def test_glove_weights_are_those_of_the_paper():
    weights = glove_weights(np.array([[0.0, 1.0, 50.0, 100.0, 1e6]]))
    assert weights == pytest.approx(np.array([[0, 0.01**0.75, 0.5**0.75, 1, 1]]))
    assert glove_weights(np.array([[0.0, 3.0]]), power=0).tolist() == [[0, 1]]


# Shifted PMI


@given(seen_counts(), st.sampled_from([1, 5, 15]))
def test_shifted_pmi_is_the_optimum_of_sampling_against_unigram_noise(seen, negatives):
    assume((seen.sum(axis=0) > 0).all() and (seen.sum(axis=1) > 0).all())
    noise = seen.sum(axis=0) / seen.sum()
    best = Sampling(noise, negatives=negatives).optimum(seen)[0]
    assert np.allclose(shifted_pmi(seen, shift=math.log(negatives)), best, rtol=0, atol=1e-12)
    assert np.array_equal(positive_pmi(seen), np.maximum(shifted_pmi(seen), 0))


@given(st.data())
def test_factorization_is_the_best_of_its_dimension(data):
    seen = data.draw(seen_counts(least=2))
    dimensions = data.draw(st.integers(1, len(seen)))
    objective = ShiftedPmi(shift=data.draw(st.sampled_from([0.0, -1.0])))
    center, context, lowest = objective.factorization(seen, dimensions=dimensions)
    assert center.shape == context.shape == (len(seen), dimensions)
    assert objective.value(center @ context.T, seen) == pytest.approx(lowest, rel=1e-9, abs=1e-12)
    assert lowest == pytest.approx(
        (np.linalg.svd(objective.optimum(seen)[0], compute_uv=False)[dimensions:] ** 2).sum(), rel=1e-9, abs=1e-12
    )
    slope = objective.gradient(center @ context.T, seen)
    for part in matrix_gradient(slope, center, context):  # a stationary point
        assert np.abs(part).max() < 1e-11
    others = data.draw(matrices((2, len(seen), dimensions), st.floats(-2, 2)))
    assert objective.value(others[0] @ others[1].T, seen) >= lowest - 1e-9
    near = center + 1e-2 * others[0], context + 1e-2 * others[1]
    assert objective.value(near[0] @ near[1].T, seen) >= lowest - 1e-9
    if dimensions == len(seen):
        assert lowest == 0


# What is refused

ONES = np.ones((2, 2))
NOISE = np.array([0.5, 0.5])


@pytest.mark.parametrize(
    ("call", "kind", "said"),
    [
        (lambda: Softmax().value(ONES, -ONES), SettingsError,
         r"expected seen to be finite numbers ≥ 0, got -1 at \(0, 0\); count again, or mend them"),
        (lambda: conditional_entropy(np.array([[1.0, np.inf]])), SettingsError, r"got inf at \(0, 1\)"),
        (lambda: mean_divergence(ONES, 0 * ONES), SettingsError,
         "expected seen to hold at least one pair, got counts that are all 0; count a longer text"),
        (lambda: ShiftedPmi().optimum(0 * ONES), SettingsError, "at least one pair"),
        (lambda: Sampling(NOISE, negatives=1).value(ONES, 0 * ONES), SettingsError, "at least one pair"),
        (lambda: Glove().value(ONES, np.ones((2, 3))), ShapeError, r"scores of shape \(2, 3\), got shape \(2, 2\)"),
        (lambda: Softmax().gradient(np.ones(4), ONES), ShapeError, r"scores of shape \(2, 2\), got shape \(4,\)"),
        (lambda: Softmax().value(ONES, scipy.sparse.csr_matrix(ONES)), SettingsError,
         r"expected seen to be a dense array of real numbers, got csr_matrix that is none; pass one \(of a sparse"),
        (lambda: unigram_loss(1j * ONES), SettingsError, "got ndarray that is none"),
        (lambda: Glove().value(np.nan * ONES, ONES), SettingsError,
         r"expected scores to be numbers, got NaN at \(0, 0\); look for what overflowed before"),
        (lambda: Softmax(offsets=np.array([0.0, -np.inf])), SettingsError,
         "expected finite offsets, got -inf; leave out words that no text can hold"),
        (lambda: Softmax(offsets=np.zeros(3)).value(ONES, ONES), ShapeError,
         r"offsets of shape \(2,\), got shape \(3,\)"),
        (lambda: Sampling(np.array([0.5, 0.6]), negatives=1), SettingsError,
         "expected noise that sums to 1, got a sum of 1.1; divide it by its sum"),
        (lambda: Sampling(np.array([1.5, -0.5]), negatives=1), SettingsError,
         r"noise to be finite numbers ≥ 0, got -0.5 at \(1\)"),
        (lambda: Sampling(NOISE, negatives=0), SettingsError, "negatives to be a whole number ≥ 1, got 0"),
        (lambda: Sampling(NOISE, negatives=1, collisions="avoid"), SettingsError,
         "collisions to be 'allow' or 'skip' or 'resample', got 'avoid'; choose one of them"),
        (lambda: Sampling(np.ones(1), negatives=1).value(ONES, ONES), ShapeError, r"noise of shape \(2,\)"),
        (lambda: expected_noise(ONES, np.array([0.0, 1.0]), negatives=1, collisions="resample"), SettingsError,
         "expected noise with another word to resample, got noise that is always word 1, which is seen as well; "
         "choose 'allow' or 'skip'"),
        (lambda: sampling_reading(ONES, np.array([0.0, 1.0]), negatives=1), SettingsError,
         "expected noise that can be any word, got a probability of 0; leave that word out"),
        (lambda: sampling_reading(np.ones((1, 1)), np.ones(1), negatives=1, collisions="resample"), SettingsError,
         "expected noise that can be any word, and never one alone, got a probability of 1"),
        (lambda: corpus_loss(ONES, ONES, -ONES), SettingsError, "drawn to be finite numbers ≥ 0"),
        (lambda: optimal_scores(ONES, np.ones((2, 1))), ShapeError, r"drawn of shape \(2, 2\)"),
        (lambda: Glove(cutoff=0), SettingsError, "cutoff to be a finite number > 0, got 0"),
        (lambda: Glove(power=-1), SettingsError, "power to be a finite number ≥ 0, got -1"),
        (lambda: ShiftedPmi(shift=math.nan), SettingsError, "expected shift to be a finite number, got nan"),
        (lambda: ShiftedPmi().factorization(ONES, dimensions=3), SettingsError,
         "dimensions to be a whole number from 1 to 2, got 3"),
        (lambda: matrix_gradient(ONES, ONES, np.ones((2, 1))), ShapeError, r"context_matrix of shape \(2, 2\)"),
        (lambda: matrix_gradient(ONES, np.ones((3, 1)), ONES), ShapeError, r"center_matrix of shape \(2, any\)"),
        (lambda: bias_gradient(np.ones(2)), ShapeError, r"score_gradient of shape \(any, any\), got shape \(2,\)"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(call, kind, said):
    with pytest.raises(kind, match=said):
        call()


def test_settings_cannot_be_changed_from_behind():
    noise, offsets = np.array([0.5, 0.5]), np.zeros(2)
    objectives = Sampling(noise, negatives=1), Softmax(offsets=offsets)
    noise[0] = offsets[0] = 9
    assert objectives[0].noise.tolist() == [0.5, 0.5]
    assert objectives[1].offsets.tolist() == [0, 0]
    for array in (objectives[0].noise, objectives[1].offsets):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1
