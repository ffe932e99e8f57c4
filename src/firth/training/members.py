"""What a run draws bags from, by the name of the member of the family that it trains."""

from __future__ import annotations

import numpy as np

from firth.errors import SettingsError, sentence
from firth.objectives.huffman import HuffmanTree
from firth.training.bags import HIERARCHICAL, SAMPLING, SOFTMAX, Family, Member, family_of
from firth.training.kinds import Kind
from firth.training.pieces import PieceTable

MOST_WORDS = 20_000
"""Words that softmax over all of them is streamed for: each position costs as many scores."""

_LOSSES = {"sampling": SAMPLING, "hierarchical": HIERARCHICAL, "softmax": SOFTMAX}


def member_of(kind: Kind) -> Member:
    """Return a member as kernels know it.

    >>> member_of(Kind("cbow"))
    Member(is_mean=True, has_window=True, is_shared=True, loss=0)
    """
    return Member(
        is_mean=kind.model in ("cbow", "dm"),
        has_window=kind.model != "dbow" or kind.has_words,
        is_shared=kind.gradient == "true",
        loss=_LOSSES[kind.loss],
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
