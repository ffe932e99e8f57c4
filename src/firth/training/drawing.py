"""What slices of a round draw: windows, pools, bags; which rows they touch, and what stands for what.

Slices are stretches of the corpus from places far apart, trained side by side (`firth.training.rounds_kernel`). All
that is random is drawn by place, a round ahead, while the round before is trained.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from firth.compiling import compiled
from firth.observations.windows import WindowRule, Windows, draw_windows
from firth.training.bags import HIERARCHICAL, SAMPLING, Bags, Family, draw_bags
from firth.training.matrices import SPARE, Matrices
from firth.training.pieces import Pieces
from firth.training.pools import Pools, draw_pools
from firth.training.sharing import CENTER, CONTEXT, Names, rename_rows, set_bit


class Source(NamedTuple):
    """What rounds draw from: the corpus, its rules, the keys of a pass, and how it is cut.

    Attributes:
        ids: word ids, −1 after each sentence, (N,) int32.
        rule: from `window_rule`.
        thresholds: from `alias_table`.
        aliases: from `alias_table`.
        keep: `stream_key(seed, "keep", pass)`.
        noise: `stream_key(seed, "noise", pass)`.
        starts: where the part of the corpus begins that belongs to each slice over all rounds, (S,) int64.
        ends: where each part ends, (S,) int64.
        length: positions of a slice in one round.
        stretch: positions of the corpus over those of the longest part: how much faster the rate falls over a part.
        words: V.
        family: what bags are drawn from, or None for skip-gram with negative sampling.
    """

    ids: np.ndarray
    rule: WindowRule
    thresholds: np.ndarray
    aliases: np.ndarray
    keep: np.uint64
    noise: np.uint64
    starts: np.ndarray
    ends: np.ndarray
    length: int
    stretch: float
    words: int
    family: Family | None


class Drawn(NamedTuple):
    """Windows and pools of all slices, for this round and the next: (2, S, …) by the parity of the round."""

    words: np.ndarray
    positions: np.ndarray
    left: np.ndarray
    right: np.ndarray
    pairs: np.ndarray
    pool_words: np.ndarray
    pool_times: np.ndarray
    extents: np.ndarray


class BagsDrawn(NamedTuple):
    """What the words of all slices have besides windows, by the parity of the round: (2, S, …), as in `Bags`."""

    sizes: np.ndarray
    documents: np.ndarray
    starts: np.ndarray
    outputs: np.ndarray
    signs: np.ndarray
    everything: np.ndarray


class Shape(NamedTuple):
    """What is fixed for all rounds of a run: words that share a pool, noise words a pair, how a part is scored.

    Attributes:
        turn: kept words that share a pool.
        negatives: K.
        scored: one word in so many is scored before it is trained on: the first of each slice.
        relaxation: how far a slice brings the heaviest row to where it is drawn, per unit of learning rate.
        halvings: how often that of each row of the context matrix is half of it, (V,) uint8.
        trains: whether rows are moved at all; if not, words are scored only.
    """

    turn: int
    negatives: int
    scored: int
    relaxation: float
    halvings: np.ndarray
    trains: bool


class Team(NamedTuple):
    """What all threads work on.

    Attributes:
        matrices: V rows, `SPARE` ones a slice, then the copies.
        documents: vectors of documents, (documents + SPARE, columns), or of length 0.
        drawn: room for windows and pools.
        bags: room for what else is drawn, or None for skip-gram with negative sampling.
        names: room for what stands for what.
        shape: of the run.
        pieces: what words are the means of, or None where each is a row of its own.
    """

    matrices: Matrices
    documents: np.ndarray
    drawn: Drawn
    bags: BagsDrawn | None
    names: Names
    shape: Shape
    pieces: Pieces | None


@compiled(inline=True)
def windows_of(drawn: Drawn, parity: int, index: int, contexts: np.ndarray) -> Windows:
    """Return the windows of a slice."""
    return Windows(
        drawn.words[parity, index],
        drawn.positions[parity, index],
        drawn.left[parity, index],
        drawn.right[parity, index],
        drawn.pairs[parity, index],
        contexts,
    )


@compiled(inline=True)
def pools_of(drawn: Drawn, parity: int, index: int, shape: Shape) -> Pools:
    """Return the pools of a slice."""
    return Pools(drawn.pool_words[parity, index], drawn.pool_times[parity, index], shape.turn, shape.negatives)


@compiled(inline=True)
def _bags(bags: BagsDrawn, parity: int, index: int, family: Family, documents: np.ndarray) -> Bags:
    """Return the bags of a slice."""
    return Bags(
        family.member,
        bags.sizes[parity, index],
        bags.documents[parity, index],
        bags.starts[parity, index],
        bags.outputs[parity, index],
        bags.signs[parity, index],
        bags.everything[parity, index],
        len(family.starts) - 1,
        documents,
    )


@compiled(inline=True)
def spare_of(words: int, index: int) -> int:
    """Return the first spare row of a slice."""
    return words + SPARE * index


@compiled(inline=True)
def _reach(windows: Windows, first: int, last: int) -> tuple[int, int]:
    """Return the first word that the windows of [first, last) touch, and the one after the last."""
    low, high = first, last
    for index in range(first, last):
        low = min(low, windows.left[index])
        high = max(high, windows.right[index] + 1)
    return low, high


@compiled()
def _draw_noise(
    source: Source, index: int, first: int, last: int, windows: Windows, pools: Pools, bits: np.ndarray
) -> None:
    """Draw the pools of a slice, and note which rows the words it is to predict and those of the pools touch."""
    spare = spare_of(source.words, index)
    draw_pools(first, last, windows, source.thresholds, source.aliases, source.noise, spare, pools)
    for place in range(first, last):
        set_bit(bits, windows.words[place])
    for turn in range((last - first + pools.turn - 1) // pools.turn):
        for k in range(pools.words.shape[1]):
            if pools.words[turn, k] < source.words:
                set_bit(bits, pools.words[turn, k])


@compiled()
def _draw_outputs(
    source: Source,
    index: int,
    extent: np.ndarray,
    parity: int,
    team: Team,
    family: Family | None,
    bags: BagsDrawn | None,
) -> None:
    """Draw what the words of a slice are judged by, and note which rows of the context matrix it touches."""
    touched = team.names.touched[CONTEXT, index]
    windows = windows_of(team.drawn, parity, index, team.drawn.words[parity, index])
    pools = pools_of(team.drawn, parity, index, team.shape)
    if family is None:
        _draw_noise(source, index, extent[0], extent[1], windows, pools, touched)
    else:
        own = _bags(bags, parity, index, family, team.documents)
        draw_bags(extent[0], extent[1], extent[2], extent[3], windows, family, own)
        if family.member.loss == SAMPLING:
            _draw_noise(source, index, extent[0], extent[1], windows, pools, touched)
        elif family.member.loss == HIERARCHICAL:
            for place in range(own.starts[extent[0]], own.starts[extent[1]]):
                set_bit(touched, own.outputs[place])
        else:
            for word in range(source.words):
                set_bit(touched, word)


@compiled()
def draw_slice(source: Source, number: int, index: int, team: Team) -> None:
    """Draw what a slice trains on in a round, and note which words it touches."""
    parity = number & 1
    start = source.starts[index] + number * source.length
    stop = min(start + source.length, source.ends[index])
    centers = team.names.touched[CENTER, index]
    centers[:] = 0
    team.names.touched[CONTEXT, index, :] = 0
    extent = team.drawn.extents[parity, index]
    extent[:] = 0
    if start >= stop:
        return
    windows = windows_of(team.drawn, parity, index, team.drawn.words[parity, index])
    first, last = draw_windows(source.ids, start, stop, source.rule, source.keep, windows)
    low, high = _reach(windows, first, last)
    extent[0], extent[1], extent[2], extent[3], extent[4] = first, last, low, high, stop - start
    if _has_window(source.family):
        for place in range(low, high):
            set_bit(centers, windows.words[place])
    if first < last:
        _draw_outputs(source, index, extent, parity, team, source.family, team.bags)


@compiled()
def name_outputs(
    extent: np.ndarray, index: int, pools: Pools, bags: Bags | None, spare: int, words: int, names: Names
) -> None:
    """Let the other rows that a slice meets stand for copies, too, where others touch them."""
    turns = (extent[1] - extent[0] + pools.turn - 1) // pools.turn
    if bags is None or bags.member.loss == SAMPLING:
        for turn in range(turns):
            rename_rows(pools.words[turn], 0, pools.words.shape[1], index, words, names)
    elif bags.member.loss == HIERARCHICAL:
        rename_rows(bags.outputs, bags.starts[extent[0]], bags.starts[extent[1]], index, words, names)
    else:
        for word in range(len(bags.everything)):
            bags.everything[word] = word if word < words else spare + word - words
        rename_rows(bags.everything, 0, words, index, words, names)


@compiled()
def bags_of(index: int, parity: int, team: Team, family: Family | None, bags: BagsDrawn | None) -> Bags | None:
    """Return the bags of a slice, or None for skip-gram with negative sampling."""
    if family is None:
        return None
    return _bags(bags, parity, index, family, team.documents)


@compiled()
def meets_words(family: Family | None) -> bool:
    """Tell whether the context matrix has a row for each word, and a bag meets that of its own."""
    if family is None:
        return True
    return family.member.loss != HIERARCHICAL


@compiled()
def _has_window(family: Family | None) -> bool:
    """Tell whether the words around another one are in a bag."""
    if family is None:
        return True
    return family.member.has_window
