"""Bags of rows: three losses and two directions against their twins, and what a stream of bags has in expectation."""

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import naive
import naive_bags
from firth.errors import FirthError, SettingsError, ShapeError
from firth.objectives import (
    Example,
    HuffmanTree,
    bag_gradient,
    bag_loss,
    check_gradient,
    corpus_loss,
    corpus_score_gradient,
    expected_noise,
    matrix_gradient,
    sampling_gradient,
    sampling_loss,
    window_gradient,
    window_loss,
)
from firth.observations import Observations
from firth.randomness import stream_key
from naive_counts import expected_counts

LOSSES = ["sampling", "hierarchical", "softmax"]
losses = pytest.mark.parametrize("loss", LOSSES)
small = st.floats(-2, 2)
number = st.one_of(st.just(0.0), st.integers(1, 5).map(float), st.floats(0.1, 5))


def matrices(*shape):
    return arrays(np.float64, shape, elements=small)


@st.composite
def problems(draw, loss, sizes=(1, 4)):
    """Matrices, examples with repeated rows and noise that may hit the target, and the loss's settings."""
    words, rows, dimensions = draw(st.integers(1, 4)), draw(st.integers(1, 4)), draw(st.integers(1, 3))
    word = st.integers(0, words - 1)
    examples = []
    for _ in range(draw(st.integers(1, 3))):
        bag = draw(st.lists(st.integers(0, rows - 1), min_size=sizes[0], max_size=sizes[1]))
        noise = draw(st.lists(st.tuples(word, number), max_size=4))
        ids, times = [k for k, _ in noise], [w for _, w in noise]
        examples.append(Example(np.array(bag), draw(word), np.array(ids, int), np.array(times), draw(number)))
    tree = HuffmanTree.of(draw(arrays(int, words, elements=st.integers(1, 9)))) if loss == "hierarchical" else None
    outputs = draw(matrices(words - (tree is not None), dimensions))
    return (draw(matrices(rows, dimensions)), outputs, examples), {"loss": loss, "tree": tree}


def twin_settings(loss, tree):
    paths = tree and [list(zip(*map(np.ndarray.tolist, tree.path(w)), strict=True)) for w in range(tree.words)]
    return {"loss": loss, "paths": paths}


@losses
@given(st.data())
def test_loss_and_both_directions_equal_their_twins(loss, data):
    problem, settings = data.draw(problems(loss))
    twin = twin_settings(**settings)
    expected = naive_bags.bag_loss(*problem, **twin)
    assert bag_loss(*problem, **settings) == pytest.approx(expected, rel=1e-11, abs=1e-11)
    for kind in ("true", "historical"):
        pair = bag_gradient(*problem, **settings, gradient=kind)
        for ours, theirs in zip(pair, naive_bags.bag_gradient(*problem, **twin, gradient=kind), strict=True):
            assert np.allclose(ours, np.reshape(theirs, ours.shape), rtol=1e-11, atol=1e-11)


@losses
@given(st.data())
def test_the_true_gradient_is_that_of_the_loss(loss, data):
    (inputs, outputs, examples), settings = data.draw(problems(loss))
    by_input, by_output = bag_gradient(inputs, outputs, examples, **settings)
    check_gradient(lambda x: bag_loss(x, outputs, examples, **settings), by_input, inputs, tolerance=1e-5)
    check_gradient(lambda x: bag_loss(inputs, x, examples, **settings), by_output, outputs, tolerance=1e-5)


@losses
@given(st.data())
def test_the_historical_direction_goes_down_one_loss_with_the_inputs_and_another_with_the_outputs(loss, data):
    (inputs, outputs, examples), settings = data.draw(problems(loss))
    by_input, by_output = bag_gradient(inputs, outputs, examples, **settings, gradient="historical")
    weighed = [example._replace(weight=example.weight * len(example.rows)) for example in examples]
    assert np.allclose(by_input, bag_gradient(inputs, outputs, weighed, **settings)[0], rtol=1e-12, atol=1e-12)
    assert np.array_equal(by_output, bag_gradient(inputs, outputs, examples, **settings)[1])


@losses
@given(st.data())
def test_bags_of_one_row_have_one_direction(loss, data):
    problem, settings = data.draw(problems(loss, sizes=(1, 1)))
    pairs = (bag_gradient(*problem, **settings, gradient=kind) for kind in ("true", "historical"))
    for true, historical in zip(*pairs, strict=True):
        assert np.array_equal(true, historical)


def test_the_historical_direction_is_no_gradient():
    """A gradient's own derivative is symmetric; and of the loss it is not the gradient, which is found."""
    inputs, outputs = np.array([[0.3], [0.8]]), np.array([[0.5]])
    examples = [Example([0, 1], 0), Example([0], 0)]

    def direction(kind, x):
        by_input, by_output = bag_gradient(x[:2, None], x[2:, None], examples, gradient=kind)
        return np.concatenate([by_input, by_output]).ravel()

    point = np.concatenate([inputs, outputs]).ravel()
    for kind, is_gradient in (("true", True), ("historical", False)):
        columns = [(direction(kind, point + h) - direction(kind, point - h)) / 2e-5 for h in 1e-5 * np.eye(3)]
        assert np.allclose(columns, np.transpose(columns), rtol=0, atol=1e-9) is is_gradient
    wrong = bag_gradient(inputs, outputs, examples, gradient="historical")[0]
    with pytest.raises(FirthError, match=r"expected a slope of .* at coordinate \(0, 0\)"):
        check_gradient(lambda x: bag_loss(x, outputs, examples), wrong, inputs)


@given(st.data())
def test_a_bag_of_one_word_is_a_pair(data):
    (inputs, outputs, examples), _ = data.draw(problems("sampling", sizes=(1, 1)))
    rows, target, noise_ids, _, weight = examples[0]
    example = Example(rows, target, noise_ids, np.ones(len(noise_ids)), weight)
    pair = inputs[rows[0]], outputs[target], outputs[noise_ids]
    assert bag_loss(inputs, outputs, [example]) == pytest.approx(weight * sampling_loss(*pair), rel=1e-12)
    by_center, by_word, by_noise = (weight * part for part in sampling_gradient(*pair))
    by_input, by_output = bag_gradient(inputs, outputs, [example])
    by_output[target] -= by_word
    np.subtract.at(by_output, noise_ids, by_noise)
    assert np.allclose(by_input[rows[0]], by_center, rtol=0, atol=1e-12)
    assert np.abs(by_output).max() < 1e-12


@losses
@given(st.data())
def test_a_window_of_skip_gram_is_a_bag_for_each_of_its_words(loss, data):
    (inputs, outputs, _), settings = data.draw(problems("softmax" if loss == "softmax" else "sampling"))
    words, center = len(outputs), data.draw(st.integers(0, len(inputs) - 1))
    context = np.array(data.draw(st.lists(st.integers(0, words - 1), max_size=4)), int)
    noise = None if loss == "softmax" else np.zeros((len(context), 2), int)
    examples = [
        Example([center], target, *(() if noise is None else (noise[place], np.ones(2))))
        for place, target in enumerate(context)
    ]
    window = {"center_id": center, "context_ids": context, "noise_ids": noise}
    expected = window_loss(inputs, outputs, **window)
    assert bag_loss(inputs, outputs, examples, **settings) == pytest.approx(expected, rel=1e-12, abs=1e-12)
    pairs = bag_gradient(inputs, outputs, examples, **settings), window_gradient(inputs, outputs, **window)
    for ours, theirs in zip(*pairs, strict=True):
        assert np.allclose(ours, theirs, rtol=0, atol=1e-12)


@losses
@given(st.data())
def test_weights_are_repetitions_and_a_permuted_bag_is_the_same(loss, data):
    (inputs, outputs, examples), settings = data.draw(problems(loss))
    twice = [example._replace(weight=2.0, rows=example.rows[::-1]) for example in examples]
    again = [example._replace(weight=1.0) for example in examples] * 2
    assert bag_loss(inputs, outputs, twice, **settings) == pytest.approx(
        bag_loss(inputs, outputs, again, **settings), rel=1e-12
    )
    pairs = (bag_gradient(inputs, outputs, part, **settings, gradient="historical") for part in (twice, again))
    for ours, theirs in zip(*pairs, strict=True):
        assert np.allclose(ours, theirs, rtol=0, atol=1e-11)


def test_no_examples_no_loss_and_an_iterator_will_do():
    inputs = np.ones((2, 2), np.float32)
    assert bag_loss(inputs, inputs, []) == 0
    by_input, by_output = bag_gradient(inputs, inputs, iter([Example([1, 1], 0)]))
    assert by_input.dtype == by_output.dtype == np.float64
    assert by_input[1].tolist() == by_output[0].tolist() == pytest.approx([-1 / (1 + math.e**2)] * 2)


SOUND = Example([0, 1], 1, [0], [1.0])
TREE = HuffmanTree.of([1, 1, 1])


@pytest.mark.parametrize(
    ("changes", "error", "said"),
    [
        ({"rows": []}, SettingsError, "expected a bag of at least one row, got an empty one; leave the example out"),
        ({"rows": [0, 2]}, SettingsError, "expected rows to be whole numbers from 0 to 1, .*pass rows of the input"),
        ({"rows": [0.0]}, SettingsError, "expected rows to be whole numbers"),
        ({"rows": [[0]]}, ShapeError, r"expected rows of shape \(any,\), got shape \(1, 1\)"),
        ({"target": 3}, SettingsError, "expected target to be a whole number from 0 to 2, got 3"),
        ({"noise_ids": [3]}, SettingsError, "expected noise_ids to be whole numbers from 0 to 2, got"),
        ({"noise_weights": [1.0, 1.0]}, ShapeError, r"expected noise_weights of shape \(1,\), got shape \(2,\)"),
        ({"noise_weights": [-1.0]}, SettingsError, r"expected noise_weights to be finite numbers ≥ 0, got -1 at \(0\)"),
        ({"weight": math.nan}, SettingsError, "expected weight to be a finite number ≥ 0, got nan"),
    ],
)
def test_examples_that_can_not_be_are_refused(changes, error, said):
    for function in (bag_loss, bag_gradient):
        with pytest.raises(error, match=said):
            function(np.zeros((2, 2)), np.zeros((3, 2)), [SOUND, SOUND._replace(**changes)])


@pytest.mark.parametrize(
    ("outputs", "settings", "error", "said"),
    [
        ((3, 3), {}, ShapeError, r"expected output_matrix of shape \(any, 2\), got shape \(3, 3\)"),
        ((3, 2), {"loss": "hinge"}, SettingsError, "expected loss to be 'sampling' or 'hierarchical' or 'softmax'"),
        ((3, 2), {"loss": "hierarchical"}, SettingsError, "expected a tree for loss='hierarchical', got none; pass"),
        ((3, 2), {"tree": TREE}, SettingsError, "expected a tree with loss='hierarchical' alone, got one"),
        ((3, 2), {"loss": "hierarchical", "tree": TREE}, ShapeError, r"node_matrix of shape \(2, 2\), got shape \(3"),
    ],
)  # fmt: skip
def test_settings_that_do_not_fit_are_refused(outputs, settings, error, said):
    for function in (bag_loss, bag_gradient):
        with pytest.raises(error, match=said):
            function(np.zeros((2, 2)), np.zeros(outputs), [SOUND], **settings)
    with pytest.raises(SettingsError, match="expected gradient to be 'true' or 'historical', got 'wrong'"):
        bag_gradient(np.zeros((2, 2)), np.zeros((3, 2)), [SOUND], gradient="wrong")


# In expectation: the twin that trainers of bags are measured against

IDS = [0, 1, 2, 1, 0, -1, 3, 1, 0, -1]  # 8 words in two sentences
SENTENCES = [[0, 1, 2, 1, 0], [3, 1, 0]]
COUNTS = np.array([3, 3, 1, 1])
OBSERVED = [
    Observations(window=3, subsample=0),
    Observations(window=2, subsample=0.05),
    Observations(window=3, subsample=0.05, dropping="after", window_weights="fixed"),
    Observations(window=3, subsample=0.1, keep="paper", window_weights="harmonic"),
]
observed = pytest.mark.parametrize("observations", OBSERVED, ids=lambda o: f"{o.window_weights}-{o.dropping}")


def toy_matrices(rows):
    random = np.random.default_rng(1)
    return random.normal(size=(rows, 2)), random.normal(size=(len(COUNTS), 2))


@observed
@pytest.mark.parametrize("collisions", ["allow", "skip", "resample"])
def test_expected_bags_of_one_word_are_the_expected_counts(observations, collisions):
    keep, noise = observations.keep_probabilities(COUNTS), observations.noise_distribution(COUNTS)
    seen = expected_counts(SENTENCES, observations, keep)
    bags = naive_bags.expected_bags(SENTENCES, observations, keep, kind="pairs")
    found = np.zeros_like(seen)
    for ((center,), target), weight in bags.items():
        found[center, target] += weight
    assert np.allclose(found, seen, rtol=1e-12, atol=0)
    examples = naive_bags.expected_examples(bags, noise.tolist(), 5, collisions)
    drawn = expected_noise(seen, noise, negatives=5, collisions=collisions)
    center, context = toy_matrices(len(COUNTS))
    scores = center @ context.T
    assert bag_loss(center, context, examples) == pytest.approx(corpus_loss(scores, seen, drawn), rel=1e-12)
    expected = matrix_gradient(corpus_score_gradient(scores, seen, drawn), center, context)
    for ours, theirs in zip(bag_gradient(center, context, examples), expected, strict=True):
        assert np.allclose(ours, theirs, rtol=0, atol=1e-11)


def test_a_window_by_hand():
    """Words a b c, W = 2, dynamic: half-width 1 or 2, each with probability ½."""
    bags = naive_bags.expected_bags([[0, 1, 2]], Observations(window=2, subsample=0), [1, 1, 1], kind="window")
    assert bags == {((1,), 0): 0.5, ((1, 2), 0): 0.5, ((0, 2), 1): 1.0, ((1,), 2): 0.5, ((0, 1), 2): 0.5}
    bags = naive_bags.expected_bags([[0, 1]], Observations(window=2, subsample=0), [0.5, 1], kind="window")
    assert bags == {((1,), 0): 0.5, ((0,), 1): 0.5}  # alone, a word has no window
    bags = naive_bags.expected_bags([[0, 1]], Observations(window=1, subsample=0), [0.5, 1], kind="both")
    assert bags == {((1, 2), 0): 0.5, ((0, 2), 1): 0.5, ((2,), 1): 0.5}  # and with its document it does
    bags = naive_bags.expected_bags([[0], [0, 1]], Observations(window=1, subsample=0), [0.5, 1], kind="document")
    assert bags == {((2,), 0): 0.5, ((3,), 0): 0.5, ((3,), 1): 1.0}


@observed
def test_expected_windows_are_those_of_the_sampler(observations):
    """Each bag comes as often as it should, within 5 standard errors, over 4000 draws of the real random numbers."""
    draws, found, words = 4000, Counter(), np.array(IDS)
    for seed in range(draws):
        for _, word, near in naive.windows(words, observations, COUNTS, stream_key(seed, "keep", 0)):
            if near:
                found[tuple(sorted(int(words[p]) for p in near)), word] += 1
    keep = observations.keep_probabilities(COUNTS)
    bags = naive_bags.expected_bags(SENTENCES, observations, keep, kind="window")
    assert set(found) <= set(bags)
    assert len(bags) > 8
    for bag, weight in bags.items():
        # A bag can come more than once in a draw; its variance is at most that of copies that all come together.
        most = sum(word == bag[1] for word in IDS)
        assert abs(found[bag] / draws - weight) < 5 * math.sqrt(most * weight / draws) + 1e-12, bag


@losses
@pytest.mark.parametrize("kind", ["pairs", "window", "document", "both"])
def test_expected_gradients_are_those_of_the_expected_loss(kind, loss):
    observations = OBSERVED[1]
    noise = observations.noise_distribution(COUNTS).tolist()
    # Words have an n-gram: row 4 or 5. Documents are rows 6 and 7, after the words of a vocabulary of 6.
    keep = [*observations.keep_probabilities(COUNTS), 1, 1]
    bags = naive_bags.expected_bags(SENTENCES, observations, keep, kind=kind, rows_of=lambda word: [word, 4 + word % 2])
    examples = naive_bags.expected_examples(bags, noise, 5)
    inputs, outputs = toy_matrices(8)
    settings = {"loss": loss, "tree": HuffmanTree.of(COUNTS) if loss == "hierarchical" else None}
    outputs = outputs[: 3 if loss == "hierarchical" else 4]
    by_input, by_output = bag_gradient(inputs, outputs, examples, **settings)
    check_gradient(lambda x: bag_loss(x, outputs, examples, **settings), by_input, inputs)
    check_gradient(lambda x: bag_loss(inputs, x, examples, **settings), by_output, outputs)
    used = {row for example in examples for row in example.rows}
    assert used == set({"document": range(6, 8), "both": range(8)}.get(kind, range(6)))
