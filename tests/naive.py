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


def _merged(words):
    """Return the distinct words in order, and how often each stands."""
    distinct = list(dict.fromkeys(words))
    return distinct, np.array([float(words.count(word)) for word in distinct])


def ranges_of(found, size):
    """Cut what `windows` found into ranges of `size` positions, those without a word left out."""
    ranges = {}
    for item in found:
        ranges.setdefault(item[0] // size, []).append(item)
    return list(ranges.values())


def train(center, context, found, pool_at, rate_at, *, turn, size, negatives, range_size):
    """Train as the kernel does, range by range; return how many pairs.

    found: from `windows`; pool_at: position of a turn's first word → (pool, first); rate_at: position → learning rate.
    """
    total_pairs = 0
    times = pairs_of(found)
    word_of = {position: word for position, word, _ in found}
    groups = [
        (part[start // turn * turn][0], part[start : start + 4])
        for part in ranges_of(found, range_size)
        for start in range(0, len(part), 4)
    ]
    for place, group in groups:
        rate = rate_at(group[0][0])
        for _, word, near in group:
            for block in range(0, len(near), 4):
                rows, weights = _merged([word_of[p] for p in near[block : block + 4]])
                _update(center, context, rows, [word], weights[:, None], 1.0, rate)
                total_pairs += len(near[block : block + 4])
        rows = list(dict.fromkeys(word for _, word, _ in group))
        weights = np.array([sum(times[p] for p, w, _ in group if w == row) for row in rows]) * negatives / size
        pool, first = pool_at(place)
        for block in range(0, size, 4):
            drawn = [word for k, word in first if block <= k < block + 4]
            if drawn:
                often = np.array([pool[word] for word in drawn])
                _update(center, context, rows, drawn, np.outer(weights, often), -1.0, rate)
    return total_pairs


def observed_counts(found, pool_at, *, words, turn, size, negatives, range_size):
    """Return N⁺ and N⁻ of one draw, (V, V): what the kernel's gradient must be that of."""
    seen, drawn = np.zeros((words, words)), np.zeros((words, words))
    times = pairs_of(found)
    word_of = {position: word for position, word, _ in found}
    for part in ranges_of(found, range_size):
        for index, (position, word, near) in enumerate(part):
            for p in near:
                seen[word_of[p], word] += 1
            for noise, often in pool_at(part[index // turn * turn][0])[0].items():
                drawn[word, noise] += times[position] * negatives / size * often
    return seen, drawn
