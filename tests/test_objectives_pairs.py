"""The objectives of a pair and of a window: values, gradients, twins, invariances, stability."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import firth
import naive_objectives as naive
from firth.errors import SettingsError, ShapeError
from firth.objectives import (
    check_gradient,
    glove_gradient,
    glove_loss,
    log_softmax,
    sampling_gradient,
    sampling_loss,
    softmax,
    softmax_gradient,
    softmax_loss,
    window_gradient,
    window_loss,
)
from firth.objectives.logistic import sigmoid, softplus

small = st.floats(-3, 3)
lengths = st.integers(1, 4)
huge_rows = arrays(np.float64, st.tuples(st.integers(1, 3), st.integers(1, 5)), elements=st.floats(-1e4, 1e4))


def vectors(*shape):
    return arrays(np.float64, shape, elements=small)


@st.composite
def softmax_pairs(draw):
    words, dimensions = draw(st.integers(1, 5)), draw(lengths)
    return draw(vectors(dimensions)), draw(st.integers(0, words - 1)), draw(vectors(words, dimensions))


@st.composite
def windows(draw):
    """Matrices, a centre, a window with repeated words, and noise with repeated words that may hit the context word."""
    words, dimensions = draw(st.integers(1, 4)), draw(st.integers(1, 3))
    ids = st.integers(0, words - 1)
    context_ids = draw(st.lists(ids, min_size=0, max_size=5))
    negatives = draw(st.integers(1, 4))
    noise_ids = draw(arrays(np.int64, (len(context_ids), negatives), elements=ids)) if draw(st.booleans()) else None
    matrices = draw(vectors(words, dimensions)), draw(vectors(words, dimensions))
    return *matrices, {"center_id": draw(ids), "context_ids": np.array(context_ids, int), "noise_ids": noise_ids}


# Softmax (invariants 1, 2, 3, 4)


@given(huge_rows, st.floats(-1e4, 1e4))
def test_softmax_is_a_distribution_that_a_constant_does_not_change(scores, constant):
    for dtype, tolerance in ((np.float64, 1e-15), (np.float32, 1e-6)):
        probabilities = softmax(scores.astype(dtype))
        assert probabilities.dtype == dtype
        assert np.isfinite(probabilities).all()
        assert np.allclose(probabilities.sum(axis=-1), 1, rtol=0, atol=4 * tolerance)
    # A score of 10⁴ plus a constant is rounded at 2⁻³⁸ or so, before any softmax sees it.
    assert np.allclose(softmax(scores + constant), softmax(scores), rtol=0, atol=1e-11)
    assert np.allclose(np.exp(log_softmax(scores)), softmax(scores), rtol=0, atol=1e-15)


def test_softmax_takes_any_shape_and_any_number_type():
    scores = np.arange(24).reshape(2, 3, 4)
    assert softmax(scores).dtype == softmax(scores.astype(np.float16)).dtype == np.float64
    assert np.array_equal(softmax(scores)[1, 2], softmax(scores[1, 2]))
    assert log_softmax(scores.astype(np.float32)).dtype == np.float64
    assert np.array_equal(softmax(np.array([-np.inf, 0.0])), [0, 1])
    assert np.array_equal(log_softmax(np.array([-np.inf, 0.0])), [-np.inf, 0])
    assert softmax(np.zeros((0, 3))).shape == (0, 3)


@pytest.mark.parametrize("scores", [[np.nan, 1.0], [np.inf, 1.0], [-np.inf, -np.inf]])
@pytest.mark.parametrize("function", [softmax, log_softmax])
def test_rows_that_have_no_softmax_are_refused(function, scores):
    said = r"expected scores with a finite largest one in each row, got a row whose largest is (nan|inf|-inf); look for"
    with pytest.raises(SettingsError, match=said):
        function(np.array([[0.0, 0.0], scores]))


@pytest.mark.parametrize(
    ("shape", "said"), [((), r"shape \(any,\), got shape \(\)"), ((2, 0), r"shape \(2, 1\), got shape \(2, 0\)")]
)
def test_scores_without_words_are_refused(shape, said):
    with pytest.raises(ShapeError, match=said):
        softmax(np.zeros(shape))


@given(softmax_pairs())
def test_softmax_loss_is_the_cross_entropy_with_a_one_hot_vector(pair):
    center, word, matrix = pair
    scores = matrix @ center
    loss = softmax_loss(center, word, matrix)
    one_hot = np.arange(len(matrix)) == word
    assert loss == pytest.approx(-(one_hot * np.log(softmax(scores))).sum(), abs=1e-12)
    assert loss == pytest.approx(np.log(np.exp(scores).sum()) - scores[word], abs=1e-12)
    assert loss == pytest.approx(naive.softmax_loss(*pair), abs=1e-12)
    assert loss >= 0


@given(softmax_pairs())
def test_softmax_gradient_is_that_of_its_loss_and_of_its_twin(pair):
    center, word, matrix = pair
    by_center, by_context = softmax_gradient(*pair)
    check_gradient(lambda x: softmax_loss(x, word, matrix), by_center, center)
    check_gradient(lambda x: softmax_loss(center, word, x), by_context, matrix)
    for ours, twin in zip((by_center, by_context), naive.softmax_gradient(*pair), strict=True):
        assert np.allclose(ours, twin, rtol=0, atol=1e-13)


@given(softmax_pairs())
def test_softmax_gradient_has_rank_one_and_columns_that_sum_to_nothing(pair):
    center, word, matrix = pair
    by_center, by_context = softmax_gradient(*pair)
    errors = softmax(matrix @ center) - (np.arange(len(matrix)) == word)
    assert np.allclose(by_center, matrix.T @ errors, rtol=0, atol=1e-14)
    assert np.allclose(by_context.sum(axis=0), 0, atol=1e-14)
    singular = np.linalg.svd(by_context, compute_uv=False)
    assert np.all(singular[1:] <= 1e-14 * (1 + singular[0]))
    assert singular[0] == pytest.approx(np.linalg.norm(errors) * np.linalg.norm(center), abs=1e-13)


def test_softmax_of_a_sure_pair_is_exact():
    matrix = np.array([[25.0], [-25.0]])
    assert softmax_loss(np.ones(1), 0, matrix) == pytest.approx(math.exp(-50), rel=1e-14)
    assert softmax_loss(np.ones(1), 1, matrix) == 50.0
    assert softmax_loss(np.array([1e4]), 1, matrix) == 5e5
    assert math.copysign(1, softmax_loss(np.ones(1), 0, np.ones((1, 1)))) == 1  # 0, and not −0


# Negative sampling (invariants 3, 5, 6)


@given(st.data())
def test_sampling_equals_its_twin(data):
    dimensions, negatives = data.draw(lengths), data.draw(lengths)
    arguments = [data.draw(vectors(*shape)) for shape in ((dimensions,), (dimensions,), (negatives, dimensions))]
    assert sampling_loss(*arguments) == pytest.approx(naive.sampling_loss(*arguments), rel=1e-12)
    for ours, twin in zip(sampling_gradient(*arguments), naive.sampling_gradient(*arguments), strict=True):
        assert np.allclose(ours, twin, rtol=0, atol=1e-13)


@given(st.floats(-1000, 1000))
def test_logistic_function_is_stable(x):
    assert float(sigmoid(x) + sigmoid(-x)) == pytest.approx(1, abs=1e-15)
    assert -float(softplus(-x)) == pytest.approx(min(x, 0.0) - math.log1p(math.exp(-abs(x))), rel=1e-15)


@pytest.mark.parametrize("score", [1e4, -1e4, 1e300, -1e300])
def test_sampling_is_finite_for_any_score(score):
    loss = sampling_loss(np.array([1.0]), np.array([score]), np.array([[score], [-score]]))
    assert loss == pytest.approx(max(-score, 0) + abs(score), rel=1e-12)
    assert all(np.isfinite(part).all() for part in sampling_gradient(np.ones(1), np.array([score]), np.ones((1, 1))))


# GloVe (invariant 3)

glove_settings = st.fixed_dictionaries(
    {
        "center_bias": small,
        "context_bias": small,
        "count": st.one_of(st.just(0), st.integers(1, 200), st.floats(0.01, 200)),
        "cutoff": st.sampled_from([1, 10.0, 100]),
        "power": st.sampled_from([0, 0.5, 0.75, 1]),
    }
)


@given(st.data())
def test_glove_gradient_is_that_of_its_loss_and_of_its_twin(data):
    dimensions, given_settings = data.draw(lengths), data.draw(glove_settings)
    center, context = data.draw(vectors(dimensions)), data.draw(vectors(dimensions))
    twin = {**given_settings}
    assert glove_loss(center, context, **given_settings) == pytest.approx(
        naive.glove_loss(center, context, **twin), rel=1e-12, abs=1e-12
    )
    gradients = glove_gradient(center, context, **given_settings)
    for ours, other in zip(gradients, naive.glove_gradient(center, context, **twin), strict=True):
        assert np.allclose(ours, other, rtol=1e-12, atol=1e-12)
    check_gradient(lambda x: glove_loss(x, context, **given_settings), gradients[0], center)
    check_gradient(lambda x: glove_loss(center, x, **given_settings), gradients[1], context)
    for name, slope in zip(("center_bias", "context_bias"), gradients[2:], strict=True):
        function = lambda x, name=name: glove_loss(center, context, **given_settings | {name: float(x[0])})
        check_gradient(function, np.array([slope]), np.array([given_settings[name]]))


# A window (invariants 3, 5, 7)


@given(windows())
def test_window_gradient_is_that_of_its_loss_and_of_its_twin(window):
    center, context, ids = window
    by_center, by_context = window_gradient(center, context, **ids)
    check_gradient(lambda x: window_loss(x, context, **ids), by_center, center)
    check_gradient(lambda x: window_loss(center, x, **ids), by_context, context)
    for ours, twin in zip((by_center, by_context), naive.window_gradient(center, context, **ids), strict=True):
        assert np.allclose(ours, twin, rtol=0, atol=1e-12)
    assert not np.delete(by_center, ids["center_id"], axis=0).any()


@given(windows())
def test_a_window_is_the_sum_of_its_pairs(window):
    center, context, ids = window
    loss, gradients = 0.0, [np.zeros_like(center), np.zeros_like(context)]
    for place in range(len(ids["context_ids"])):
        noise = None if ids["noise_ids"] is None else ids["noise_ids"][place : place + 1]
        one = ids | {"context_ids": ids["context_ids"][place : place + 1], "noise_ids": noise}
        loss += window_loss(center, context, **one)
        for whole, part in zip(gradients, window_gradient(center, context, **one), strict=True):
            whole += part
    assert window_loss(center, context, **ids) == pytest.approx(loss, rel=1e-12)
    for ours, other in zip(window_gradient(center, context, **ids), gradients, strict=True):
        assert np.allclose(ours, other, rtol=0, atol=1e-12)


@given(windows(), st.randoms(use_true_random=False))
def test_the_order_of_a_window_changes_nothing(window, random):
    center, context, ids = window
    order = list(range(len(ids["context_ids"])))
    random.shuffle(order)
    noise = None if ids["noise_ids"] is None else ids["noise_ids"][order]
    other = ids | {"context_ids": ids["context_ids"][order], "noise_ids": noise}
    assert window_loss(center, context, **other) == pytest.approx(window_loss(center, context, **ids), rel=1e-12)
    for ours, theirs in zip(
        window_gradient(center, context, **other), window_gradient(center, context, **ids), strict=True
    ):
        assert np.allclose(ours, theirs, rtol=0, atol=1e-12)


@given(vectors(1, 2), vectors(3, 2), st.integers(0, 6))
def test_a_negative_drawn_m_times_has_m_times_the_gradient(center, context, times):
    def by_context(noise):
        ids = {"center_id": 0, "context_ids": [0], "noise_ids": np.array([noise], int).reshape(1, -1)}
        return window_gradient(center, context, **ids)[1]

    none, once = by_context([]), by_context([2])
    assert np.allclose(by_context([2] * times) - none, times * (once - none), rtol=0, atol=1e-12)
    # A collision that was allowed: the word gets both of its parts.
    both = by_context([0])[0]
    score = float(center[0] @ context[0])
    assert np.allclose(both, (-sigmoid(-score) + sigmoid(score)) * center[0], rtol=0, atol=1e-12)


@given(windows())
def test_float32_is_computed_in_float64(window):
    center, context, ids = window
    single = center.astype(np.float32), context.astype(np.float32)
    double = single[0].astype(np.float64), single[1].astype(np.float64)
    assert window_loss(*single, **ids) == window_loss(*double, **ids)
    for ours, other in zip(window_gradient(*single, **ids), window_gradient(*double, **ids), strict=True):
        assert ours.dtype == np.float64
        assert np.array_equal(ours, other)


WORDS = {"center_id": 0, "context_ids": [1], "noise_ids": None}


@pytest.mark.parametrize(
    ("call", "kind", "said"),
    [
        (lambda: softmax_loss(np.zeros(2), 3, np.zeros((3, 2))), SettingsError,
         "context_id to be a whole number from 0 to 2, got 3"),
        (lambda: softmax_loss(np.zeros(2), -1, np.zeros((3, 2))), SettingsError, "from 0 to 2, got -1; choose"),
        (lambda: softmax_loss(np.zeros(2), 0, np.zeros((3, 1))), ShapeError, r"context_matrix of shape \(any, 2\)"),
        (lambda: glove_loss(np.zeros(2), np.zeros(3), center_bias=0, context_bias=0, count=1), ShapeError,
         r"context of shape \(2,\), got shape \(3,\)"),
        (
            lambda: glove_loss(np.zeros(1), np.zeros(1), center_bias=math.nan, context_bias=0, count=1),
            SettingsError,
            "expected center_bias to be a finite number, got nan; pass center_bias as such a number",
        ),
        (
            lambda: glove_gradient(np.zeros(1), np.zeros(1), center_bias=0, context_bias=0, count=-1),
            SettingsError,
            "expected count to be a finite number ≥ 0, got -1; choose count within this range",
        ),
        (lambda: glove_gradient(np.zeros(1), np.zeros(1), center_bias=0, context_bias=0, count=1, cutoff=0),
         SettingsError, "expected cutoff to be a finite number > 0, got 0"),
        (lambda: window_loss(np.zeros((2, 2)), np.zeros((2, 3)), **WORDS), ShapeError, r"shape \(any, 2\), got"),
        (lambda: window_loss(np.zeros((2, 2)), np.zeros((2, 2)), **WORDS | {"context_ids": [2]}), SettingsError,
         "context_ids to be whole numbers from 0 to 1, got int64 from 2 to 2; pass rows of the context matrix"),
        (lambda: window_loss(np.zeros((2, 2)), np.zeros((2, 2)), **WORDS | {"context_ids": [-1]}), SettingsError,
         "got int64 from -1 to -1"),
        (lambda: window_loss(np.zeros((2, 2)), np.zeros((2, 2)), **WORDS | {"context_ids": [0.5]}), SettingsError,
         "got float64 from 0.5 to 0.5"),
        (lambda: window_loss(np.zeros((2, 2)), np.zeros((2, 2)), **WORDS | {"noise_ids": [[0], [1]]}), ShapeError,
         r"noise_ids of shape \(1, any\), got shape \(2, 1\)"),
        (lambda: window_gradient(np.zeros((2, 2)), np.zeros((2, 2)), **WORDS | {"center_id": 2}), SettingsError,
         "center_id to be a whole number from 0 to 1, got 2"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(call, kind, said):
    with pytest.raises(kind, match=said):
        call()


def test_the_check_of_gradients_is_public():
    assert firth.check_gradient is check_gradient
