"""Hierarchical softmax: of a pair and from counts, against its twin, the full softmax and the bound of both."""

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import naive_bags as naive
import naive_objectives
from firth.errors import SettingsError, ShapeError
from firth.objectives import (
    Hierarchical,
    HuffmanTree,
    Softmax,
    branch_counts,
    check_gradient,
    conditional_entropy,
    hierarchical_gradient,
    hierarchical_loss,
    hierarchical_reading,
    matrix_gradient,
    mean_divergence,
    softmax,
)

small = st.floats(-3, 3)
count = st.one_of(st.just(0.0), st.integers(1, 30).map(float), st.floats(0.01, 300))
weights = st.lists(st.integers(1, 30), min_size=1, max_size=6)


def matrices(*shape, elements=small):
    return arrays(np.float64, shape, elements=elements)


@st.composite
def pairs(draw):
    """A centre, a word, the matrix of inner nodes and the tree; and the word's path by the slow twin."""
    counts, dimensions = draw(weights), draw(st.integers(1, 3))
    word = draw(st.integers(0, len(counts) - 1))
    center, nodes = draw(matrices(dimensions)), draw(matrices(len(counts) - 1, dimensions))
    return (center, word, nodes, HuffmanTree.of(counts)), naive.huffman_paths(counts)[word]


@st.composite
def problems(draw, cell=count):
    """A tree, counts, scores at its nodes."""
    counts, rows = draw(weights), draw(st.integers(1, 3))
    seen = draw(matrices(rows, len(counts), elements=cell))
    assume(seen.sum() > 0)
    return HuffmanTree.of(counts), seen, draw(matrices(rows, len(counts) - 1))


# Of a pair


@given(pairs())
def test_loss_and_gradient_equal_their_twins(pair):
    (center, word, nodes, tree), path = pair
    loss = hierarchical_loss(center, word, nodes, tree)
    assert loss == pytest.approx(naive.path_loss(center, path, nodes), abs=1e-12)
    assert loss >= 0
    by_center, by_nodes = hierarchical_gradient(center, word, nodes, tree)
    twin_center, twin_nodes = naive.path_gradient(center, path, nodes)
    assert np.allclose(by_center, twin_center, rtol=0, atol=1e-13)
    assert np.allclose(by_nodes, np.reshape(twin_nodes, nodes.shape), rtol=0, atol=1e-13)


@given(pairs())
def test_gradient_is_that_of_the_loss(pair):
    (center, word, nodes, tree), _ = pair
    by_center, by_nodes = hierarchical_gradient(center, word, nodes, tree)
    check_gradient(lambda x: hierarchical_loss(x, word, nodes, tree), by_center, center)
    check_gradient(lambda x: hierarchical_loss(center, word, x, tree), by_nodes, nodes)


@given(pairs())
def test_probabilities_of_all_words_sum_to_one(pair):
    (center, _, nodes, tree), _ = pair
    chances = [math.exp(-hierarchical_loss(center, word, nodes, tree)) for word in range(tree.words)]
    assert sum(chances) == pytest.approx(1, abs=1e-12)
    assert np.allclose(np.exp(hierarchical_reading((nodes @ center)[None], tree))[0], chances, rtol=0, atol=1e-13)


@given(matrices(2, elements=small), matrices(1, 2, elements=small))
def test_two_words_are_a_softmax_of_one_score_and_none(center, nodes):
    tree = HuffmanTree.of([1, 1])
    left = next(word for word in range(2) if tree.path(word)[1][0] == 0)
    chance = math.exp(-hierarchical_loss(center, left, nodes, tree))
    assert chance == pytest.approx(softmax(np.array([nodes[0] @ center, 0.0]))[0], abs=1e-13)


def test_a_word_alone_is_certain():
    tree = HuffmanTree.of([4])
    center, nodes = np.ones(2), np.zeros((0, 2))
    assert hierarchical_loss(center, 0, nodes, tree) == 0
    by_center, by_nodes = hierarchical_gradient(center, 0, nodes, tree)
    assert by_center.tolist() == [0, 0]
    assert by_nodes.shape == (0, 2)
    scores, best = np.zeros((2, 0)), Hierarchical(tree).optimum(np.ones((2, 1)))
    assert np.array_equal(hierarchical_reading(scores, tree), np.zeros((2, 1)))
    assert best[0].shape == (2, 0)
    assert best[1] == Hierarchical(tree).value(scores, np.ones((2, 1))) == 0


def test_no_score_is_clipped_and_none_overflows():
    tree = HuffmanTree.of([1, 1])
    (first,), (second,) = (tree.path(word)[1] for word in range(2))
    assert {int(first), int(second)} == {0, 1}
    for score in (8.0, 1000.0):
        right = next(word for word in range(2) if tree.path(word)[1][0] == 1)
        pair = np.array([score]), right, np.ones((1, 1)), tree
        assert hierarchical_loss(*pair) == pytest.approx(score, rel=1e-3)
        assert hierarchical_gradient(*pair)[0][0] == pytest.approx(1, rel=1e-3)  # word2vec.c: no gradient beyond 6
    exact = hierarchical_loss(np.array([50.0]), 1 - right, np.ones((1, 1)), tree)
    assert exact == pytest.approx(math.exp(-50), rel=1e-14)


# From counts


@given(problems())
def test_value_is_the_mean_over_pairs_and_the_loss_of_its_reading(problem):
    tree, seen, scores = problem
    value = Hierarchical(tree).value(scores, seen)
    addends = [
        n * naive.path_loss([1.0], [tuple(step) for step in zip(*tree.path(o), strict=True)], scores[c][:, None])
        for c, o, n in naive_objectives.cells(seen)
    ]
    assert value == pytest.approx(sum(addends) / seen.sum(), rel=1e-10, abs=1e-12)
    assert value == pytest.approx(Softmax().value(hierarchical_reading(scores, tree), seen), rel=1e-10, abs=1e-12)


@given(problems())
def test_branches_are_those_of_the_words_below(problem):
    tree, seen, _ = problem
    left, right = branch_counts(seen, tree)
    expected = np.zeros((2, *left.shape))
    for c, o, n in naive_objectives.cells(seen):
        for node, code in zip(*tree.path(o), strict=True):
            expected[code, c, node] += n
    assert np.allclose([left, right], expected, rtol=1e-14, atol=0)
    if tree.inner_nodes:
        assert np.allclose((left + right)[:, -1], seen.sum(axis=1), rtol=1e-14)


@given(problems())
def test_gradient_is_that_of_the_value_by_scores_and_by_vectors(problem):
    tree, seen, scores = problem
    objective = Hierarchical(tree)
    check_gradient(lambda x: objective.value(x, seen), objective.gradient(scores, seen), scores)
    center, nodes = np.linspace(-1, 1, 2 * len(seen)).reshape(-1, 2), np.ones((tree.inner_nodes, 2)) / 2
    by_center, by_nodes = matrix_gradient(objective.gradient(center @ nodes.T, seen), center, nodes)
    check_gradient(lambda x: objective.value(x @ nodes.T, seen), by_center, center)
    check_gradient(lambda x: objective.value(center @ x.T, seen), by_nodes, nodes)


@given(problems())
def test_gradient_by_vectors_is_the_sum_over_pairs(problem):
    tree, seen, _ = problem
    center, nodes = np.linspace(-1, 1, 2 * len(seen)).reshape(-1, 2), np.ones((tree.inner_nodes, 2)) / 2
    slope = Hierarchical(tree).gradient(center @ nodes.T, seen) * seen.sum()
    by_center, by_nodes = matrix_gradient(slope, center, nodes)
    for c, o, n in naive_objectives.cells(seen):
        of_center, of_nodes = hierarchical_gradient(center[c], o, nodes, tree)
        by_center[c] -= n * of_center
        by_nodes -= n * of_nodes
    assert np.abs(by_center).max() < 1e-10 * seen.sum()
    assert by_nodes.size == 0 or np.abs(by_nodes).max() < 1e-10 * seen.sum()


@given(problems())
def test_the_lowest_value_is_the_bound_of_every_model(problem):
    tree, seen, scores = problem
    objective = Hierarchical(tree)
    best, lowest = objective.optimum(seen)
    bound = conditional_entropy(seen)
    assert lowest == pytest.approx(bound, rel=1e-10, abs=1e-12)
    assert objective.value(best, seen) == pytest.approx(bound, rel=1e-10, abs=1e-12)
    assert objective.value(scores, seen) >= bound - 1e-12
    reading = np.exp(hierarchical_reading(best, tree))
    known = seen.sum(axis=1) > 0
    assert np.allclose(reading.sum(axis=1), 1, atol=1e-12)
    assert np.allclose(reading[known], (seen / np.maximum(seen.sum(axis=1, keepdims=True), 1e-300))[known], atol=1e-12)


@given(problems(cell=st.floats(0.1, 10)))
def test_the_optimum_of_a_node_is_the_logarithm_of_its_branches(problem):
    tree, seen, scores = problem
    objective = Hierarchical(tree)
    best, lowest = objective.optimum(seen)
    left, right = branch_counts(seen, tree)
    assert np.allclose(best, np.log(left / right), rtol=0, atol=1e-12)
    assert np.abs(objective.gradient(best, seen)).max(initial=0) < 1e-14
    gap = mean_divergence(hierarchical_reading(scores, tree), seen)
    assert gap == pytest.approx(objective.value(scores, seen) - lowest, rel=1e-8, abs=1e-12)
    assert mean_divergence(hierarchical_reading(best, tree), seen) < 1e-15


def test_counts_in_another_form_are_the_same():
    tree, seen = HuffmanTree.of([3, 2, 1]), [[3, 2, 1], [0, 0, 4]]
    scores = np.array([[0.5, -1.0], [2.0, 0.0]], np.float32)
    objective = Hierarchical(tree)
    assert objective.value(scores, seen) == objective.value(scores.astype(float), np.array(seen, np.uint8))


@pytest.mark.parametrize(
    ("call", "error", "said"),
    [
        (lambda tree: hierarchical_loss(np.zeros(2), 0, np.zeros((3, 2)), tree), ShapeError,
         r"expected node_matrix of shape \(2, 2\), got shape \(3, 2\)"),
        (lambda tree: hierarchical_loss(np.zeros((2, 2)), 0, np.zeros((2, 2)), tree), ShapeError,
         r"expected center of shape \(any,\), got shape \(2, 2\)"),
        (lambda tree: hierarchical_gradient(np.zeros(2), 3, np.zeros((2, 2)), tree), SettingsError,
         "expected context_id to be a whole number from 0 to 2, got 3"),
        (lambda tree: branch_counts(np.ones((2, 2)), tree), ShapeError,
         r"expected seen of shape \(any, 3\), got shape \(2, 2\)"),
        (lambda tree: branch_counts(np.full((1, 3), np.nan), tree), SettingsError,
         r"expected seen to be finite numbers ≥ 0, got nan at \(0, 0\)"),
        (lambda tree: hierarchical_reading(np.zeros((1, 3)), tree), ShapeError,
         r"expected scores of shape \(any, 2\), got shape \(1, 3\)"),
        (lambda tree: hierarchical_reading(np.full((1, 2), np.nan), tree), SettingsError,
         r"expected scores to be numbers, got NaN at \(0, 0\)"),
        (lambda tree: Hierarchical(tree).value(np.zeros((1, 2)), np.zeros((1, 3))), SettingsError,
         "expected seen to hold at least one pair, got counts that are all 0"),
        (lambda tree: Hierarchical(tree).gradient(np.zeros((1, 3)), np.ones((1, 3))), ShapeError,
         r"expected scores of shape \(1, 2\), got shape \(1, 3\)"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(call, error, said):
    with pytest.raises(error, match=said):
        call(HuffmanTree.of([1, 1, 1]))
