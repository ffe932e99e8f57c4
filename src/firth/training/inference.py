"""The vector of a document that was not trained on: words and outputs stand still, and it alone is moved.

A document meets its own words as it would have in training (Le & Mikolov 2014, §2.2), in passes over them, with the
windows, the thinned-out frequent words and the learning rate of training:

    DBOW   h = d                                 d predicts each of its words
    DM     h = (d + Σ_i v_i) / (1 + n)           d and the n words around it predict the word in the middle
    d ← d − rate · share · ∂J/∂h                 share: 1 / (1 + n), as the gradient of a mean has it, or 1

J is what `firth.objectives.bags` says of an example: K noise words drawn for each, a path, or the whole vocabulary.
As nothing but d moves, one document is of no concern to any other.

A document begins at zero, and whatever is random comes from (seed, the document's words, pass, position). So the same
words give the same bytes: in any order and company, in any process, on any number of threads.

Finite by construction: d is held in float64 and scaled back to `LONGEST` after each word, and no score of a vector so
short with float32 numbers, whatever they are, overflows.
"""

from __future__ import annotations

import hashlib
import math
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np

from firth.compiling import compiled
from firth.observations.noise import alias_table, draw_word
from firth.observations.settings import Observations
from firth.observations.windows import WindowRule, Windows, draw_windows, window_room, window_rule
from firth.randomness import bits_at, stream_key
from firth.training.bags import HIERARCHICAL, SAMPLING, Member
from firth.training.sampling_kernel import LONGEST
from firth.training.schedule import LOWEST_SHARE

_AT_ONCE = 64
"""Documents that a thread takes at a time."""


class Frozen(NamedTuple):
    """What documents are judged by, and how; nothing of it is changed.

    Attributes:
        words: vectors of words as they stand in windows, (V, D); of length 0 where windows have no part in it.
        outputs: what documents meet, (V, D): rows of words, or of the nodes of a tree.
        member: which member of the family was trained.
        rule: from `window_rule`.
        thresholds: from `alias_table`.
        aliases: from `alias_table`.
        starts: where the path of each word begins, (V + 1,) int64; paths are empty without a tree.
        nodes: of all paths, rows of `outputs`, int32.
        codes: of all paths: 0 or 1, the branch that is taken.
        negatives: K.
    """

    words: np.ndarray
    outputs: np.ndarray
    member: Member
    rule: WindowRule
    thresholds: np.ndarray
    aliases: np.ndarray
    starts: np.ndarray
    nodes: np.ndarray
    codes: np.ndarray
    negatives: int


def frozen_model(
    member: Member,
    *,
    words: np.ndarray | None,
    outputs: np.ndarray,
    counts: np.ndarray,
    observations: Observations,
    negatives: int,
    paths: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None,
) -> Frozen:
    """Return what documents are judged by.

    Args:
        member: which member of the family was trained.
        words: vectors of words, (V, D); needed where a bag is the mean of a window.
        outputs: the context matrix, (V, D).
        counts: of each word, (V,).
        observations: how pairs and noise were taken.
        negatives: K.
        paths: starts (V + 1,), nodes and codes of a Huffman tree; of hierarchical softmax.
    """
    starts, nodes, codes = paths or (np.zeros(len(counts) + 1, np.int64), np.zeros(0, np.int32), np.zeros(0, np.int8))
    thresholds, aliases = alias_table(observations.noise_distribution(counts))
    is_used = words is not None and member.is_mean and member.has_window
    matrices = words if is_used else np.zeros((0, outputs.shape[1])), outputs
    held, against = (np.ascontiguousarray(matrix, np.float32) for matrix in matrices)
    rule = window_rule(observations, counts)
    arrays = held, against, thresholds, aliases, starts, nodes, codes
    held, against, thresholds, aliases, starts, nodes, codes = map(_still, arrays)
    return Frozen(held, against, member, rule, thresholds, aliases, starts, nodes, codes, negatives)


def _still(array: np.ndarray) -> np.ndarray:
    """Return a view that can't be written to: the kernel is compiled once, for arrays of this kind."""
    view = array.view()
    view.flags.writeable = False
    return view


def infer_documents(
    documents: list[np.ndarray],
    model: Frozen,
    *,
    passes: int,
    learning_rate: float,
    seed: int,
    threads: int,
) -> np.ndarray:
    """Return the vectors of documents, (N, D) float32; zeros for one without a word.

    Args:
        documents: ids of the known words of each, in order, int32.
        model: from `frozen_model`.
        passes: over each document.
        learning_rate: at the start of a document; it falls to 0 along a straight line over all its passes.
        seed: of every random number.
        threads: that work at once; they leave no trace.
    """
    vectors = np.zeros((len(documents), model.outputs.shape[1]), np.float32)
    keys = np.array(
        [
            [stream_key(seed, name, number) for name in ("keep", "noise")]
            for number in map(document_checksum, documents)
        ],
        np.uint64,
    ).reshape(-1, 2)
    longest = max(map(len, documents), default=0)
    window = len(model.rule.reach)

    def infer(first: int) -> None:
        room, state = window_room(longest, window), np.zeros((3, vectors.shape[1]))
        scores = np.zeros(len(model.outputs))
        for index in range(first, min(first + _AT_ONCE, len(documents))):
            _infer(documents[index], keys[index], model, passes, learning_rate, room, state, scores)
            vectors[index] = state[0]

    if len(documents) <= _AT_ONCE:  # a thread would take longer to start than to be done
        infer(0)
        return vectors
    with ThreadPoolExecutor(threads, "firth") as pool:
        list(pool.map(infer, range(0, len(documents), _AT_ONCE)))
    return vectors


def document_checksum(ids: np.ndarray) -> int:
    """Return 64 bits that name the words of a document, the same on machines of either byte order."""
    return int.from_bytes(hashlib.blake2b(ids.astype("<i4").tobytes(), digest_size=8).digest(), "little")


@compiled()
def _infer(
    ids: np.ndarray,
    keys: np.ndarray,
    model: Frozen,
    passes: int,
    learning_rate: float,
    room: Windows,
    state: np.ndarray,
    scores: np.ndarray,
) -> None:
    """Train the vector of a document, state[0], from zero; the rest of `state` and `scores` are room to work in."""
    vector, hidden, slope = state[0], state[1], state[2]
    vector[:] = 0
    steps = passes * len(ids)
    for number in range(passes):
        noise = bits_at(keys[1], number)
        first, last = draw_windows(ids, 0, len(ids), model.rule, bits_at(keys[0], number), room)
        for index in range(first, last):
            position = room.positions[index]
            rate = learning_rate * max(LOWEST_SHARE, 1 - (number * len(ids) + position) / steps)
            share = gather(vector, room, index, model, hidden)
            slope[:] = 0
            add_slope(hidden, np.int64(room.words[index]), noise, position, model, slope, scores)
            step = rate * (share if model.member.is_shared else 1.0)
            move(vector, -step, slope)


@compiled(fast_math=True)
def gather(vector: np.ndarray, windows: Windows, index: int, model: Frozen, hidden: np.ndarray) -> float:
    """Fill `hidden` (D,) with the mean of a document's vector and the words around one; return the document's share."""
    for i in range(len(vector)):
        hidden[i] = vector[i]
    if len(model.words) == 0:
        return 1.0
    left, right = windows.left[index], windows.right[index]
    for place in range(left, right + 1):
        if place != index:
            add_row(hidden, 1.0, model.words[windows.words[place]])
    share = 1.0 / (1 + right - left)
    for i in range(len(vector)):
        hidden[i] *= share
    return share


@compiled(fast_math=True)
def add_row(total: np.ndarray, weight: float, row: np.ndarray) -> None:
    """Add weight · row (D,) to a total (D,)."""
    for i in range(len(total)):
        total[i] += weight * row[i]


@compiled(fast_math=True)
def score(hidden: np.ndarray, row: np.ndarray) -> float:
    """Return u·h of a row and what meets it, (D,) both."""
    total = 0.0
    for i in range(len(hidden)):
        total += hidden[i] * row[i]
    return total


@compiled()
def sigmoid(score: float) -> float:
    """Return σ(x), finite for any x."""
    small = math.exp(-abs(score))
    return 1 / (1 + small) if score >= 0 else small / (1 + small)


@compiled()
def add_slope(
    hidden: np.ndarray,
    word: int,
    noise: np.uint64,
    position: int,
    model: Frozen,
    slope: np.ndarray,
    scores: np.ndarray,
) -> None:
    """Add ∂J/∂h, of the loss of predicting a word from h, to `slope` (D,).

    Args:
        hidden: h, (D,).
        word: that is predicted.
        noise: `stream_key(seed, "noise", document, pass)`.
        position: of the word in its document: of the K noise words, the k-th is drawn by position · K + k.
        model: what it is judged by.
        slope: added to.
        scores: room for V scores.
    """
    outputs = model.outputs
    if model.member.loss == SAMPLING:
        add_row(slope, -sigmoid(-score(hidden, outputs[word])), outputs[word])
        for k in range(model.negatives):
            other = draw_word(bits_at(noise, position * model.negatives + k), model.thresholds, model.aliases)
            add_row(slope, sigmoid(score(hidden, outputs[other])), outputs[other])
    elif model.member.loss == HIERARCHICAL:
        for place in range(model.starts[word], model.starts[word + 1]):
            row = outputs[model.nodes[place]]
            add_row(slope, sigmoid(score(hidden, row)) - (1 - model.codes[place]), row)
    else:
        largest = -math.inf
        for other in range(len(outputs)):
            scores[other] = score(hidden, outputs[other])
            largest = max(largest, scores[other])
        total = 0.0
        for other in range(len(outputs)):
            scores[other] = math.exp(scores[other] - largest)
            total += scores[other]
        for other in range(len(outputs)):
            add_row(slope, scores[other] / total - (other == word), outputs[other])


@compiled(fast_math=True)
def move(vector: np.ndarray, step: float, slope: np.ndarray) -> None:
    """Add step · slope (D,) to a document's vector, and scale it back if it is longer than LONGEST."""
    square = 0.0
    for i in range(len(vector)):
        vector[i] += step * slope[i]
        square += vector[i] * vector[i]
    if square > LONGEST * LONGEST:
        scale = LONGEST / math.sqrt(square)
        for i in range(len(vector)):
            vector[i] *= scale
