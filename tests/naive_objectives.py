"""Slow twins of the objectives: plain Python numbers and loops, the formulas as they are written."""

import math


def sigma(x):
    return 1 / (1 + math.exp(-x))


def dot(first, second):
    return sum(a * b for a, b in zip(first, second, strict=True))


def cells(matrix):
    return [(c, o, float(x)) for c, row in enumerate(matrix) for o, x in enumerate(row)]


def total(seen):
    return sum(n for _, _, n in cells(seen))


def row_total(seen, c):
    return sum(float(n) for n in seen[c])


def column_total(seen, o):
    return sum(float(row[o]) for row in seen)


def softmax_probability(scores, o):
    return math.exp(scores[o]) / sum(math.exp(x) for x in scores)


def softmax_loss(center, context_id, context_matrix):
    return -math.log(softmax_probability([dot(row, center) for row in context_matrix], context_id))


def softmax_gradient(center, context_id, context_matrix):
    scores = [dot(row, center) for row in context_matrix]
    errors = [softmax_probability(scores, w) - (w == context_id) for w in range(len(scores))]
    by_center = [sum(e * row[d] for e, row in zip(errors, context_matrix, strict=True)) for d in range(len(center))]
    return by_center, [[e * v for v in center] for e in errors]


def sampling_loss(center, context, noise):
    return -math.log(sigma(dot(context, center))) - sum(math.log(sigma(-dot(row, center))) for row in noise)


def sampling_gradient(center, context, noise):
    missing = 1 - sigma(dot(context, center))
    drawn = [sigma(dot(row, center)) for row in noise]
    by_center = [-missing * context[d] + sum(s * row[d] for s, row in zip(drawn, noise, strict=True))
                 for d in range(len(center))]  # fmt: skip
    return by_center, [-missing * v for v in center], [[s * v for v in center] for s in drawn]


def glove_weight(count, cutoff, power):
    return min(1, (count / cutoff) ** power) if count > 0 else 0


def glove_loss(center, context, center_bias, context_bias, count, cutoff, power):
    if count == 0:
        return 0.0
    error = dot(center, context) + center_bias + context_bias - math.log(count)
    return glove_weight(count, cutoff, power) * error**2


def glove_gradient(center, context, center_bias, context_bias, count, cutoff, power):
    error = dot(center, context) + center_bias + context_bias - math.log(count) if count > 0 else 0
    slope = 2 * glove_weight(count, cutoff, power) * error
    return [slope * u for u in context], [slope * v for v in center], slope, slope


def window_gradient(center_matrix, context_matrix, center_id, context_ids, noise_ids):
    """Both matrices' gradients, each pair's addends put where they belong, one after the other."""
    by_center, by_context = ([[0.0] * len(row) for row in matrix] for matrix in (center_matrix, context_matrix))

    def add(row, addend):
        for d, x in enumerate(addend):
            row[d] += x

    for place, word in enumerate(context_ids):
        center = center_matrix[center_id]
        if noise_ids is None:
            of_center, of_matrix = softmax_gradient(center, word, context_matrix)
            for w, addend in enumerate(of_matrix):
                add(by_context[w], addend)
        else:
            noise = noise_ids[place]
            rows = [context_matrix[w] for w in noise]
            of_center, of_word, of_noise = sampling_gradient(center, context_matrix[word], rows)
            add(by_context[word], of_word)
            for w, addend in zip(noise, of_noise, strict=True):
                add(by_context[w], addend)
        add(by_center[center_id], of_center)
    return by_center, by_context


def conditional_entropy(seen):
    return -sum(n * math.log(n / row_total(seen, c)) for c, _, n in cells(seen) if n > 0) / total(seen)


def unigram_loss(seen):
    whole = total(seen)
    return -sum(n * math.log(column_total(seen, o) / whole) for _, o, n in cells(seen) if n > 0) / whole


def mean_divergence(scores, seen):
    result = 0.0
    for c, o, n in cells(seen):
        if n > 0:
            result += n * math.log(n / row_total(seen, c) / softmax_probability(scores[c], o))
    return result / total(seen)


def expected_noise(seen, noise, negatives, collisions):
    """Go through the pairs one by one: how often does each draw K words, and which?"""
    drawn = [[0.0] * len(noise) for _ in seen]
    for c, target, n in cells(seen):
        for o, q in enumerate(noise):
            if collisions == "allow":
                drawn[c][o] += n * negatives * q
            elif o != target and n > 0:
                drawn[c][o] += n * negatives * q / (1 if collisions == "skip" else 1 - noise[target])
    return drawn


def sampling_reading(scores, noise, negatives, collisions):
    """Probabilities (not their logarithms) of each centre."""
    result = []
    for row in scores:
        shares = []
        for x, q in zip(row, noise, strict=True):
            r = negatives * q * math.exp(x)
            shares.append(
                r if collisions == "allow" else r / (1 + r) if collisions == "skip" else r / (1 + r / (1 - q))
            )
        result.append([share / sum(shares) for share in shares])
    return result


class Softmax:
    """NLL = −1/T Σ N⁺ log P."""

    def __init__(self, offsets=None):
        self.offsets = offsets

    def _shifted(self, scores, c):
        return [x + (0 if self.offsets is None else self.offsets[o]) for o, x in enumerate(scores[c])]

    def value(self, scores, seen):
        addends = (n * math.log(softmax_probability(self._shifted(scores, c), o)) for c, o, n in cells(seen) if n > 0)
        return -sum(addends) / total(seen)

    def slope(self, scores, seen, c, o):
        expected = row_total(seen, c) * softmax_probability(self._shifted(scores, c), o)
        return (expected - seen[c][o]) / total(seen)

    def lowest(self, seen):
        return conditional_entropy(seen)


class Sampling:
    """L/T = 1/T Σ N⁺ softplus(−x) + N⁻ softplus(x)."""

    def __init__(self, noise, negatives, collisions):
        self.settings = noise, negatives, collisions

    def value(self, scores, seen):
        drawn = expected_noise(seen, *self.settings)
        loss = sum(n * math.log1p(math.exp(-scores[c][o])) for c, o, n in cells(seen))
        return (loss + sum(n * math.log1p(math.exp(scores[c][o])) for c, o, n in cells(drawn))) / total(seen)

    def slope(self, scores, seen, c, o):
        drawn = expected_noise(seen, *self.settings)[c][o]
        return (drawn * sigma(scores[c][o]) - seen[c][o] * sigma(-scores[c][o])) / total(seen)

    def lowest(self, seen):
        drawn = expected_noise(seen, *self.settings)
        both = [(n, drawn[c][o]) for c, o, n in cells(seen) if n > 0 and drawn[c][o] > 0]
        return sum(n * math.log((n + m) / n) + m * math.log((n + m) / m) for n, m in both) / total(seen)


class Glove:
    """L = Σ f(N) (x − log N)²."""

    def __init__(self, cutoff, power):
        self.cutoff, self.power = cutoff, power

    def value(self, scores, seen):
        settings = self.cutoff, self.power
        return sum(glove_weight(n, *settings) * (scores[c][o] - math.log(n)) ** 2 for c, o, n in cells(seen) if n > 0)

    def slope(self, scores, seen, c, o):
        n = seen[c][o]
        return 2 * glove_weight(n, self.cutoff, self.power) * (scores[c][o] - math.log(n)) if n > 0 else 0

    def lowest(self, seen):
        return 0.0


class ShiftedPmi:
    """L = Σ (x − max(PMI − shift, 0))²."""

    def __init__(self, shift):
        self.shift = shift

    def target(self, seen, c, o):
        if seen[c][o] == 0:
            return 0.0
        expected = row_total(seen, c) * column_total(seen, o) / total(seen)
        return max(math.log(seen[c][o] / expected) - self.shift, 0)

    def value(self, scores, seen):
        return sum((x - self.target(seen, c, o)) ** 2 for c, o, x in cells(scores))

    def slope(self, scores, seen, c, o):
        return 2 * (scores[c][o] - self.target(seen, c, o))

    def lowest(self, seen):
        return 0.0
