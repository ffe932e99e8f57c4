"""Slow twin of words that are means of pieces: composed each round, trained as rows, moves handed out."""

from functools import partial

import numpy as np

import naive
import naive_family


def compose(pieces, made_of):
    """The means of the pieces of each word; a piece that stands twice counts twice."""
    return np.array([pieces[rows].mean(axis=0) for rows in made_of])


def hand_out(pieces, made_of, moves, *, is_shared):
    """Give the move of each word to its pieces: whole, or divided by their number; twice to one that stands twice."""
    for rows, move in zip(made_of, moves, strict=True):
        for row in rows:
            pieces[row] += move / len(rows) if is_shared else move


def train_in_rounds(pieces, context, documents, drawn, cut, made_of, *, is_shared, frozen=((), ())):
    """Train as threads in rounds do, on words composed at the start of each round; return how many bags met a word.

    cut: starts, length, rate_at and share_at of `naive_family.train_in_rounds`; made_of: the pieces of each word;
    frozen: words whose context rows stay, and pieces that stay.
    """
    starts, length, rate_at, share_at = cut
    frozen_rows = zip((context, pieces), frozen, strict=True)
    still = [(matrix, rows, matrix[rows].copy()) for matrix, rows in frozen_rows if len(rows)]
    total = 0
    for number, slices in naive_family.rounds_of(drawn.found, starts, length):
        center = compose(pieces, made_of)
        bags, copies = naive_family.train_slices(center, context, documents, slices, drawn, starts, rate_at)
        after = center.copy()
        naive.merge_copies((after, context), copies, partial(share_at, rate_at(number * length)))
        hand_out(pieces, made_of, after - center, is_shared=is_shared)
        for matrix, rows, before in still:
            matrix[rows] = before
        total += bags
    return total


def entries_by_owner(copies, made_of, owners):
    """What each owner gets of the copies (number, word) of a slice: [(piece, number), …], one copy after the other."""
    found = [[] for _ in range(owners)]
    for number, word in copies:
        for row in made_of[word]:
            found[row % owners].append((row, number))
    return found
