"""The Huffman tree: its twin, the least cost, and what a code must be."""

import heapq
import importlib.util
import math
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import naive_bags as naive
from firth.errors import SettingsError, ShapeError
from firth.objectives import HuffmanTree

counts = st.lists(st.integers(1, 30), min_size=1, max_size=40)  # few numbers, many ties
any_counts = st.lists(st.integers(1, 2**62), min_size=1, max_size=40)


def lengths_of(tree):
    return np.diff(tree.starts)


def told(tree):
    """Return the paths in the form of the slow twin."""
    return [[tuple(map(int, step)) for step in zip(*tree.path(word), strict=True)] for word in range(tree.words)]


def cost_of(tree, weights):
    return sum(int(length) * count for length, count in zip(lengths_of(tree), weights, strict=True))


@given(st.one_of(counts, any_counts))
def test_a_tree_is_that_of_its_slow_twin_in_every_tie(weights):
    assert told(HuffmanTree.of(weights)) == naive.huffman_paths(weights)


@given(st.lists(st.integers(1, 20), min_size=1, max_size=7))
def test_no_binary_tree_costs_less(weights):
    assert cost_of(HuffmanTree.of(weights), weights) == naive.least_cost(weights)


@given(st.one_of(counts, any_counts))
def test_it_costs_what_a_heap_says(weights):
    heap, cost = sorted(weights), 0
    while len(heap) > 1:
        merged = heapq.heappop(heap) + heapq.heappop(heap)
        cost += merged
        heapq.heappush(heap, merged)
    assert cost_of(HuffmanTree.of(weights), weights) == cost


@given(st.one_of(counts, any_counts))
def test_codes_are_complete_and_none_begins_another(weights):
    tree = HuffmanTree.of(weights)
    codes = sorted("".join(map(str, tree.path(word)[1])) for word in range(tree.words))
    assert sum(Fraction(1, 2 ** len(code)) for code in codes) == 1  # Kraft: no code could be shorter, none is missing
    assert not any(other.startswith(code) for code, other in pairwise(codes))


@given(any_counts)
def test_a_word_takes_less_than_a_bit_more_than_the_entropy(weights):
    total = sum(weights)
    entropy = -sum(count / total * math.log2(count / total) for count in weights)
    mean = cost_of(HuffmanTree.of(weights), weights) / total
    assert entropy - 1e-9 <= mean
    assert mean < entropy + 1 + 1e-9


@given(counts)
def test_nodes_are_numbered_from_the_root_downwards(weights):
    tree = HuffmanTree.of(weights)
    used = np.zeros((tree.inner_nodes, 2), int)
    for word in range(tree.words):
        nodes, codes = tree.path(word)
        assert np.all(np.diff(nodes) < 0)
        assert len(nodes) == 0 or nodes[0] == tree.words - 2
        used[nodes, codes] += 1
    assert np.all(used > 0)  # every node has something on both sides


@given(st.sets(st.integers(0, 39), min_size=1), st.randoms())
def test_the_order_of_words_changes_nothing_but_their_names(exponents, random):
    weights = [3**exponent for exponent in exponents]  # no sum of some equals one of others: no ties
    shuffled = random.sample(weights, len(weights))
    paths = dict(zip(weights, told(HuffmanTree.of(weights)), strict=True))
    assert told(HuffmanTree.of(shuffled)) == [paths[weight] for weight in shuffled]


def test_the_smallest_trees():
    alone, pair = HuffmanTree.of([3]), HuffmanTree.of([1, 2])
    assert (alone.words, alone.inner_nodes, told(alone)) == (1, 0, [[]])
    assert (pair.words, pair.inner_nodes, told(pair)) == (2, 1, [[(0, 0)], [(0, 1)]])


def test_arrays_are_small_and_can_not_be_written_to():
    tree = HuffmanTree.of(np.array([4, 4, 4], np.uint32))
    assert [array.dtype for array in (tree.starts, tree.nodes, tree.codes)] == [np.int64, np.int32, np.int8]
    assert tree.starts[-1] == len(tree.nodes) == len(tree.codes) == 5
    for array in (tree.starts, tree.nodes, tree.codes):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


def test_fibonacci_counts_make_the_deepest_tree_and_equal_ones_the_flattest():
    fibonacci = [1, 1]
    while len(fibonacci) < 88:
        fibonacci.append(fibonacci[-1] + fibonacci[-2])
    assert lengths_of(HuffmanTree.of(fibonacci)).max() == 87
    assert lengths_of(HuffmanTree.of(np.full(64, 2**62))).tolist() == [6] * 64  # the sum needs 68 bits


def test_paths_of_as_many_words_as_a_large_corpus_has():
    weights = np.maximum(1, 10**7 // np.arange(1, 100_001))
    tree = HuffmanTree.of(weights)
    assert Fraction(int(np.sum(2.0 ** (40 - lengths_of(tree)))), 2**40) == 1
    entropy = -(weights / weights.sum() * np.log2(weights / weights.sum())).sum()
    assert entropy <= (lengths_of(tree) * weights).sum() / weights.sum() < entropy + 0.1


@pytest.mark.parametrize(
    ("weights", "error", "said"),
    [
        ([], SettingsError, "expected the count of at least one word, got none; read a text with words in it"),
        ([2, 0], SettingsError, "expected counts to be whole numbers ≥ 1, got int64 from 0; leave out words that"),
        ([2, -1], SettingsError, "got int64 from -1"),
        ([2.0, 1.5], SettingsError, "got float64 from 1.5"),
        ([math.nan], SettingsError, "got float64 from nan"),
        ([True, True], SettingsError, "got bool from True"),
        ([[1, 2]], ShapeError, r"expected counts of shape \(any,\), got shape \(1, 2\)"),
    ],
)
def test_counts_that_make_no_tree_are_refused(weights, error, said):
    with pytest.raises(error, match=said):
        HuffmanTree.of(weights)


@pytest.mark.parametrize("word", [-1, 2, 0.5])
def test_a_word_that_is_not_there_has_no_path(word):
    with pytest.raises(SettingsError, match="expected word to be a whole number from 0 to 1, got"):
        HuffmanTree.of([1, 1]).path(word)


@pytest.mark.skipif(importlib.util.find_spec("gensim") is None, reason="gensim is not installed")
@pytest.mark.filterwarnings("ignore")
def test_gensim_has_the_same_tree():
    from gensim.models import Word2Vec

    random = np.random.default_rng(1)
    weights = {f"w{word}": int(2 ** random.uniform(20, 50)) for word in range(500)}  # no ties
    model = Word2Vec(hs=1, negative=0, vector_size=2, min_count=1)
    model.build_vocab_from_freq(weights)
    words = model.wv
    tree = HuffmanTree.of([words.get_vecattr(word, "count") for word in words.index_to_key])
    for word, name in enumerate(words.index_to_key):
        nodes, codes = tree.path(word)
        assert np.array_equal(words.get_vecattr(name, "point"), nodes)
        assert np.array_equal(words.get_vecattr(name, "code"), codes)
