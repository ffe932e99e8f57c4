"""What a member of the family has besides windows and noise: what a bag is, what it is judged by, and room for both.

    bag       each word of the window by itself (skip-gram); the mean of the window (CBOW); a document; both
    judged by negative sampling; hierarchical softmax; softmax over the whole vocabulary

A word at a position of the text is the target; the bag or the bags are what stands around it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from firth.compiling import compiled
from firth.observations.windows import Windows
from firth.training.lanes import VECTOR
from firth.training.matrices import LINE, own_lines

SAMPLING, HIERARCHICAL, SOFTMAX = range(3)
"""What a bag is judged by."""


class Member(NamedTuple):
    """Which member of the family is trained.

    Attributes:
        is_mean: whether a window is one bag, the mean of its words, or as many bags as words.
        has_window: whether the words around the target are in a bag at all.
        is_shared: whether a bag's move is divided among its words, as the gradient of a mean is, or each gets all.
        loss: SAMPLING, HIERARCHICAL or SOFTMAX.
    """

    is_mean: bool
    has_window: bool
    is_shared: bool
    loss: int


class Family(NamedTuple):
    """What bags are drawn from, for a whole run.

    Attributes:
        member: which one.
        sizes: how many rows each word is the mean of, (V,) of the matrices' precision; none if all are single rows.
        ends: where each document ends in the corpus, (documents,) int64, none if there are no documents.
        starts: where the path of each word begins, (V + 1,) int64; paths are empty without a tree.
        nodes: of all paths, rows of the context matrix, int32.
        signs: of all paths: 1 where it takes the first branch, else −1, of the matrices' precision.
    """

    member: Member
    sizes: np.ndarray
    ends: np.ndarray
    starts: np.ndarray
    nodes: np.ndarray
    signs: np.ndarray


class Bags(NamedTuple):
    """What the words of a range have besides their windows. By the word's index, as in `Windows`.

    Attributes:
        member: which one is trained.
        sizes: how many rows each word is the mean of, (room,).
        documents: row of the document it stands in, (room,) int32.
        starts: where its outputs begin, (room + 1,) int32.
        outputs: rows of the context matrix on the words' paths, one word after the other, int32.
        signs: of each of them.
        everything: all words as rows of the context matrix, (V padded to 4,) int32; of length 0 unless all are met.
        words: V.
        document_matrix: (documents + spare rows, columns); of length 0 without documents.
    """

    member: Member
    sizes: np.ndarray
    documents: np.ndarray
    starts: np.ndarray
    outputs: np.ndarray
    signs: np.ndarray
    everything: np.ndarray
    words: int
    document_matrix: np.ndarray


class BagRoom(NamedTuple):
    """Room of one thread for four bags.

    Attributes:
        rows: four bags as they move, then as they were, (8, columns).
        inverse: of the number of rows each is the mean of; 0 for one of none, (4,) float64.
        ids: rows that a document meets, (room,) int32.
        weights: of rows that a bag or a document meets, (room,).
        ones: weights of rows that are all to be predicted, (room,).
        scores: of four rows against all words, (4, V padded to lines), or of length 0.
    """

    rows: np.ndarray
    inverse: np.ndarray
    ids: np.ndarray
    weights: np.ndarray
    ones: np.ndarray
    scores: np.ndarray


def bag_room(columns: int, pairs: int, *, pool: int, words: int, loss: int, dtype: np.dtype | type) -> BagRoom:
    """Return room for bags of so many columns and pairs at once, so large a pool, and perhaps scores of all words."""
    lanes = VECTOR // np.dtype(dtype).itemsize
    room = BagRoom(
        rows=own_lines((8, columns), dtype),
        inverse=own_lines(4, np.float64),
        ids=own_lines(max(pairs, pool + LINE), np.int32),
        weights=own_lines(max(pairs, pool + LINE), dtype),
        ones=own_lines(pairs, dtype),
        scores=own_lines((4, -(-words // lanes) * lanes if loss == SOFTMAX else 0), dtype),
    )
    room.ones[:] = 1
    return room


def family_of(
    member: Member,
    words: int,
    *,
    sizes: np.ndarray | None = None,
    ends: np.ndarray | None = None,
    paths: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None,
    dtype: type = np.float32,
) -> Family:
    """Return what bags are drawn from.

    Args:
        member: which one.
        words: V.
        sizes: how many rows each word is the mean of, (V,); None for one each.
        ends: where each document ends in the corpus, behind its −1, (documents,).
        paths: starts (V + 1,), nodes and codes of a Huffman tree; code 0 is the first branch.
        dtype: of the matrices.
    """
    starts, nodes, codes = paths or (np.zeros(words + 1, np.int64), np.zeros(0, np.int32), np.zeros(0, np.int8))
    return Family(  # own arrays: those that can't be written to are another type, for which all is compiled anew
        member,
        np.array(() if sizes is None else sizes, dtype),
        np.array(() if ends is None else ends, np.int64),
        np.array(starts, np.int64),
        np.array(nodes, np.int32),
        (1 - 2 * codes.astype(np.int64)).astype(dtype),
    )


def longest_path(family: Family) -> int:
    """Return how many nodes the longest path has, 0 without a tree."""
    return int(np.diff(family.starts).max())


def bags_room(room: int, length: int, words: int, family: Family, *, shape: tuple[int, ...] = ()) -> tuple:
    """Return room for the bags of ranges of `length` positions with `room` words, an array of `shape` of each.

    Args:
        room: words of a range with those around it.
        length: positions of a range.
        words: V.
        family: what is drawn from.
        shape: of the array of ranges.

    Returns:
        sizes, documents, starts, outputs, signs and everything, as in `Bags`.
    """
    dtype = family.sizes.dtype
    outputs = length * longest_path(family) + LINE
    everything = -(-words // 4) * 4 if family.member.loss == SOFTMAX else 0
    sizes = own_lines((*shape, room), dtype)
    sizes[:] = 1
    return (
        sizes,
        own_lines((*shape, room), np.int32),
        own_lines((*shape, room + LINE), np.int32),
        own_lines((*shape, outputs), np.int32),
        own_lines((*shape, outputs), dtype),
        own_lines((*shape, everything), np.int32),
    )


@compiled()
def draw_bags(first: int, last: int, low: int, high: int, windows: Windows, family: Family, bags: Bags) -> None:
    """Fill in what the words [first, last) have besides windows, which reach from `low` to `high`.

    Args:
        first: index of the range's first word in `windows`.
        last: index after its last.
        low: index of the first word that a window reaches.
        high: index after the last.
        windows: from `draw_windows`, words under their own names.
        family: what is drawn from.
        bags: filled, but for `everything`.
    """
    if len(family.sizes) > 0:
        for place in range(low, high):
            bags.sizes[place] = family.sizes[windows.words[place]]
    if len(family.ends) > 0 and first < last:
        document = np.searchsorted(family.ends, windows.positions[first], "right")
        for place in range(first, last):
            while family.ends[document] <= windows.positions[place]:
                document += 1
            bags.documents[place] = document
    if len(family.nodes) == 0:  # paths of no nodes: room begins as zeros
        return
    count = 0
    for place in range(first, last):
        bags.starts[place] = count
        word = windows.words[place]
        for node in range(family.starts[word], family.starts[word + 1]):
            bags.outputs[count] = family.nodes[node]
            bags.signs[count] = family.signs[node]
            count += 1
    if first < last:
        bags.starts[last] = count
