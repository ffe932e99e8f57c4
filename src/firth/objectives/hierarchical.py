"""Hierarchical softmax: a word as a path of yes-or-no questions, in float64.

Of one pair (centre c, context o), with the path of o in a tree of V − 1 inner nodes n, each with a vector u_n:

    P(o|c) = Π_{n on path of o} σ(s_n x_cn)        x_cn = u_n·v_c        s_n = 1 − 2 code_n        J = −log P(o|c)

σ(x) + σ(−x) = 1 at every node, so Σ_o P(o|c) = 1 whatever the vectors are, without a sum over V words.

Of a corpus, with N⁺(c, o) how often o is seen in the window of c, only this counts at each node: how often the paths of
the words seen go left (code 0) and how often right (code 1),

    N_left(c, n) = Σ_{o with code 0 at n} N⁺(c, o)        N_right(c, n) = Σ_{o with code 1 at n} N⁺(c, o)
    L = Σ_cn N_left softplus(−x) + N_right softplus(x)

which is the loss of negative sampling with other counts: x* = log(N_left/N_right). There P(o|c) is the empirical
conditional, so the lowest value is H(O|C), that of the full softmax.

Morin & Bengio 2005 · Mikolov et al. 2013 (arXiv:1310.4546), eq. 3, whose sign is that of a child chosen at will.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from firth.errors import check_integer, check_shape
from firth.objectives.counts import check_counts, check_numbers, check_scores, pair_total
from firth.objectives.huffman import HuffmanTree
from firth.objectives.logistic import sigmoid, softplus
from firth.objectives.sampling import corpus_loss, corpus_score_gradient, lowest_corpus_loss, optimal_scores


def hierarchical_loss(center: np.ndarray, context_id: int, node_matrix: np.ndarray, tree: HuffmanTree) -> float:
    """Hierarchical softmax loss of one pair, in nats.

        J = −Σ_{n on path of o} log σ(s_n u_n·v)          s_n = 1 − 2 code_n

    v = center (D,), o = context_id, u_n = node_matrix[n] (V − 1, D). Float64, also for float32 input; finite for any
    score.
    Convention: code 0 is the likelier the larger the score, as in word2vec.c and gensim; fastText has the other sign.
    No score is clipped (word2vec.c and gensim leave a node beyond ±6 without gradient).

    Args:
        center: vector of the centre word, (D,).
        context_id: the word seen beside it, one of the tree's.
        node_matrix: a row for each inner node, (V − 1, D).
        tree: paths of the V words.

    Returns:
        Nats, ≥ 0; n·log 2 for a path of n nodes when every vector is zero.

    Raises:
        ShapeError: if centre and matrix do not share D, or matrix and tree the number of nodes.
        SettingsError: if there is no such word.

    >>> tree = HuffmanTree.of([5, 2, 1, 1])
    >>> hierarchical_loss(np.zeros(4), 3, np.zeros((3, 4)), tree)     # 3 log 2
    2.0794415416798357

    Gradient: `hierarchical_gradient`. From counts: `Hierarchical`.
    """
    center, nodes, signs, node_matrix = _check_pair(center, context_id, node_matrix, tree)
    return float(softplus(-signs * (node_matrix[nodes] @ center)).sum())


def hierarchical_gradient(
    center: np.ndarray, context_id: int, node_matrix: np.ndarray, tree: HuffmanTree
) -> tuple[np.ndarray, np.ndarray]:
    """Gradient of `hierarchical_loss` by the centre and by the whole node matrix.

        ∂J/∂v = −Σ_n s_n σ(−s_n u_n·v) u_n        ∂J/∂u_n = −s_n σ(−s_n u_n·v) v        0 off the path

    v = center (D,), u_n = node_matrix[n] (V − 1, D), s_n = 1 − 2 code_n. Float64, also for float32 input.

    Args:
        center: vector of the centre word, (D,).
        context_id: the word seen beside it, one of the tree's.
        node_matrix: a row for each inner node, (V − 1, D).
        tree: paths of the V words.

    Returns:
        Gradients by the centre (D,) and by the node matrix (V − 1, D).

    Raises:
        ShapeError: if centre and matrix do not share D, or matrix and tree the number of nodes.
        SettingsError: if there is no such word.

    >>> tree = HuffmanTree.of([5, 2, 1, 1])
    >>> hierarchical_gradient(np.ones(1), 1, np.zeros((3, 1)), tree)[1].ravel()     # left at 2, right at 1
    array([ 0. ,  0.5, -0.5])
    """
    center, nodes, signs, node_matrix = _check_pair(center, context_id, node_matrix, tree)
    slopes = -signs * sigmoid(-signs * (node_matrix[nodes] @ center))
    by_nodes = np.zeros_like(node_matrix)
    by_nodes[nodes] = np.outer(slopes, center)
    return slopes @ node_matrix[nodes], by_nodes


def branch_counts(seen: np.ndarray, tree: HuffmanTree) -> tuple[np.ndarray, np.ndarray]:
    """How often the paths of the words seen with each centre go left and right at each node.

        N_left(c, n) = Σ_{o with code 0 at n} N⁺(c, o)        N_right(c, n) = Σ_{o with code 1 at n} N⁺(c, o)

    N⁺ = seen (V, V). At the root both sum to N(c); at a node, to what its parent sends there.

    Args:
        seen: N⁺, how often o is seen in the window of c, (V, V), a row for each centre.
        tree: paths of the V words.

    Returns:
        N_left and N_right, (V, V − 1) each.

    Raises:
        ShapeError: if counts and tree do not share V.
        SettingsError: if a count is negative or not finite.

    >>> left, right = branch_counts(np.array([[8.0, 4.0, 2.0, 1.0]]), HuffmanTree.of([5, 2, 1, 1]))
    >>> left, right
    (array([[1., 3., 7.]]), array([[2., 4., 8.]]))
    """
    seen = check_counts("seen", seen, (None, tree.words))
    left, right = (np.zeros((len(seen), tree.inner_nodes)) for _ in range(2))
    for word in range(tree.words):
        nodes, codes = tree.path(word)
        left[:, nodes[codes == 0]] += seen[:, word, None]
        right[:, nodes[codes == 1]] += seen[:, word, None]
    return left, right


def hierarchical_reading(scores: np.ndarray, tree: HuffmanTree) -> np.ndarray:
    """Logarithms of the probabilities P(o|c) that scores at the inner nodes stand for.

        log P(o|c) = Σ_{n on path of o} log σ(s_n x_cn)          s_n = 1 − 2 code_n

    x = scores (V, V − 1). Float64, also for float32 input. They sum to 1 over o by themselves.

    Args:
        scores: x_cn = u_n·v_c, (V, V − 1), a row for each centre; ±∞ as in an optimum.
        tree: paths of the V words.

    Returns:
        log P, (V, V): the scores of a softmax model, for `mean_divergence` and `Softmax().value`.

    Raises:
        ShapeError: if scores and tree do not share the number of nodes.
        SettingsError: if a score is NaN.

    >>> np.exp(hierarchical_reading(np.zeros((1, 3)), HuffmanTree.of([5, 2, 1, 1])))
    array([[0.5  , 0.25 , 0.125, 0.125]])
    """
    scores = check_scores(scores, (None, tree.inner_nodes))
    branches = np.stack([-softplus(-scores), -softplus(scores)])
    logarithms = np.zeros((len(scores), tree.words))
    for word in range(tree.words):
        nodes, codes = tree.path(word)
        logarithms[:, word] = branches[codes, :, nodes].sum(axis=0)
    return logarithms


@dataclass(frozen=True, eq=False)
class Hierarchical:
    """Hierarchical softmax from counts: what skip-gram over a tree minimises. Nats per pair.

        value      L/T = 1/T Σ_cn N_left softplus(−x) + N_right softplus(x) = −1/T Σ_co N⁺ log P(o|c)
        gradient   ∂/∂X = (N_right σ(x) − N_left σ(−x))/T
        optimum    x* = log(N_left/N_right), with L*/T = H(O|C), the bound of every model of P(o|c)

    N⁺ = seen (V, V), N_left and N_right (V, V − 1) from `branch_counts`, T the grand total of N⁺. An `Objective` whose
    scores X = V Uᵀ (V, V − 1) have a column for each inner node, not for each word. Float64, also for float32 input.
    ±∞ where only one branch is ever taken, 0 where none is.

    Args:
        tree: paths of the V words.

    >>> objective = Hierarchical(HuffmanTree.of([2, 1, 1]))
    >>> seen = np.array([[2.0, 1.0, 1.0]])
    >>> objective.value(np.zeros((1, 2)), seen)     # 1.5 nodes a pair: 1.5 log 2
    1.0397207708399179
    >>> objective.optimum(seen)[0] + 0.0     # nothing to learn: each node halves what comes
    array([[0., 0.]])

    The gap in one piece: `mean_divergence(hierarchical_reading(scores, tree), seen)`.
    """

    tree: HuffmanTree

    def value(self, scores: np.ndarray, seen: np.ndarray) -> float:
        """Loss of the scores (V, V − 1) on the counts (V, V), in nats per pair."""
        seen = check_counts("seen", seen)
        left, right = branch_counts(seen, self.tree)
        return corpus_loss(check_scores(scores, left.shape), left, right) / pair_total(seen)

    def gradient(self, scores: np.ndarray, seen: np.ndarray) -> np.ndarray:
        """Derivative of `value` by each score, (V, V − 1)."""
        seen = check_counts("seen", seen)
        left, right = branch_counts(seen, self.tree)
        return corpus_score_gradient(check_scores(scores, left.shape), left, right) / pair_total(seen)

    def optimum(self, seen: np.ndarray) -> tuple[np.ndarray, float]:
        """Return x* (V, V − 1), ±∞ where it is infinite, and L*/T, in nats per pair."""
        seen = check_counts("seen", seen)
        left, right = branch_counts(seen, self.tree)
        return optimal_scores(left, right), lowest_corpus_loss(left, right) / pair_total(seen)


def _check_pair(
    center: np.ndarray, context_id: int, node_matrix: np.ndarray, tree: HuffmanTree
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return the centre, nodes and signs of the word's path, and the matrix, arrays in float64, if they fit."""
    center = check_shape("center", check_numbers("center", center), (None,))
    node_matrix = check_numbers("node_matrix", node_matrix)
    check_shape("node_matrix", node_matrix, (tree.inner_nodes, len(center)))
    check_integer("context_id", context_id, 0, tree.words - 1)
    nodes, codes = tree.path(context_id)
    return center, nodes, 1.0 - 2.0 * codes, node_matrix
