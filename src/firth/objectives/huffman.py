"""The Huffman tree of a vocabulary: the shortest paths to words that their frequencies allow.

Hierarchical softmax asks one yes-or-no question at each inner node on the way from the root to a word, so the mean
length of a path is what a pair costs. Huffman 1952; as an output layer: Morin & Bengio 2005, Mikolov et al. 2013.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from firth.errors import SettingsError, check_integer, check_shape, sentence


@dataclass(frozen=True, eq=False)
class HuffmanTree:
    """Paths from the root to each of V words over V − 1 inner nodes. Made by `HuffmanTree.of`.

    The path of word w is `nodes[starts[w] : starts[w + 1]]`, root first, and `codes` at the same places says where it
    goes from each: 0 or 1. Nodes are numbered as they are made, so that children have smaller numbers than their
    parent and the root is V − 2: word2vec.c's and gensim's `point`. The arrays can't be written to.

    Attributes:
        starts: where each path starts, and where the last one ends, (V + 1,) int64.
        nodes: inner nodes of all paths, from 0 to V − 2, (total,) int32.
        codes: 0 or 1, the branch that the path takes there, (total,) int8.

    >>> tree = HuffmanTree.of([5, 2, 1, 1])
    >>> [tree.path(word)[1].tolist() for word in range(4)]
    [[1], [0, 1], [0, 0, 1], [0, 0, 0]]
    >>> tree.path(3)[0]     # from the root, which was made last
    array([2, 1, 0], dtype=int32)
    """

    starts: np.ndarray
    nodes: np.ndarray
    codes: np.ndarray

    @classmethod
    def of(cls, counts: np.ndarray) -> HuffmanTree:
        """Build the tree of words that occur this often.

        The two lightest nodes become one, again and again; the lighter gets code 0, the other code 1. Of equal weights,
        an inner node goes before a word, an older inner node before a younger one, and of two words the later one.
        That is what word2vec.c does (fastText too), whose counts are in descending order; here they need not be. Where
        no two weights are equal, it is the tree of every tool; elsewhere others have as good a one.

        A path has at most log(T)/log(1.618) nodes, T the sum of the counts; 24 for a million words whose counts go as
        1/rank. One word alone has no node, and its path is empty. A million words take about a second.

        Args:
            counts: occurrences of each word, (V,), whole numbers ≥ 1, in any order.

        Raises:
            ShapeError: if the counts are no vector.
            SettingsError: if there is none, or they are not whole numbers ≥ 1.

        >>> HuffmanTree.of([7]).nodes.size
        0
        """
        counts = _check_occurrences(counts)
        parents, branches = _merge(counts)
        words, root = len(counts), len(parents) - 1
        leaves = np.empty(words, np.int64)
        leaves[_falling(counts)] = np.arange(words)
        starts = np.zeros(words + 1, np.int64)
        np.cumsum(_depths(leaves, parents), out=starts[1:])
        nodes, codes = np.empty(starts[-1], np.int32), np.empty(starts[-1], np.int8)
        here, place = leaves, starts[1:] - 1  # all words climb at once, and write their paths from the end
        while len(here):
            here, place = here[here != root], place[here != root]
            codes[place] = branches[here]
            here = parents[here]
            nodes[place] = here - words
            place = place - 1
        for array in (starts, nodes, codes):
            array.setflags(write=False)
        return cls(starts, nodes, codes)

    @property
    def words(self) -> int:
        """V, how many words have a path."""
        return len(self.starts) - 1

    @property
    def inner_nodes(self) -> int:
        """V − 1, how many rows the output matrix has."""
        return self.words - 1

    def path(self, word: int) -> tuple[np.ndarray, np.ndarray]:
        """Return nodes and codes of a word's path, root first, (n,) each.

        Raises:
            SettingsError: if there is no such word.
        """
        check_integer("word", word, 0, self.words - 1)
        place = slice(self.starts[word], self.starts[word + 1])
        return self.nodes[place], self.codes[place]


def _falling(counts: np.ndarray) -> np.ndarray:
    """Return the words from the most frequent to the rarest, of equal ones the first first, (V,) int64."""
    return len(counts) - 1 - np.argsort(counts[::-1], kind="stable")[::-1]


def _merge(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return parent and branch of each node, (2V − 1,): first the words from the most frequent on, then inner nodes.

    Words wait in one row and inner nodes in another; both are in order of weight, so the lightest of all is the first
    of one of them (van Leeuwen 1976), and a million words take less than a second without a heap.
    """
    words = len(counts)
    weights = counts[_falling(counts)].tolist()  # Python's whole numbers: no sum of them overflows
    parents, branches = [0] * (2 * words - 1), bytearray(2 * words - 1)
    leaf, inner = words - 1, words
    for node in range(words, 2 * words - 1):
        pair = []
        for _ in range(2):
            if leaf >= 0 and (inner == node or weights[leaf] < weights[inner]):
                pair.append(leaf)
                leaf -= 1
            else:
                pair.append(inner)
                inner += 1
        lighter, other = pair
        weights.append(weights[lighter] + weights[other])
        parents[lighter] = parents[other] = node
        branches[other] = 1
    return np.array(parents, np.int64), np.frombuffer(branches, np.int8)


def _depths(leaves: np.ndarray, parents: np.ndarray) -> np.ndarray:
    """Return how many steps each leaf is from the root, which is the last node, (V,) int64."""
    depths = np.zeros(len(leaves), np.int64)
    words, here, root = np.arange(len(leaves)), leaves, len(parents) - 1
    while len(words):
        words, here = words[here != root], here[here != root]
        depths[words] += 1
        here = parents[here]
    return depths


def _check_occurrences(counts: np.ndarray) -> np.ndarray:
    """Return counts (V,) if they are whole numbers ≥ 1, and there is one."""
    counts = check_shape("counts", np.asarray(counts), (None,))
    if len(counts) == 0:
        raise SettingsError(sentence("the count of at least one word", "none", "read a text with words in it"))
    if not np.issubdtype(counts.dtype, np.integer) or counts.min() < 1:
        came = f"{counts.dtype} from {counts.min()}"
        raise SettingsError(sentence("counts to be whole numbers ≥ 1", came, "leave out words that never occur"))
    return counts
