"""Slow twins of `firth.text.phrases`: written from its documentation, over lists of strings, sharing no code."""

import math
from collections import Counter
from itertools import pairwise


def pairs_of(sentence, connectors):
    """The words of a sentence that may be pairs: first, the connectors between, second."""
    bare = [place for place, word in enumerate(sentence) if word not in connectors]
    return [tuple(sentence[first : second + 1]) for first, second in pairwise(bare)]


def score_of(name, pair, first, second, tokens, min_count):
    """The score of one pair, from whole numbers; None if the pair is too rare."""
    if name == "original":
        return (pair - min_count) / (first * second) * tokens if pair > min_count else None
    if pair < min_count:
        return None
    information = math.log(pair * tokens / (first * second))
    return min(1.0, max(-1.0, information / math.log(tokens / pair)))


def one_pass(sentences, *, min_count, threshold, score, connectors, fits):
    """The phrases of a text: count and score, by their words; `fits` tells whether one is short enough."""
    words = Counter(word for sentence in sentences for word in sentence)
    counted = Counter(pair for sentence in sentences for pair in pairs_of(sentence, connectors))
    found = {}
    for pair, count in counted.items():
        value = score_of(score, count, words[pair[0]], words[pair[-1]], words.total(), min_count)
        if value is not None and value > threshold and fits(pair):
            found[pair] = (count, value)
    return found


def joined(sentence, table, connectors, separator):
    """A sentence with its phrases joined: at each word, is it the first of one?"""
    found = []
    place = 0
    while place < len(sentence):
        end = place + 1
        while end < len(sentence) and sentence[end] in connectors:
            end += 1
        words = tuple(sentence[place : end + 1])
        is_phrase = sentence[place] not in connectors and end < len(sentence) and words in table
        found.append(separator.join(words) if is_phrase else sentence[place])
        place = end + 1 if is_phrase else place + 1
    return found


def all_passes(sentences, passes, separator="_", longest=None, **settings):
    """The phrases of each pass, and the sentences with all of them joined."""
    found = []
    lengths = {}
    connectors = settings["connectors"]

    def made_of(pair):
        return len(pair) - 2 + lengths.get(pair[0], 1) + lengths.get(pair[-1], 1)

    for _ in range(passes):
        table = one_pass(sentences, **settings, fits=lambda pair: longest is None or made_of(pair) <= longest)
        found.append(table)
        sentences = [joined(sentence, table, connectors, separator) for sentence in sentences]
        sizes = [(separator.join(pair), made_of(pair)) for pair in table]
        for name, size in sizes:
            lengths[name] = max(lengths.get(name, 1), size)
        if not table:
            break
    return found, sentences
