"""Slow twin of the kernel of bags in rounds: plain Python and float64, the same random numbers, nothing clever."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

import naive
from firth.objectives import Example
from firth.objectives.logistic import sigmoid
from firth.training.bags import HIERARCHICAL, SAMPLING, SOFTMAX, Member


@dataclass
class Drawn:
    """What one draw from a corpus found, and how a member of the family takes it.

    found: [(position, word, [positions of its window])]; pool_at: position of a turn's first word → (pool, first);
    document_of: position → row, {} without documents; paths: [(node, sign), …] of each word, none without a tree;
    at_once: how many pairs are scored before any of them moves.
    """

    member: Member
    found: list
    pool_at: Callable
    document_of: dict
    paths: list
    sizes: np.ndarray
    turn: int
    size: int
    negatives: int
    at_once: int = 64

    def __post_init__(self):
        self.word_of = {position: word for position, word, _ in self.found}
        self.times = naive.pairs_of(self.found)

    @property
    def has_pairs(self):
        return self.member.has_window and not self.member.is_mean

    @property
    def has_means(self):
        return self.member.is_mean or bool(self.document_of)

    @property
    def has_documents(self):
        """Whether documents are bags of their own, each moved in place."""
        return bool(self.document_of) and not self.member.is_mean and self.member.loss != SOFTMAX

    def window(self, near):
        """The words whose mean a bag is."""
        return [self.word_of[p] for p in near] if self.member.is_mean else []

    def path(self, word):
        nodes = [node for node, _ in self.paths[word]]
        return nodes, np.array([sign for _, sign in self.paths[word]])


def softmax(scores):
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def meet_everything(center, context, rows, weights, rate):
    """Push some rows and all words apart as softmax does: all scores come first, then four words at a time move."""
    steps = rate * np.asarray(weights)[:, None] * softmax(center[rows] @ context.T)
    for block in range(0, len(context), 4):
        words = slice(block, block + 4)
        old_rows, old_words = center[rows].copy(), context[words].copy()
        center[rows] -= steps[:, words] @ old_words
        context[words] -= steps[:, words].T @ old_rows


def meet_noise(center, context, rows, weights, pool, drawn, rate):
    """Let rows that take part in so many pairs meet what they are not to predict."""
    if drawn.member.loss == SAMPLING:
        share = drawn.negatives / drawn.size
        naive.push_apart(center, context, rows, np.asarray(weights) * share, pool, drawn.size, rate)
    elif drawn.member.loss == SOFTMAX:
        meet_everything(center, context, rows, weights, rate)


def steepness(loss):
    return np.ones_like if loss == SOFTMAX else lambda scores: sigmoid(-scores)


def train_paths(center, context, group, drawn, rate):
    """Let the words of windows meet the paths of the words in their middle; return how many pairs."""
    for _, word, near in group:
        near = [drawn.word_of[p] for p in near]
        nodes, signs = drawn.path(word)
        step = drawn.at_once // len(near) if near else 1
        for start in range(0, len(nodes) if near else 0, step):
            some = range(start, min(start + step, len(nodes)))
            moves = [rate * signs[i] * sigmoid(-signs[i] * (center[near] @ context[nodes[i]])) for i in some]
            for i, steps in zip(some, moves, strict=True):
                naive.move_window(context, nodes[i], center, near, steps)
    return sum(len(near) for _, _, near in group)


def gather(center, documents, group, drawn):
    """Return [(words, document, size)] of those bags that are of any row, their targets, and the means, (n, D)."""
    bags, targets, means = [], [], []
    for position, word, near in group:
        words, document = drawn.window(near), drawn.document_of.get(position)
        rows = [(drawn.sizes[w], center[w]) for w in words]
        rows += [] if document is None else [(1.0, documents[document])]
        if rows:
            size = sum(weight for weight, _ in rows)
            bags.append((words, document, size))
            targets.append(word)
            means.append(sum(weight * row for weight, row in rows) / size)
    return bags, targets, np.array(means).reshape(len(bags), center.shape[1])


def train_means(center, context, documents, group, pool, drawn, rate):
    """Train on bags that are means, or documents; return how many there are."""
    bags, targets, means = gather(center, documents, group, drawn)
    if not bags:
        return 0
    before = means.copy()
    if drawn.member.loss == HIERARCHICAL:
        for number, word in enumerate(targets):
            nodes, signs = drawn.path(word)
            for start in range(0, len(nodes), drawn.at_once):
                some = slice(start, start + drawn.at_once)
                scores = signs[some] * (context[nodes[some]] @ means[number])
                naive.move_window(means, number, context, nodes[some], rate * signs[some] * sigmoid(-scores))
    else:
        scores = np.einsum("nd,nd->n", means, context[targets])
        for number, step in enumerate(rate * steepness(drawn.member.loss)(scores)):
            naive.move_window(means, number, context, targets[number : number + 1], [step])
    meet_noise(means, context, list(range(len(bags))), np.ones(len(bags)), pool, drawn, rate)
    for (words, document, size), move in zip(bags, means - before, strict=True):
        share = 1 / size if drawn.member.is_shared else 1.0
        for word in words:
            center[word] += share * move
        if document is not None:
            documents[document] += share * move
    return len(bags)


def train_documents(context, documents, group, pool, drawn, rate):
    """Let documents meet the words of the group that stand in them, and the pool as often; return how many words."""
    for _, run in itertools.groupby(group, lambda item: drawn.document_of[item[0]]):
        run = list(run)
        document = drawn.document_of[run[0][0]]
        if drawn.member.loss == HIERARCHICAL:
            nodes, weights = map(np.concatenate, zip(*(drawn.path(word) for _, word, _ in run), strict=True))
        else:
            nodes = np.array([word for _, word, _ in run] + list(pool[0]))
            against = np.array(list(pool[0].values())) * len(run) * drawn.negatives / drawn.size
            weights = np.append(np.ones(len(run)), -against)
        for start in range(0, len(nodes), drawn.at_once):
            some = slice(start, start + drawn.at_once)
            signs = np.sign(weights[some])
            steps = rate * weights[some] * sigmoid(-signs * (context[nodes[some]] @ documents[document]))
            naive.move_window(documents, document, context, nodes[some], steps)
    return len(group)


def train_part(center, context, documents, part, drawn, rate_at):
    """Train on the words of one part, in groups of four; return how many bags met a word."""
    total = 0
    for start in range(0, len(part), 4):
        group = part[start : start + 4]
        rate = rate_at(group[0][0])
        pool = drawn.pool_at(part[start // drawn.turn * drawn.turn][0])
        if drawn.has_pairs and drawn.member.loss == HIERARCHICAL:
            total += train_paths(center, context, group, drawn, rate)
        elif drawn.has_pairs:
            total += naive.attract(center, context, group, drawn.word_of, rate, steepness(drawn.member.loss))
            meet_noise(center, context, *naive.once_each(group, drawn.times), pool, drawn, rate)
        if drawn.has_documents:
            total += train_documents(context, documents, group, pool, drawn, rate)
        elif drawn.has_means:
            total += train_means(center, context, documents, group, pool, drawn, rate)
    return total


def rounds_of(found, starts, length):
    """Cut what `naive.windows` found into rounds of slices, whose parts of the corpus have these starts."""
    rounds = {}
    for item in found:
        index = int(np.searchsorted(starts, item[0], "right")) - 1
        rounds.setdefault((item[0] - starts[index]) // length, {}).setdefault(index, []).append(item)
    return [(number, sorted(rounds[number].items())) for number in sorted(rounds)]


def touched(part, drawn):
    """Return which rows of each matrix a slice touches in a round."""
    words = {word for _, word, _ in part}
    centers = words | {drawn.word_of[p] for _, _, near in part for p in near} if drawn.member.has_window else set()
    if drawn.member.loss == SOFTMAX:
        return centers, set(range(len(drawn.sizes)))
    if drawn.member.loss == HIERARCHICAL:
        return centers, {node for word in words for node in drawn.path(word)[0]}
    pools = [drawn.pool_at(part[start][0])[0] for start in range(0, len(part), drawn.turn)]
    return centers, words | {word for pool in pools for word in pool}


def train_slices(center, context, documents, slices, drawn, starts, rate_at):
    """Train each slice of a round on copies of all rows, documents in place; return how many bags, and the copies.

    The copies are (center, context, rows touched of each), as `naive.merge_copies` takes them.
    """
    total, copies = 0, []
    for index, part in slices:
        own = center.copy(), context.copy()
        total += train_part(*own, documents, part, drawn, lambda p, start=starts[index]: rate_at(p - start))
        copies.append((*own, *touched(part, drawn)))
    return total, copies


def train_in_rounds(center, context, documents, drawn, starts, length, rate_at, share_at):
    """Train as threads in rounds do: every slice on copies of all rows, then each row by those slices that touch it.

    rate_at: (position in its part) → learning rate; share_at: (round's rate, copies, side, row) → what their moves are
    multiplied with. A document stands in one part alone, so its row is trained in place.
    """
    total = 0
    for number, slices in rounds_of(drawn.found, starts, length):
        bags, copies = train_slices(center, context, documents, slices, drawn, starts, rate_at)
        naive.merge_copies((center, context), copies, partial(share_at, rate_at(number * length)))
        total += bags
    return total


def examples_of(drawn, parts):
    """Return the very examples of a draw; their rows are words, then V + documents, and the noise is the pool's."""
    pool_of = {}
    for part in parts:
        for index, (position, _, _) in enumerate(part):
            pool = drawn.pool_at(part[index // drawn.turn * drawn.turn][0])[0]
            weights = np.array(list(pool.values())) * drawn.negatives / drawn.size
            pool_of[position] = np.array(list(pool)), weights
    examples = []
    for position, word, near in (item for part in parts for item in part):
        if drawn.has_pairs:  # a word meets its own pool once for each window in which it stands
            examples += [Example([drawn.word_of[p]], word, *pool_of[p]) for p in near]
        if drawn.has_means:
            document = drawn.document_of.get(position)
            rows = drawn.window(near) + ([] if document is None else [len(drawn.sizes) + document])
            examples += [Example(rows, word, *pool_of[position])] if rows else []
    return examples
