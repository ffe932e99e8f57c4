"""Zachary's karate club: do walks alone tell on which side each member came to stand?

34 members, an edge where two met outside of the club. It split over a quarrel between its teacher (1) and its president
(34); who went with whom was recorded (Zachary 1977), and is not in the graph.
"""

from __future__ import annotations

import numpy as np

import firth

TEACHER, PRESIDENT = "1", "34"
WITH_THE_TEACHER = frozenset(map(str, [*range(1, 10), 11, 12, 13, 14, 17, 18, 20, 22]))
"""Who joined the teacher's new club. Member 9 did so for an exam, though he was for the president."""


def two_sides(vectors: firth.Vectors, *, rounds: int = 100) -> set[str]:
    """Return the words on the side of the teacher: two means of directions, which start from the two hubs.

    Each word goes to the mean that it has the larger cosine with, and each mean to the middle of its words' directions,
    until nothing changes.
    """
    rows = vectors.matrix.astype(np.float64)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    words = list(vectors.words)
    means = rows[[words.index(TEACHER), words.index(PRESIDENT)]]
    side = np.zeros(len(rows), int)
    for _ in range(rounds):
        scores = rows @ (means / np.linalg.norm(means, axis=1, keepdims=True)).T
        if np.array_equal(scores.argmax(axis=1), side) and side.any():
            break
        side = scores.argmax(axis=1)
        means = np.stack([rows[side == each].mean(axis=0) for each in (0, 1)])
    return {word for word, each in zip(words, side, strict=True) if each == 0}


def misplaced(side: set[str], members: list[str]) -> list[str]:
    """Return the members who are on the other side than they went to, in the order given."""
    return [name for name in members if (name in side) != (name in WITH_THE_TEACHER)]
