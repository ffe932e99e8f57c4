"""The recipe of the exercise as it is told, call by call and pair by pair: the slow twin of examples/exercise."""

from itertools import pairwise

import numpy as np

from firth.objectives import sampling_gradient


def windows(random, text, recipe, count):
    """Return `count` windows [(centre, [(context, [negatives])])] and the kept copies.

    `random` is Python's module, or a generator of its kind.
    """
    starts = text.sentences.starts.tolist()
    words = [text.sentences.ids[start:end].tolist() for start, end in pairwise(starts)]
    total = int(text.counts.sum())
    drop = [max(0, 1 - np.sqrt(recipe.threshold * total / count)) for count in text.counts.tolist()]
    table = noise_table(text.counts, recipe.slots)
    kept, found = None, []
    for _ in range(count):
        half_width = random.randint(1, recipe.half_width)
        if kept is None:
            copies = [keep(random, sentence, drop) for _ in range(recipe.copies) for sentence in words]
            kept = [sentence for sentence in copies if len(sentence) >= 2]
        context = []
        while not context:
            sentence = kept[random.randint(0, len(kept) - 1)]
            place = random.randint(0, len(sentence) - 1)
            around = sentence[max(0, place - half_width) : place + half_width + 1]
            context = [word for word in around if word != sentence[place]]
        found.append((sentence[place], [(word, negatives(random, word, table, recipe)) for word in context]))
    return found, kept


def keep(random, sentence, drop):
    """Return the words of a sentence that stay."""
    return [word for word in sentence if drop[word] <= 0 or random.random() >= drop[word]]


def negatives(random, word, table, recipe):
    """Return K words drawn from the table, none of them `word`."""
    drawn = []
    while len(drawn) < recipe.negatives:
        slot = table[random.randint(0, recipe.slots - 1)]
        if slot != word:
            drawn.append(slot)
    return drawn


def noise_table(counts, slots):
    """Return the word of each slot, walking along the cumulative shares."""
    weights = counts**0.75
    cumulative = np.cumsum(weights / weights.sum()) * slots
    table, word = [], 0
    for slot in range(slots):
        while cumulative[word] < slot:
            word += 1
        table.append(word)
    return table


def gradients(windows, center, context):
    """Return the sum of `sampling_gradient` over all pairs of the windows, by both halves."""
    by_center, by_context = np.zeros_like(center), np.zeros_like(context)
    for word, pairs in windows:
        for seen, drawn in pairs:
            by_word, by_seen, by_drawn = sampling_gradient(center[word], context[seen], context[drawn])
            by_center[word] += by_word
            by_context[seen] += by_seen
            for negative, row in zip(drawn, by_drawn, strict=True):
                by_context[negative] += row
    return by_center, by_context


def counts(kept, words, half_width):
    """Return N⁺, (V, V), by the formula, position by position."""
    seen = np.zeros((words, words))
    for reach in range(1, half_width + 1):
        found, chance_of_context = np.zeros((words, words)), 0.0
        for sentence in kept:
            chance = 1 / (len(kept) * len(sentence))
            for place, word in enumerate(sentence):
                context = [other for other in sentence[max(0, place - reach) : place + reach + 1] if other != word]
                chance_of_context += chance if context else 0
                for other in context:
                    found[word, other] += chance
        seen += found / chance_of_context / half_width
    return seen


def drawn_counts(seen, noise, negatives):
    """Return N⁻, (V, V): each pair seen draws K times from what the noise has besides its context word."""
    drawn = np.zeros_like(seen)
    for center, row in enumerate(seen):
        for word, times in enumerate(row):
            rest = noise / (1 - noise[word])
            rest[word] = 0
            drawn[center] += negatives * times * rest
    return drawn
