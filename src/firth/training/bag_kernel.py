"""The rest of the family: bags that are means or documents, and losses that need no noise words.

Skip-gram with negative sampling has its own kernel (`firth.training.sampling_kernel`); this one has its shape, its room
and its way to stay finite, and goes through words in groups of four:

    each word of the window by itself   rows of the centre matrix, moved in place
    the mean of the window              four bags are gathered, meet what they are judged by, and hand on their moves
    a document                          one row, moved in place, which meets the words of the group that stand in it

What a bag meets is in `firth.training.bag_steps`. Its move goes to the rows it is the mean of: divided by their number,
as the gradient of a mean is, or whole, as word2vec.c, gensim and fastText have it.

Finite by construction, as the kernel of skip-gram is: no update makes the longest row grow by more than 1 + y, y the
sum of its steps. Here, too:

- A bag, the mean of rows, begins no longer than the longest of them. While bags move by steps of S in all, no row and
  no bag grows by more than e^S, and the bags of a group together move by no more than (e^S − 1) · the longest row.
- A row gets no more than one move of each bag if moves are shared: its share is how often it stands in the bag over
  how many rows that has. If they are not, it gets one as often as it stands there, n times at most, and grows by no
  more than 1 + n (e^S − 1) ≤ e^(n S). So what is bounded is n S, n that of the widest window since the last look.
- Softmax over the vocabulary draws a word and its bag together by a step of the whole rate, and pushes the bag and all
  words apart by steps that add up to as much. On a path, each node has one step.

Where one group alone could grow too far, rows are restrained after each update, and its bags between blocks of the
pool. A row then gets steps · rows that were no longer than LONGEST before, or that such an update moved: a rate of 10,
1000 noise words and windows of 2000 words make nothing longer than 10¹³, whose square float32 can hold.
"""

from __future__ import annotations

import numpy as np

from firth.compiling import compiled, prefetch_row
from firth.training.bag_steps import (
    Group,
    Work,
    attract,
    gather_bags,
    meet_list,
    meet_noise,
    meet_path,
    share_of_pair,
    spread_bags,
)
from firth.training.bags import HIERARCHICAL, SAMPLING, SOFTMAX
from firth.training.blocks import scores_of_four, sum_of_line, update_four
from firth.training.sampling_kernel import (
    AHEAD,
    LOSS,
    PAIRS,
    RESTRAINED,
    SCORED,
    fetch_pool,
    load_group,
    restrain,
    score_group,
    update_window,
)
from firth.training.schedule import Rates


@compiled(inline=True)
def _train_paths(group: Group, work: Work) -> tuple[int, float]:
    """Let the words of windows meet the paths of the words in their middle; return pairs and loss."""
    matrices, windows, bags, room = work.matrices, work.windows, work.bags, work.room
    pairs, loss = 0, 0.0
    for index in range(group.first, group.end):
        where = np.int64(windows.left[index]), np.int64(windows.right[index]), np.int64(index)
        span = np.int64(bags.starts[index]), np.int64(bags.starts[index + 1])
        loss += meet_path(matrices, windows.words, where, span, bags.outputs, bags.signs, work.own.weights, group, room)
        pairs += int(where[1] - where[0])
        if group.looks:
            room.looked[0] += restrain(windows.words, where[0], where[1] + 1, matrices.center, room)
            room.looked[0] += restrain(bags.outputs, span[0], span[1], matrices.context, room)
    return pairs, loss


@compiled(inline=True)
def _train_words(group: Group, work: Work) -> tuple[int, float]:
    """Train on windows whose words are bags by themselves, and on what they are not to predict; return pairs, loss."""
    matrices, windows, room = work.matrices, work.windows, work.room
    pairs = score_group(group.first, group.end, matrices, windows, room)
    loss = attract(pairs, group, work.bags.member.loss, work.own.ones, room)
    if group.trains:
        count = 0
        for index in range(group.first, group.end):
            count += update_window(index, count, matrices, windows, room)
            if group.looks:
                left, right = windows.left[index], windows.right[index]
                room.looked[0] += restrain(windows.words, left, right + 1, matrices.center, room)
                room.looked[0] += restrain(windows.contexts, index, index + 1, matrices.context, room)
    load_group(group.first, group.end, share_of_pair(group.rate, work), matrices, windows, room)
    loss += meet_noise(matrices.center, group, work)
    if group.looks:
        room.looked[0] += restrain(windows.words, group.first, group.end, matrices.center, room)
    return pairs, loss


@compiled(inline=True)
def _meet_paths(group: Group, work: Work) -> float:
    """Let the bags of a group meet the paths of the words they stand around; return the loss."""
    bags, own, room, context = work.bags, work.own, work.room, work.matrices.context
    loss = 0.0
    for j in range(group.end - group.first):
        if own.inverse[j] > 0:
            span = np.int64(bags.starts[group.first + j]), np.int64(bags.starts[group.first + j + 1])
            loss += meet_list(own.rows, np.int64(j), context, bags.outputs, span, bags.signs, group, room)
            if group.looks:
                room.looked[0] += restrain(bags.outputs, span[0], span[1], context, room)
    return loss


@compiled(inline=True)
def _meet_words(group: Group, work: Work) -> float:
    """Let the bags of a group meet the words they stand around; return the loss."""
    windows, own, room, context = work.windows, work.own, work.room, work.matrices.context
    for j in range(4):
        is_bag = own.inverse[j] > 0
        room.centers[j] = j
        room.contexts[j] = windows.contexts[group.first + j] if is_bag else work.matrices.spare + j
        own.weights[j] = 1 if is_bag else 0
    scores_of_four(own.rows, room.centers, context, room.contexts, room.pairs)
    loss = attract(4, group, work.bags.member.loss, own.weights, room)
    if group.trains:
        update_four(own.rows, room.centers, context, room.contexts, room.pairs)
    if group.looks:
        room.looked[0] += restrain(windows.contexts, group.first, group.end, context, room)
    return loss


@compiled(inline=True)
def _train_means(group: Group, work: Work) -> tuple[int, float]:
    """Train on bags that are the mean of a window, of a document, or of both; return how many, and their loss."""
    room, own, center = work.room, work.own, work.matrices.center
    count = gather_bags(center, work.windows, work.bags, own, group)
    loss = 0.0
    if work.bags.member.loss == HIERARCHICAL:
        loss += _meet_paths(group, work)
    else:
        loss += _meet_words(group, work)
    share = share_of_pair(group.rate, work)
    for j in range(4):
        room.centers[j] = j
        room.center_weights[j] = share if own.inverse[j] > 0 else 0.0
    loss += meet_noise(own.rows, group, work)
    if group.trains:
        spread_bags(center, work.windows, work.bags, own, group, room)
    return count, loss


@compiled(inline=True)
def _meet_document(first: int, end: int, group: Group, work: Work) -> float:
    """Let a document meet the words [first, end), which stand in it, and the pool as often; return the loss."""
    windows, bags, pools, room, own = work.windows, work.bags, work.pools, work.room, work.own
    context, document = work.matrices.context, np.int64(bags.documents[first])
    if bags.member.loss == HIERARCHICAL:
        ids, weights, span = bags.outputs, bags.signs, (np.int64(bags.starts[first]), np.int64(bags.starts[end]))
    else:
        count, drawn = end - first, pools.words.shape[1]
        against = count * pools.negatives / drawn
        for place in range(count):
            own.ids[place] = windows.contexts[first + place]
            own.weights[place] = 1
        for k in range(drawn):
            own.ids[count + k] = pools.words[group.turn, k]
            own.weights[count + k] = -against * pools.times[group.turn, 16 * (k >> 2) + (k & 3)]
        ids, weights, span = own.ids, own.weights, (np.int64(0), np.int64(count + drawn))
    loss = meet_list(bags.document_matrix, document, context, ids, span, weights, group, room)
    if group.looks:
        room.looked[0] += restrain(ids, span[0], span[1], context, room)
        room.looked[0] += restrain(bags.documents, first, first + 1, bags.document_matrix, room)
    return loss


@compiled(inline=True)
def _train_documents(group: Group, work: Work) -> tuple[int, float]:
    """Train on documents as bags of their own, each once for all of the group's words in it; return words, loss."""
    documents = work.bags.documents
    loss, first = 0.0, group.first
    while first < group.end:
        end = first + 1
        while end < group.end and documents[end] == documents[first]:
            end += 1
        loss += _meet_document(first, end, group, work)
        first = end
    return group.end - group.first, loss


@compiled(inline=True)
def _train_group(group: Group, work: Work) -> tuple[int, float]:
    """Score a group, or train on it; return how often a bag met a word, and the loss."""
    member = work.bags.member
    count, loss = 0, 0.0
    if member.has_window and not member.is_mean:
        if member.loss == HIERARCHICAL:
            count, loss = _train_paths(group, work)
        else:
            count, loss = _train_words(group, work)
    if member.is_mean or (member.loss == SOFTMAX and len(work.bags.document_matrix) > 0):
        more, added = _train_means(group, work)
        count, loss = count + more, loss + added
    elif len(work.bags.document_matrix) > 0:
        more, added = _train_documents(group, work)
        count, loss = count + more, loss + added
    return count, loss


@compiled(inline=True)
def _steps_bound(index: int, last: int, rates: Rates, work: Work) -> float:
    """Bound the sum of all steps that the group at `index` takes."""
    windows, bags = work.windows, work.bags
    member = bags.member
    against = 1.0
    if member.loss == SAMPLING:
        against = work.pools.negatives
    elif member.loss == HIERARCHICAL:
        against = 0.0
    steps = 0.0
    for place in range(index, min(index + 4, last)):
        outputs = 1 if member.loss != HIERARCHICAL else bags.starts[place + 1] - bags.starts[place]
        if member.has_window and not member.is_mean:
            steps += (windows.right[place] - windows.left[place]) * outputs + windows.pairs[place] * against
        if member.is_mean or len(bags.document_matrix) > 0:
            steps += outputs + against
    return max(rates.lowest, rates.first + rates.slope * windows.positions[index]) * steps


@compiled(inline=True)
def _most_moves(index: int, last: int, work: Work) -> int:
    """Return how often a row can stand in a bag of the group at `index`, and get its whole move each time; or 1."""
    windows, member = work.windows, work.bags.member
    most = 1
    if member.is_mean and not member.is_shared:
        for place in range(index, min(index + 4, last)):
            most = max(most, windows.right[place] - windows.left[place])
    return most


@compiled()
def _restrain_since(mark: int, now: int, first: int, work: Work) -> int:
    """Restrain every row that the words [mark, now) can have moved; return how many needed it."""
    windows, bags, pools, room, context = work.windows, work.bags, work.pools, work.room, work.matrices.context
    count = 0
    if bags.member.has_window:
        low, high = windows.left[mark], windows.right[mark]
        for index in range(mark, now):
            low = min(low, windows.left[index])
            high = max(high, windows.right[index])
        count += restrain(windows.words, low, high + 1, work.matrices.center, room)
    if len(bags.document_matrix) > 0:
        count += restrain(bags.documents, mark, now, bags.document_matrix, room)
    if bags.member.loss == HIERARCHICAL:
        return count + restrain(bags.outputs, bags.starts[mark], bags.starts[now], context, room)
    if bags.member.loss == SOFTMAX:
        return count + restrain(bags.everything, 0, len(bags.everything), context, room)
    count += restrain(windows.contexts, mark, now, context, room)
    for turn in range((mark - first) // pools.turn, (now - 1 - first) // pools.turn + 1):
        count += restrain(pools.words[turn], 0, pools.words.shape[1], context, room)
    return count


@compiled(inline=True)
def _fetch_ahead(start: int, stop: int, work: Work) -> None:
    """Ask for the rows of the words [start, stop)."""
    windows, bags, matrices = work.windows, work.bags, work.matrices
    for index in range(start, stop):
        if bags.member.has_window:
            prefetch_row(matrices.center, np.int64(windows.words[index]))
        if bags.member.loss == SAMPLING:
            prefetch_row(matrices.context, np.int64(windows.contexts[index]))
        for place in range(bags.starts[index], bags.starts[index + 1]):
            prefetch_row(matrices.context, np.int64(bags.outputs[place]))


@compiled()
def go_through_bags(work: Work, first: int, last: int, rates: Rates, tally: np.ndarray) -> None:
    """Train on the bags of the words [first, last), and on what they are judged by; or score them and change nothing.

    Args:
        work: what to train with; its matrices are changed in place, unless it only scores.
        first: index of the range's first word in `windows`.
        last: index after its last.
        rates: learning rate by position; 1 everywhere to score.
        tally: (4,) float64; PAIRS and RESTRAINED are added to, or SCORED and LOSS.
    """
    windows, bags, room, turn = work.windows, work.bags, work.room, work.pools.turn
    turns = (last - first + turn - 1) // turn
    counted = PAIRS if work.trains else SCORED
    _fetch_ahead(first, min(first + AHEAD, last), work)
    mark = first
    while mark < last:
        room.sizes[:] = 0
        room.looked[0] = 0
        most = _most_moves(mark, last, work)
        looks = work.trains and most * _steps_bound(mark, last, rates, work) > room.growth
        index = mark
        while index < last:
            most = max(most, _most_moves(index, last, work))
            bound = most * (sum_of_line(room.sizes) + _steps_bound(index, last, rates, work))
            if index > mark and work.trains and (looks or bound > room.growth):
                break
            _fetch_ahead(min(index + AHEAD, last), min(index + AHEAD + 4, last), work)
            number = (index - first) // turn
            if bags.member.loss == SAMPLING and (index - first) % turn == 0 and number + 1 < turns:
                fetch_pool(number + 1, work.matrices, work.pools)
            rate = max(rates.lowest, rates.first + rates.slope * windows.positions[index])
            group = Group(index, min(index + 4, last), number, rate, looks, work.trains)
            count, loss = _train_group(group, work)
            tally[counted] += count
            tally[LOSS] += loss
            index = group.end
        if work.trains:
            tally[RESTRAINED] += room.looked[0] + _restrain_since(mark, index, first, work)
        mark = index
