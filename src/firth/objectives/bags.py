"""A bag of input rows predicts a word: the loss of explicit examples, for every kind of input and of loss.

The mean h of the rows of a bag stands where skip-gram has the vector of its centre:

    h = 1/n Σ_r v_r                          n rows, one that stands twice counts twice
    J = −log σ(u_o·h) − Σ_k w_k log σ(−u_k·h)        "sampling", noise word k with weight w_k
    J = −Σ_{n on path of o} log σ(s_n u_n·h)         "hierarchical", over a Huffman tree
    J = −u_o·h + log Σ_w e^{u_w·h}                   "softmax"

| input | rows of a bag | predicts |
|---|---|---|
| skip-gram | one word | each word of its window |
| subwords | a word and its character n-grams | each word of its window |
| CBOW | the words of a window | the word in its middle |
| DBOW | a document | each of its words |
| DM | the words of a window, and their document | the word in its middle |

**Two directions.** Each row has a share of 1/n in h, so the gradient of J by a row is (∂J/∂h)/n: `gradient="true"`.
word2vec.c, gensim (with `cbow_mean=1`) and fastText (outside its supervised mode) take the mean on the way in and add
all of ∂J/∂h to each row on the way back: `gradient="historical"`. İrsoy, Benton & Stratos 2021 ("Corrected CBOW
performs as well as skip-gram", arXiv:2012.15332) call it an error in word2vec.c and gensim, and hold it to be the
likely reason why CBOW was found to be the weaker method.

What is applied then is the gradient of no loss. Over examples e with n_e rows each,

    input rows go down   Σ_e n_e J_e          output rows go down   Σ_e J_e

so inputs learn n times as fast as outputs, and wide windows weigh more than narrow ones, for the inputs alone. Where
all bags have one size it is the true gradient with another rate for the inputs. A word with its n-grams is a bag of one
size wherever it stands: the true gradient, with the step of that bag multiplied by n, so that the rows of a long word
are moved further than those of a short one.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from firth.errors import SettingsError, check_choice, check_integer, check_number, check_shape, sentence
from firth.objectives.counts import check_counts, check_ids, check_numbers
from firth.objectives.hierarchical import hierarchical_gradient, hierarchical_loss
from firth.objectives.huffman import HuffmanTree
from firth.objectives.logistic import sigmoid, softplus
from firth.objectives.softmax import softmax_gradient, softmax_loss

LOSSES = ("sampling", "hierarchical", "softmax")
GRADIENTS = ("true", "historical")


class Example(NamedTuple):
    """A bag of rows, the word that it is to predict, and the noise that this is judged against.

    Attributes:
        rows: of the input matrix, (n,), n ≥ 1, repeated ones too.
        target: the word, a row of the output matrix (of the tree with "hierarchical").
        noise_ids: rows of the output matrix, (k,), repeated ones too; used by "sampling" alone.
        noise_weights: how often each is drawn, or is expected to be, (k,), ≥ 0.
        weight: how often the example itself occurs, or is expected to, ≥ 0.
    """

    rows: np.ndarray
    target: int
    noise_ids: np.ndarray = np.zeros(0, np.int64)
    noise_weights: np.ndarray = np.zeros(0)
    weight: float = 1.0


def bag_loss(
    input_matrix: np.ndarray,
    output_matrix: np.ndarray,
    examples: Iterable[Example],
    *,
    loss: str = "sampling",
    tree: HuffmanTree | None = None,
) -> float:
    """Loss of examples, in nats: Σ_e weight_e J_e.

    J is that of the module's docstring, h the mean of `input_matrix[rows]` (n, D), u the rows of output_matrix.
    Float64, also for float32 input; finite for any score.
    Convention: a sum over examples and over noise, not a mean. Noise is taken as it is given: a collision rule has been
    applied before, and an expected number of draws is as good a weight as a number of draws.

    Args:
        input_matrix: a row for each word, n-gram or document that stands in bags, (R, D).
        output_matrix: a row for each word, (V, D); with "hierarchical" for each inner node, (V − 1, D).
        examples: see `Example`.
        loss: "sampling", "hierarchical" or "softmax".
        tree: paths of the V words; of "hierarchical", and of no other.

    Returns:
        Nats, ≥ 0; 0 without examples.

    Raises:
        ShapeError: if the matrices do not share D, an array of an example is no vector, or matrix and tree do not fit.
        SettingsError: if a bag is empty, an id is no row, a weight is negative or not finite, there is no such loss, or
            a tree is missing or not asked for.

    >>> example = Example([0, 1], target=0, noise_ids=[1], noise_weights=[5.0])
    >>> bag_loss(np.zeros((2, 3)), np.zeros((2, 3)), [example])     # (5 + 1) log 2
    4.1588830833596715

    Gradient: `bag_gradient`. One row, and noise of weight 1: `sampling_loss`.
    """
    inputs, outputs = _check_matrices(input_matrix, output_matrix)
    words = _check_loss(loss, tree, len(outputs))
    total = 0.0
    for given in examples:
        example = _checked(given, len(inputs), words)
        total += example.weight * _hidden_loss(inputs[example.rows].mean(axis=0), example, outputs, loss, tree)
    return total


def bag_gradient(
    input_matrix: np.ndarray,
    output_matrix: np.ndarray,
    examples: Iterable[Example],
    *,
    loss: str = "sampling",
    tree: HuffmanTree | None = None,
    gradient: str = "true",
) -> tuple[np.ndarray, np.ndarray]:
    """Gradient of `bag_loss` by both whole matrices; or the directions that have been taken for it.

        "true"          ∂/∂v_r = Σ_e weight_e m_e(r)/n_e ∂J_e/∂h          m_e(r): how often row r stands in bag e
        "historical"             Σ_e weight_e m_e(r)     ∂J_e/∂h          no gradient, if a bag has more than one row

    The output rows get ∂/∂U = Σ_e weight_e ∂J_e/∂U in both. What "historical" does: see the module's docstring.

    Args:
        input_matrix: a row for each word, n-gram or document that stands in bags, (R, D).
        output_matrix: a row for each word, (V, D); with "hierarchical" for each inner node, (V − 1, D).
        examples: see `Example`.
        loss: "sampling", "hierarchical" or "softmax".
        tree: paths of the V words; of "hierarchical", and of no other.
        gradient: "true" or "historical".

    Returns:
        By the input matrix (R, D) and by the output matrix (V, D) or (V − 1, D).

    Raises:
        ShapeError: if the matrices do not share D, an array of an example is no vector, or matrix and tree do not fit.
        SettingsError: if a bag is empty, an id is no row, a weight is negative or not finite, there is no such loss or
            gradient, or a tree is missing or not asked for.

    >>> examples, zeros, ones = [Example([0, 1, 1, 2], target=0)], np.zeros((3, 1)), np.ones((1, 1))
    >>> for kind in ("true", "historical"):     # ∂J/∂h = −σ(0) for each of four, and how often each row stands there
    ...     print(kind, bag_gradient(zeros, ones, examples, gradient=kind)[0].ravel())
    true [-0.125 -0.25  -0.125]
    historical [-0.5 -1.  -0.5]
    """
    inputs, outputs = _check_matrices(input_matrix, output_matrix)
    words = _check_loss(loss, tree, len(outputs))
    check_choice("gradient", gradient, GRADIENTS)
    by_input, by_output = np.zeros_like(inputs), np.zeros_like(outputs)
    for given in examples:
        example = _checked(given, len(inputs), words)
        hidden = inputs[example.rows].mean(axis=0)
        by_hidden, of_outputs = _hidden_gradient(hidden, example, outputs, loss, tree)
        share = 1 / len(example.rows) if gradient == "true" else 1.0
        np.add.at(by_input, example.rows, example.weight * share * by_hidden)
        by_output += example.weight * of_outputs
    return by_input, by_output


def _hidden_loss(
    hidden: np.ndarray, example: Example, outputs: np.ndarray, loss: str, tree: HuffmanTree | None
) -> float:
    """Return J of h (D,), in nats."""
    if loss == "softmax":
        return softmax_loss(hidden, example.target, outputs)
    if tree is not None:
        return hierarchical_loss(hidden, example.target, outputs, tree)
    drawn = softplus(outputs[example.noise_ids] @ hidden)
    return float(softplus(-(outputs[example.target] @ hidden)) + example.noise_weights @ drawn)


def _hidden_gradient(
    hidden: np.ndarray, example: Example, outputs: np.ndarray, loss: str, tree: HuffmanTree | None
) -> tuple[np.ndarray, np.ndarray]:
    """Return ∂J/∂h (D,) and ∂J/∂U, the shape of the output matrix."""
    if loss == "softmax":
        return softmax_gradient(hidden, example.target, outputs)
    if tree is not None:
        return hierarchical_gradient(hidden, example.target, outputs, tree)
    slopes = np.zeros(len(outputs))
    slopes[example.target] = -sigmoid(-(outputs[example.target] @ hidden))
    drawn = example.noise_weights * sigmoid(outputs[example.noise_ids] @ hidden)
    np.add.at(slopes, example.noise_ids, drawn)
    return slopes @ outputs, np.outer(slopes, hidden)


def _check_matrices(input_matrix: np.ndarray, output_matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return both in float64 if they share D."""
    inputs = check_shape("input_matrix", check_numbers("input_matrix", input_matrix), (None, None))
    outputs = check_numbers("output_matrix", output_matrix)
    return inputs, check_shape("output_matrix", outputs, (None, inputs.shape[1]))


def _check_loss(loss: str, tree: HuffmanTree | None, outputs: int) -> int:
    """Return how many words can be targets, if the tree is there with the one loss that it belongs to."""
    check_choice("loss", loss, LOSSES)
    if loss == "hierarchical":
        if tree is None:
            raise SettingsError(sentence("a tree for loss='hierarchical'", "none", "pass tree=HuffmanTree.of(counts)"))
        return tree.words
    if tree is not None:
        came = f"one with loss={loss!r}"
        raise SettingsError(sentence("a tree with loss='hierarchical' alone", came, "leave it out, or change the loss"))
    return outputs


def _checked(example: Example, inputs: int, words: int) -> Example:
    """Return the example with arrays in int64 and float64, if all its rows exist."""
    rows = check_ids("rows", example.rows, (None,), inputs, "input matrix")
    if len(rows) == 0:
        raise SettingsError(sentence("a bag of at least one row", "an empty one", "leave the example out"))
    target = check_integer("target", example.target, 0, words - 1)
    noise_ids = check_ids("noise_ids", example.noise_ids, (None,), words, "output matrix")
    noise_weights = check_counts("noise_weights", example.noise_weights, (len(noise_ids),))
    return Example(rows, target, noise_ids, noise_weights, check_number("weight", example.weight, 0, np.inf))
