"""Slow twins of trees and bags in plain Python, and what a stream of bags has in expectation, draw by draw."""

import itertools
import math

from firth.objectives import Example
from naive_objectives import dot, sampling_gradient, sigma, softmax_gradient, softmax_loss

# Trees


def huffman_paths(counts):
    """Return [(node, code), …] of each word, root first: the two lightest of all are sought out anew for each node."""
    rank = {word: place for place, word in enumerate(sorted(range(len(counts)), key=lambda word: -counts[word]))}
    nodes = [(int(count), "word", -rank[word], word) for word, count in enumerate(counts)]
    paths = {word: [] for word in range(len(counts))}
    below = {("word", word): [word] for word in range(len(counts))}
    for number in range(len(counts) - 1):
        pair = []
        for _ in range(2):
            pair.append(min(nodes))  # "node" comes before "word", of nodes the oldest, of words the last
            nodes.remove(pair[-1])
        weight, words = 0, []
        for code, (part, kind, _, name) in enumerate(pair):
            weight += part
            for word in below[kind, name]:
                paths[word].insert(0, (number, code))
                words.append(word)
        below["node", number] = words
        nodes.append((weight, "node", number, number))
    return [paths[word] for word in range(len(counts))]


def least_cost(counts):
    """Return the least Σ count · length of all binary trees, by trying every way to part the words, again and again."""
    if len(counts) == 1:
        return 0
    first, *others = range(len(counts))
    costs = []
    for size in range(len(others)):
        for chosen in itertools.combinations(others, size):
            side = {first, *chosen}
            parts = [counts[word] for word in side], [counts[word] for word in others if word not in side]
            costs.append(sum(least_cost(part) for part in parts))
    return sum(counts) + min(costs)


# One pair over a tree


def path_loss(center, path, node_matrix):
    return -sum(math.log(sigma((1 - 2 * code) * dot(node_matrix[node], center))) for node, code in path)


def path_gradient(center, path, node_matrix):
    by_center, by_nodes = [0.0] * len(center), [[0.0] * len(center) for _ in node_matrix]
    for node, code in path:
        error = sigma(dot(node_matrix[node], center)) - (1 - code)  # word2vec.c: the label is 1 − code
        for d, (u, v) in enumerate(zip(node_matrix[node], center, strict=True)):
            by_center[d] += error * u
            by_nodes[node][d] += error * v
    return by_center, by_nodes


# Bags


def mean_row(matrix, rows):
    return [sum(matrix[row][d] for row in rows) / len(rows) for d in range(len(matrix[0]))]


def bag_loss(inputs, outputs, examples, loss, paths=None):
    total = 0.0
    for rows, target, noise_ids, noise_weights, weight in examples:
        hidden = mean_row(inputs, rows)
        if loss == "softmax":
            value = softmax_loss(hidden, target, outputs)
        elif loss == "hierarchical":
            value = path_loss(hidden, paths[target], outputs)
        else:
            value = -math.log(sigma(dot(outputs[target], hidden)))
            for word, times in zip(noise_ids, noise_weights, strict=True):
                value -= times * math.log(sigma(-dot(outputs[word], hidden)))
        total += weight * value
    return total


def bag_gradient(inputs, outputs, examples, loss, paths=None, gradient="true"):
    by_input, by_output = ([[0.0] * len(row) for row in matrix] for matrix in (inputs, outputs))
    for rows, target, noise_ids, noise_weights, weight in examples:
        hidden = mean_row(inputs, rows)
        if loss == "softmax":
            by_hidden, of_rows = softmax_gradient(hidden, target, outputs)
            addends = list(enumerate(of_rows))
        elif loss == "hierarchical":
            by_hidden, of_rows = path_gradient(hidden, paths[target], outputs)
            addends = list(enumerate(of_rows))
        else:
            by_hidden, of_target, _ = sampling_gradient(hidden, outputs[target], [])
            addends = [(target, of_target)]
            for word, times in zip(noise_ids, noise_weights, strict=True):
                slope = times * sigma(dot(outputs[word], hidden))
                by_hidden = [x + slope * u for x, u in zip(by_hidden, outputs[word], strict=True)]
                addends.append((word, [slope * h for h in hidden]))
        for row, addend in addends:
            for d, x in enumerate(addend):
                by_output[row][d] += weight * x
        for row in rows:  # a row that stands in the bag twice comes by twice
            for d, x in enumerate(by_hidden):
                by_input[row][d] += weight * x / (len(rows) if gradient == "true" else 1)
    return by_input, by_output


# What a stream sees in expectation


def window_chances(observations):
    """Return {half-width: probability}, from P(half-width ≥ δ) = g(δ)."""
    weights = [*observations.pair_weights().tolist(), 0.0]
    return {b: weights[b - 1] - weights[b] for b in range(1, len(weights)) if weights[b - 1] > weights[b]}


def survivor_sets(sentence, keep):
    """Yield each set of places that may be kept, with its probability; short sentences only."""
    for kept in itertools.product((False, True), repeat=len(sentence)):
        chance = math.prod(keep[w] if k else 1 - keep[w] for w, k in zip(sentence, kept, strict=True))
        if chance > 0:
            yield [place for place, k in enumerate(kept) if k], chance


def bags_of(survivors, index, half_width, closes_gaps):
    """Return the places of one kept word's window: counted among survivors, or among all places of the sentence."""
    here = survivors[index]
    near = [(abs(other - index) if closes_gaps else abs(place - here), place) for other, place in enumerate(survivors)]
    return [place for distance, place in near if 0 < distance <= half_width]


def expected_noise_of(target, noise, negatives, collisions):
    """Return how often each word is drawn as noise against a target, in expectation."""
    if collisions == "allow":
        return [negatives * q for q in noise]
    left = 1 if collisions == "skip" else 1 - noise[target]
    return [0.0 if word == target else negatives * q / left for word, q in enumerate(noise)]


def expected_bags(sentences, observations, keep, *, kind, rows_of=lambda word: [word]):
    """Return {(rows in order, target): how often, in expectation}.

    `keep` (V,) probabilities. `kind`: "pairs" (skip-gram; with `rows_of` subwords), "window" (CBOW), "document" (DBOW),
    "both" (DM). A sentence is a document, whose row comes after the words': V + its number (so "document" and "both"
    need `rows_of` to stay below V). A window without a word makes no bag, but with its document it does.
    """
    found = {}

    def add(rows, target, weight):
        bag = tuple(sorted(rows)), target
        found[bag] = found.get(bag, 0.0) + weight

    widths, closes_gaps = window_chances(observations), observations.dropping == "before"
    for number, sentence in enumerate(sentences):
        document = len(keep) + number
        for survivors, chance in survivor_sets(sentence, keep):
            for index, place in enumerate(survivors):
                word = sentence[place]
                if kind == "document":
                    add([document], word, chance)
                    continue
                for half_width, share in widths.items():
                    near = [sentence[other] for other in bags_of(survivors, index, half_width, closes_gaps)]
                    if kind == "pairs":
                        for other in near:
                            add(rows_of(word), other, chance * share)
                    elif near or kind == "both":
                        rows = [row for other in near for row in rows_of(other)]
                        add(rows + [document] * (kind == "both"), word, chance * share)
    return found


def expected_examples(bags, noise, negatives, collisions="allow"):
    """Return what `expected_bags` found as examples, each against all words as noise, in expectation."""
    words = list(range(len(noise)))
    return [
        Example(list(rows), target, words, expected_noise_of(target, noise, negatives, collisions), weight)
        for (rows, target), weight in bags.items()
    ]
