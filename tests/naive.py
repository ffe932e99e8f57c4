"""Slow twins of the kernels: plain Python and float64, the same random numbers, nothing clever."""

import numpy as np

from firth.objectives.logistic import sigmoid
from firth.randomness import random_bits


def keep_and_reach(ids, observations, counts, key):
    """Return for each position whether it is kept, and its half-width, from the settings' own formulas."""
    bits = random_bits(key, np.arange(len(ids)))
    high = (bits >> np.uint64(32)) / 2.0**32
    low = (bits & np.uint64(0xFFFFFFFF)) / 2.0**32
    keep = observations.keep_probabilities(counts)
    kept = [word >= 0 and high[position] < round(keep[word] * 2**32) / 2**32 for position, word in enumerate(ids)]
    weights = np.round(observations.pair_weights() * 2.0**32) / 2.0**32
    return kept, [int((low[position] < weights).sum()) for position in range(len(ids))]


def windows(ids, observations, counts, key):
    """Return [(position, word, [positions of its window])] of the whole corpus, sentence by sentence."""
    kept, reach = keep_and_reach(ids, observations, counts, key)
    result = []
    sentence = []
    for position, word in enumerate([*ids, -1]):
        if word >= 0:
            sentence.append(position)
            continue
        survivors = [p for p in sentence if kept[p]]
        for place, center in enumerate(survivors):
            if observations.dropping == "before":
                near = [p for q, p in enumerate(survivors) if abs(q - place) <= reach[center] and p != center]
            else:
                near = [p for p in survivors if abs(p - center) <= reach[center] and p != center]
            result.append((center, int(ids[center]), near))
        sentence = []
    return result


def pairs_of(found):
    """Return how often each position is a centre: in how many windows of others it stands."""
    count = {position: 0 for position, _, _ in found}
    for _, _, near in found:
        for position in near:
            count[position] += 1
    return count


def draw_pool(place, size, thresholds, aliases, key):
    """Return {word: times} of one pool, in order of first draw, with the index at which each was drawn first."""
    pool = {}
    first = []
    for k in range(size):
        bits = int(random_bits(key, np.array([place * size + k]))[0])
        column = (bits >> 32) * len(aliases) >> 32
        word = column if (bits & 0xFFFFFFFF) < int(thresholds[column]) else int(aliases[column])
        if word not in pool:
            pool[word] = 0
            first.append((k, word))
        pool[word] += 1
    return pool, first


def _update(center, context, centers, contexts, weights, sign, rate):
    """Update a block from its old values; weights (centers, contexts)."""
    old_centers, old_contexts = center[centers].copy(), context[contexts].copy()
    scores = old_centers @ old_contexts.T
    steps = rate * weights * sign * sigmoid(-sign * scores)
    center[centers] += steps @ old_contexts
    context[contexts] += steps.T @ old_centers


def move_window(rows, row, others, numbers, steps):
    """Move rows[row] and those of others[numbers], one after the other: each gets what the row was before."""
    before = rows[row].copy()
    for number, step in zip(numbers, steps, strict=True):
        rows[row] += step * others[number]
        others[number] += step * before


def attract(center, context, group, word_of, rate, steepness=lambda scores: sigmoid(-scores)):
    """Draw the words of a group, as contexts, and their windows together; return how many pairs.

    All steps are those of the scores before the first; then window by window, one centre after the other.
    """
    windows = [(word, [word_of[p] for p in near]) for _, word, near in group]
    steps = [rate * steepness(center[near] @ context[word]) if near else [] for word, near in windows]
    for (word, near), window_steps in zip(windows, steps, strict=True):
        move_window(context, word, center, near, window_steps)
    return sum(len(near) for _, near in windows)


def push_apart(center, context, rows, weights, pool, size, rate):
    """Push some rows and the words of a pool apart, four words at a time; a row weighs its weight times the draws."""
    times, first = pool
    for block in range(0, size, 4):
        drawn = [word for k, word in first if block <= k < block + 4]
        if drawn:
            often = np.array([times[word] for word in drawn])
            _update(center, context, rows, drawn, np.outer(weights, often), -1.0, rate)


def once_each(group, times):
    """Return the words of a group, each once, and how often they are centres."""
    rows = list(dict.fromkeys(word for _, word, _ in group))
    return rows, np.array([sum(times[p] for p, w, _ in group if w == row) for row in rows])


def ranges_of(found, size):
    """Cut what `windows` found into ranges of `size` positions, those without a word left out."""
    return list(_parts(found, lambda position: position // size).values())


def rounds_of(found, part, length):
    """Cut what `windows` found into rounds of slices: [[(slice, its words), …], …], empty ones left out."""
    parts = _parts(found, lambda position: (position % part // length, position // part))
    rounds = {}
    for number, index in sorted(parts):
        rounds.setdefault(number, []).append((index, parts[number, index]))
    return list(rounds.values())


def _parts(found, key):
    """Group what `windows` found by a function of the position."""
    parts = {}
    for item in found:
        parts.setdefault(key(item[0]), []).append(item)
    return parts


def _train_part(center, context, part, times, word_of, pool_at, rate_at, *, turn, size, negatives):
    """Train on the words of one part, in groups of four; return how many pairs."""
    total_pairs = 0
    for start in range(0, len(part), 4):
        group = part[start : start + 4]
        rate = rate_at(group[0][0])
        total_pairs += attract(center, context, group, word_of, rate)
        rows, weights = once_each(group, times)
        pool = pool_at(part[start // turn * turn][0])
        push_apart(center, context, rows, weights * negatives / size, pool, size, rate)
    return total_pairs


def train(center, context, found, pool_at, rate_at, *, turn, size, negatives, range_size):
    """Train as the kernel does, range by range; return how many pairs.

    found: from `windows`; pool_at: position of a turn's first word → (pool, first); rate_at: position → learning rate.
    """
    word_of = {position: word for position, word, _ in found}
    known = pairs_of(found), word_of, pool_at, rate_at
    shape = {"turn": turn, "size": size, "negatives": negatives}
    return sum(_train_part(center, context, part, *known, **shape) for part in ranges_of(found, range_size))


def train_in_rounds(center, context, found, pool_at, rate_at, share_at, *, part, length, turn, size, negatives):
    """Train as threads in rounds do: every slice on copies of all rows, then each row by those slices that touch it.

    rate_at: (position in its part) → learning rate; share_at: (round's rate, copies) → what their moves are multiplied
    with. A row that one slice touches becomes its copy.
    """
    word_of = {position: word for position, word, _ in found}
    times = pairs_of(found)
    shape = {"turn": turn, "size": size, "negatives": negatives}
    total_pairs = 0
    for slices in rounds_of(found, part, length):
        copies = []
        for _, words in slices:
            own = center.copy(), context.copy()
            known = times, word_of, pool_at, lambda p: rate_at(p % part)
            total_pairs += _train_part(*own, words, *known, **shape)
            touched_centers = {word for _, word, _ in words} | {word_of[p] for _, _, near in words for p in near}
            pools = [pool_at(words[start][0])[0] for start in range(0, len(words), turn)]
            touched_contexts = {word for _, word, _ in words} | {word for pool in pools for word in pool}
            copies.append((*own, touched_centers, touched_contexts))
        rate = rate_at(slices[0][1][0][0] % part // length * length)
        merge_copies((center, context), copies, lambda m, *_, rate=rate: share_at(rate, m))
    return total_pairs


def merge_copies(matrices, copies, share_of):
    """Add up what slices did: copies has for each its own of both matrices, then the rows that it touches of each.

    share_of: (copies, side, row) → what their moves are multiplied with.
    """
    for side, matrix in enumerate(matrices):
        for row in range(len(matrix)):
            moved = [copy[side][row] for copy in copies if row in copy[2 + side]]
            if len(moved) == 1:
                matrix[row] = moved[0]
            elif moved:
                matrix[row] += share_of(len(moved), side, row) * sum(copy - matrix[row] for copy in moved)


def observed_counts(found, pool_at, parts, *, words, turn, size, negatives):
    """Return N⁺ and N⁻ of one draw, (V, V): what the kernel's gradient must be that of."""
    seen, drawn = np.zeros((words, words)), np.zeros((words, words))
    times = pairs_of(found)
    word_of = {position: word for position, word, _ in found}
    for part in parts:
        for index, (position, word, near) in enumerate(part):
            for p in near:
                seen[word_of[p], word] += 1
            for noise, often in pool_at(part[index // turn * turn][0])[0].items():
                drawn[word, noise] += times[position] * negatives / size * often
    return seen, drawn
