"""Slow twins of counting: every pair of every sentence, once from the definition, once with the same whole numbers."""

import itertools

import numpy as np


def sentences_of(ids):
    """Cut ids at −1."""
    found, sentence = [], []
    for word in ids:
        if word < 0:
            found.append(sentence)
            sentence = []
        else:
            sentence.append(int(word))
    assert not sentence
    return found


def expected_counts(sentences, observations, keep):
    """N⁺ from its definition, (V, V): the mean over every set of survivors of each sentence; short sentences only."""
    counts = np.zeros((len(keep), len(keep)))
    weights = observations.pair_weights()
    for sentence in sentences:
        for kept in itertools.product((False, True), repeat=len(sentence)):
            chance = np.prod([keep[w] if k else 1 - keep[w] for w, k in zip(sentence, kept, strict=True)])
            survivors = [p for p, k in enumerate(kept) if k]
            for (place, i), (other, j) in itertools.permutations(enumerate(survivors), 2):
                distance = abs(place - other) if observations.dropping == "before" else abs(i - j)
                if distance <= observations.window:
                    counts[sentence[i], sentence[j]] += chance * weights[distance - 1]
    return counts


def cells(sentences, observations, keep, parts):
    """The cells as whole numbers, {(c, o): cell}, pair by pair; `parts`: how many make a pair of weight 1.

    Expectations of "before" are walked to the end of the sentence: nothing is left out but what rounds to 0.
    """
    found = {}
    weights = observations.pair_weights()
    is_whole = observations.dropping == "after" or observations.subsample == 0
    for sentence in sentences:
        for i, center in enumerate(sentence):
            between = [1.0] + [0.0] * (observations.window - 1)
            for j in range(i + 1, len(sentence)):
                word = sentence[j]
                if is_whole:
                    amount = round(parts * weights[j - i - 1]) if j - i <= observations.window else 0
                else:
                    weight = 0.0
                    for chance, part in zip(between, weights, strict=True):
                        weight += chance * part
                    amount = int(keep[center] * 2.0**32 * weight * keep[word] + 0.5)
                    stay, go = keep[word], 1.0 - keep[word]
                    between = [chance * go + (between[b - 1] if b else 0.0) * stay for b, chance in enumerate(between)]
                for pair in ((center, word), (word, center)):
                    found[pair] = found.get(pair, 0) + amount
    return {pair: amount for pair, amount in found.items() if amount}
