"""The members of the family by name: what a bag is, what it is judged by; which go together, and why others don't.

| model | bag | predicts |
|---|---|---|
| skip-gram | one word | each word of its window |
| cbow | the mean of the words of a window | the word in its middle |
| dbow | a document | each of its words |
| dm | the mean of a document and the words of a window | the word in its middle |

Losses: "sampling" (K noise words), "hierarchical" (softmax over a Huffman tree), "softmax" (over all words, if few).
Words may be means of pieces, themselves and their n-grams (subwords).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from firth.errors import SettingsError, check_choice, sentence
from firth.objectives.huffman import HuffmanTree
from firth.training.bags import HIERARCHICAL, SAMPLING, SOFTMAX, Family, Member, family_of
from firth.training.pieces import PieceTable

MODELS = ("skip-gram", "cbow", "dbow", "dm")
LOSSES = {"sampling": SAMPLING, "hierarchical": HIERARCHICAL, "softmax": SOFTMAX}
GRADIENTS = ("true", "historical")

MOST_WORDS = 20_000
"""Words that softmax over all of them is streamed for: each position costs as many scores."""

LEARNING_RATES = {
    ("skip-gram", "true"): 0.025,
    ("skip-gram", "historical"): 0.025,
    ("cbow", "true"): 0.2,
    ("cbow", "historical"): 0.05,
    ("dbow", "true"): 0.025,
    ("dbow", "historical"): 0.025,
    ("dm", "true"): 0.2,
    ("dm", "historical"): 0.05,
}
"""Rates that are taken where none is given, found by trial (docs/decisions/0006-the-family.md)."""


class Kind(NamedTuple):
    """Which member of the family.

    Attributes:
        model: one of MODELS.
        loss: one of LOSSES.
        gradient: of a mean: "true", or "historical" as in word2vec.c, where each row gets the whole move of its bag.
        has_words: whether DBOW trains words, too, by skip-gram.
        has_pieces: whether words are means of pieces.
    """

    model: str = "skip-gram"
    loss: str = "sampling"
    gradient: str = "true"
    has_words: bool = False
    has_pieces: bool = False

    @property
    def is_plain(self) -> bool:
        """Whether this is skip-gram with negative sampling, which has a kernel of its own."""
        return self.model == "skip-gram" and self.loss == "sampling"

    @property
    def has_documents(self) -> bool:
        """Whether documents have vectors."""
        return self.model in ("dbow", "dm")

    def __str__(self) -> str:
        """Return what it is called: "cbow with negative sampling"."""
        losses = {"sampling": "negative sampling", "hierarchical": "hierarchical softmax", "softmax": "softmax"}
        name = {"cbow": "CBOW", "dbow": "DBOW", "dm": "DM"}.get(self.model, self.model)
        name += " and skip-gram" if self.has_words else ""
        name += " of subwords" if self.has_pieces else ""
        name += ", the historical gradient," if self.gradient == "historical" else ""
        return f"{name} with {losses[self.loss]}"


def check_kind(kind: Kind, *, reproducible: bool) -> None:
    """Refuse names that are none, and what does not go together.

    Raises:
        SettingsError: with the reason.
    """
    check_choice("model", kind.model, MODELS)
    check_choice("loss", kind.loss, tuple(LOSSES))
    check_choice("gradient", kind.gradient, GRADIENTS)
    if not reproducible and (not kind.is_plain or kind.has_pieces):
        expected = "reproducible=True: threads race with skip-gram and negative sampling alone"
        raise SettingsError(sentence(expected, str(kind), "leave reproducible at True"))
    if kind.has_pieces and kind.model == "dbow" and not kind.has_words:
        expected = "a model that trains words, where words have subwords"
        raise SettingsError(sentence(expected, "dbow, which trains documents alone", "add words, or choose dm"))


def member_of(kind: Kind) -> Member:
    """Return a member as kernels know it.

    >>> member_of(Kind("cbow"))
    Member(is_mean=True, has_window=True, is_shared=True, loss=0)
    """
    return Member(
        is_mean=kind.model in ("cbow", "dm"),
        has_window=kind.model != "dbow" or kind.has_words,
        is_shared=kind.gradient == "true",
        loss=LOSSES[kind.loss],
    )


def family_of_kind(
    kind: Kind, counts: np.ndarray, *, ends: np.ndarray | None = None, table: PieceTable | None = None
) -> Family | None:
    """Return what a run draws bags from; None for skip-gram with negative sampling.

    Args:
        kind: which member.
        counts: of each word, (V,).
        ends: where each document ends in the corpus, for models with documents.
        table: which pieces words are made of.

    Raises:
        SettingsError: if softmax is asked over more words than it is streamed for.
    """
    if kind.is_plain:
        return None
    if kind.loss == "softmax" and len(counts) > MOST_WORDS:
        advice = "lower it with max_words or min_count, choose loss='hierarchical', or use firth.fit on counts"
        raise SettingsError(sentence(f"at most {MOST_WORDS} words for softmax over all", str(len(counts)), advice))
    paths = None
    if kind.loss == "hierarchical":
        tree = HuffmanTree.of(counts)
        paths = tree.starts, tree.nodes, tree.codes
    sizes = None if table is None else np.diff(table.starts)
    return family_of(member_of(kind), len(counts), sizes=sizes, ends=ends, paths=paths)
