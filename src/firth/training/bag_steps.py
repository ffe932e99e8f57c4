"""What a bag meets: rows that it is to predict, and rows that it is not. The parts of the kernel of bags.

A bag h, or four of them, meets rows u of the context matrix. Each meeting has a weight w, whose sign says whether the
row is to be predicted:

    J = Σ |w| · −log σ(sign(w) u·h)        negative sampling: its word (1), the pool's (−K/P · how often it was drawn)
                                           hierarchical softmax: the nodes on the path of its word (±1)
    J = −u_o·h + log Σ_w e^(u_w·h)         softmax over the vocabulary

Where a run only scores, rows stay as they are and the loss is returned; else 0 is.

Functions that are called get the arrays they need and no more: each costs some numbers on the stack.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from firth.compiling import compiled
from firth.observations.windows import Windows
from firth.training.bag_blocks import gather_bag, spread_bag, steps_by_weight
from firth.training.bags import SAMPLING, SOFTMAX, BagRoom, Bags
from firth.training.blocks import add_up, scores_4x4, steps_apart, update_4x4
from firth.training.logistic import logistic_loss, signed_loss, soften
from firth.training.matrices import Matrices
from firth.training.pools import Pools
from firth.training.sampling_kernel import Room, lines_for, restrain, scale_back
from firth.training.window_blocks import window_scores, window_update


class Work(NamedTuple):
    """What a range is trained with.

    Attributes:
        matrices: changed in place.
        windows: from `draw_windows`.
        pools: from `draw_pools`; not drawn where the loss needs none.
        bags: from `draw_bags`.
        room: from `kernel_room`.
        own: from `bag_room`.
        trains: whether rows are moved, or scored only.
    """

    matrices: Matrices
    windows: Windows
    pools: Pools
    bags: Bags
    room: Room
    own: BagRoom
    trains: bool


class Group(NamedTuple):
    """Four words, or what is left of them.

    Attributes:
        first: index of the first in `windows`.
        end: index after the last.
        turn: of the pool they meet.
        rate: learning rate, 1 where words are scored.
        looks: whether rows are looked at after each update.
        trains: whether rows are moved, or scored only.
    """

    first: int
    end: int
    turn: int
    rate: float
    looks: bool
    trains: bool


@compiled(inline=True)
def _judge(count: int, rate: float, weights: np.ndarray, trains: bool, room: Room) -> float:
    """Turn the first scores in the room into steps, or return their loss."""
    if trains:
        steps_by_weight(room.pairs, count, rate, weights, room.sizes)
        return 0.0
    return signed_loss(room.pairs[:count], weights)


@compiled(inline=True)
def attract(count: int, group: Group, loss: int, weights: np.ndarray, room: Room) -> float:
    """Turn the first scores in the room, of words to be predicted, into steps; or return their loss."""
    if loss != SOFTMAX:
        return _judge(count, group.rate, weights, group.trains, room)
    total = 0.0
    for pair in range(count):
        total -= weights[pair] * room.pairs[pair]
        room.pairs[pair] = group.rate * weights[pair]
        room.sizes[0] += room.pairs[pair]
    return 0.0 if group.trains else total


@compiled()
def meet_list(
    matrix: np.ndarray,
    row: int,
    context: np.ndarray,
    ids: np.ndarray,
    span: tuple[int, int],
    weights: np.ndarray,
    group: Group,
    room: Room,
) -> float:
    """Let one row meet the context rows ids[first:last], with weights[first:last]; return the loss."""
    loss = 0.0
    for start in range(span[0], span[1], len(room.parts)):
        end = min(span[1], start + len(room.parts))
        window_scores(matrix, row, context, ids, (start, end, end), room.parts, 0)
        add_up(room.parts, room.pairs, lines_for(end - start, room))
        loss += _judge(end - start, group.rate, weights[start:], group.trains, room)
        if group.trains:
            window_update(matrix, row, context, ids, (start, end, end), room.pairs, 0)
    return loss


@compiled(inline=True)
def meet_path(
    matrices: Matrices,
    words: np.ndarray,
    where: tuple[int, int, int],
    span: tuple[int, int],
    nodes: np.ndarray,
    signs: np.ndarray,
    weights: np.ndarray,
    group: Group,
    room: Room,
) -> float:
    """Let each word of a window meet the nodes [first, last) on the path of the word in its middle; return the loss.

    `where` is three int64, as in `window_scores`; `weights` is room for the signs of pairs.
    """
    center, context = matrices.center, matrices.context
    width = where[1] - where[0]
    loss = 0.0
    if width == 0:
        return loss
    step = len(room.parts) // width
    for start in range(span[0], span[1], step):
        end = min(span[1], start + step)
        count = 0
        for place in range(start, end):
            window_scores(context, np.int64(nodes[place]), center, words, where, room.parts, count)
            for pair in range(count, count + width):
                weights[pair] = signs[place]
            count += width
        add_up(room.parts, room.pairs, lines_for(count, room))
        loss += _judge(count, group.rate, weights, group.trains, room)
        if group.trains:
            count = 0
            for place in range(start, end):
                window_update(context, np.int64(nodes[place]), center, words, where, room.pairs, count)
                count += width
    return loss


@compiled(inline=True)
def _meet_pool(
    center: np.ndarray, context: np.ndarray, words: np.ndarray, times: np.ndarray, group: Group, room: Room
) -> float:
    """Push the four rows in the room and the words of a pool apart; return the loss."""
    loss = 0.0
    for k in range(0, len(words), 4):
        for j in range(4):
            room.contexts[j] = words[k + j]
        scores_4x4(center, room.centers, context, room.contexts, room.noise)
        often = times[4 * k : 4 * k + 16]
        if group.trains:
            steps_apart(room.noise, room.weights, often, room.sizes)
            update_4x4(center, room.centers, context, room.contexts, room.noise)
            if group.looks:
                room.looked[0] += restrain(words, k, k + 4, context, room)
                for j in range(4):
                    if room.center_weights[j] > 0:
                        room.looked[0] += scale_back(center[room.centers[j]])
        else:
            loss += logistic_loss(room.noise, room.weights, often, -1.0)
    return loss


@compiled()
def _meet_everything(
    center: np.ndarray, context: np.ndarray, words: np.ndarray, count: int, scores: np.ndarray, group: Group, room: Room
) -> float:
    """Let the four rows in the room meet all words, `count` of them, as softmax does; return Σ weight · log Z."""
    loss = 0.0
    for k in range(0, len(words), 4):
        for j in range(4):
            room.contexts[j] = words[k + j]
        scores_4x4(center, room.centers, context, room.contexts, room.noise)
        for i in range(4):
            for j in range(4):
                scores[i, k + j] = room.noise[4 * i + j]
    for i in range(4):
        loss += room.center_weights[i] * soften(scores[i, :count])
        for word in range(count, scores.shape[1]):
            scores[i, word] = 0
        room.sizes[0] += room.center_weights[i]
    if not group.trains:
        return loss
    for k in range(0, len(words), 4):
        for j in range(4):
            room.contexts[j] = words[k + j]
        for i in range(4):
            for j in range(4):
                room.noise[4 * i + j] = -room.center_weights[i] * scores[i, k + j]
        update_4x4(center, room.centers, context, room.contexts, room.noise)
    if group.looks:
        room.looked[0] += restrain(words, 0, len(words), context, room)
    return 0.0


@compiled(inline=True)
def meet_noise(center: np.ndarray, group: Group, work: Work) -> float:
    """Let the four rows in the room meet what they are not to predict; return the loss."""
    room, bags, pools = work.room, work.bags, work.pools
    for pair in range(16):
        room.weights[pair] = room.center_weights[pair >> 2]
    loss = 0.0
    if bags.member.loss == SAMPLING:
        words, times = pools.words[group.turn], pools.times[group.turn]
        loss = _meet_pool(center, work.matrices.context, words, times, group, room)
    elif bags.member.loss == SOFTMAX:
        words, scores = bags.everything, work.own.scores
        loss = _meet_everything(center, work.matrices.context, words, bags.words, scores, group, room)
    return loss


@compiled(inline=True)
def share_of_pair(rate: float, work: Work) -> float:
    """Return what one pair weighs against each word it is not to predict."""
    if work.bags.member.loss == SAMPLING:
        return rate * work.pools.negatives / work.pools.words.shape[1]
    return rate


@compiled(inline=True)
def window_of(index: int, windows: Windows, is_mean: bool) -> tuple[int, int, int]:
    """Return the words whose mean a bag is, as `window_scores` takes them: those of the window, or none."""
    if is_mean:
        return int(windows.left[index]), int(windows.right[index]), int(index)
    return int(index), int(index), int(index)


@compiled(inline=True)
def gather_bags(center: np.ndarray, windows: Windows, bags: Bags, own: BagRoom, group: Group) -> int:
    """Gather the bags of a group, and note of how many rows each is the mean; return how many are of any."""
    count = 0
    for j in range(4):
        own.inverse[j] = 0
    for j in range(group.end - group.first):
        index = group.first + j
        document = np.int64(bags.documents[index]) if len(bags.document_matrix) > 0 else np.int64(-1)
        size = 1.0 if document >= 0 else 0.0
        where = window_of(index, windows, bags.member.is_mean)
        for place in range(where[0], where[1] + 1):
            if place != index:
                size += bags.sizes[place]
        if size > 0:
            own.inverse[j] = 1 / size
            target = bags.document_matrix, document, own.rows, np.int64(j), np.int64(j + 4), bags.sizes, own.inverse[j]
            gather_bag(center, windows.words, where, *target)
            count += 1
    return count


@compiled(inline=True)
def spread_bags(center: np.ndarray, windows: Windows, bags: Bags, own: BagRoom, group: Group, room: Room) -> None:
    """Hand the moves of the bags of a group to the rows that they are means of."""
    for j in range(group.end - group.first):
        if own.inverse[j] == 0:
            continue
        index = group.first + j
        document = np.int64(bags.documents[index]) if len(bags.document_matrix) > 0 else np.int64(-1)
        share = own.inverse[j] if bags.member.is_shared else 1.0
        where = window_of(index, windows, bags.member.is_mean)
        source = bags.document_matrix, document, own.rows, np.int64(j), np.int64(j + 4), share
        spread_bag(center, windows.words, where, *source)
        if group.looks:
            room.looked[0] += restrain(windows.words, where[0], where[1] + 1, center, room)
            if document >= 0:
                room.looked[0] += restrain(bags.documents, index, index + 1, bags.document_matrix, room)
