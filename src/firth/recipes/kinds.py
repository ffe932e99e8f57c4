"""Members of the family as recipes use them: from names to what a run is made of, and from its result to vectors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from firth.errors import SettingsError, check_choice, sentence
from firth.observations import Observations
from firth.recipes.continuing import Start
from firth.text import Corpus
from firth.text.subwords import Subwords, SubwordTable
from firth.training.kinds import Kind
from firth.training.settings import StreamSettings
from firth.vectors import Vectors
from firth.vectors.subwords import SubwordVectors

if TYPE_CHECKING:
    from firth.training.bags import Family
    from firth.training.estimate import MemoryEstimate
    from firth.training.pieces import PieceTable
    from firth.training.stream import StreamResult


class Cast(NamedTuple):
    """What a run is made of, beside its corpus and settings.

    Attributes:
        family: what bags are drawn from, or None.
        table: which pieces words are made of, or None.
        subwords: the same, with the n-grams they stand for.
        start: vectors that it goes on from, or None.
    """

    family: Family | None = None
    table: PieceTable | None = None
    subwords: SubwordTable | None = None
    start: Start | None = None


def kind_of(
    model: str,
    loss: str,
    gradient: str | None,
    subwords: object,
    *,
    models: tuple[str, ...] = ("skip-gram", "cbow"),
    has_words: bool = False,
) -> Kind:
    """Return which member of the family is asked for.

    A mean's gradient is the true one where none is given, but for words that have subwords: there each piece gets the
    whole move, as in fastText. Divided among twenty pieces, moves would be so short that no rate makes up for it: it is
    that of the rows of the output, too, and these run away first.

    Args:
        model: its name.
        loss: its name.
        gradient: its name, or None.
        subwords: of words, or None.
        models: that the recipe trains.
        has_words: whether DBOW trains words, too.

    Raises:
        SettingsError: if the recipe does not train it, or `subwords` is something else.

    >>> str(kind_of("cbow", "sampling", None, None))
    'CBOW with negative sampling'
    >>> kind_of("cbow", "sampling", None, Subwords()).gradient
    'historical'
    """
    if model in ("dbow", "dm") and model not in models:
        advice = "call firth.train_documents (firth documents train)"
        raise SettingsError(sentence(f"model to be {' or '.join(map(repr, models))}", repr(model), advice))
    check_choice("model", model, models)
    if subwords is not None and not isinstance(subwords, Subwords):
        advice = "pass subwords=firth.Subwords(smallest=3, longest=6)"
        raise SettingsError(sentence("subwords to be firth.Subwords or None", repr(subwords), advice))
    if gradient is None:
        gradient = "true" if subwords is None else "historical"
    return Kind(model, loss, gradient, has_words, subwords is not None)


def cast_of(
    corpus: Corpus, settings: StreamSettings, subwords: Subwords | None, ends: np.ndarray | None = None
) -> Cast:
    """Return what a run over a corpus is made of.

    Args:
        corpus: prepared.
        settings: of the run.
        subwords: of its words.
        ends: where each document ends in the corpus, for models with documents.

    Raises:
        SettingsError: if there are too many words for the loss, or none of them has an n-gram.
    """
    from firth.training.members import family_of_kind
    from firth.training.pieces import PieceTable

    kind = settings.kind
    table = found = None
    if subwords is not None:
        found = SubwordTable.of(corpus.vocabulary.words, subwords)
        # The move of a mean of a window is divided before it gets to the words.
        is_shared = kind.gradient == "true" and kind.model in ("skip-gram", "dbow")
        table = PieceTable(found.starts, found.rows, found.words + found.ngrams, is_shared)
    return Cast(family_of_kind(kind, corpus.vocabulary.counts, ends=ends, table=table), table, found)


def memory_of(corpus: Corpus, observations: Observations, settings: StreamSettings, cast: Cast) -> MemoryEstimate:
    """Return what a run will take at its peak."""
    from firth.training.estimate import estimate_memory
    from firth.training.pieces import entries_of_slice
    from firth.training.settings import SLICES
    from firth.training.slices import copies_of_run

    counts, copies, entries = corpus.vocabulary.counts, 0, 0
    if settings.reproducible:
        run = len(corpus.ids), counts, observations, settings
        copies = copies_of_run(*run, family=cast.family, table=cast.table)
    if cast.table is not None:
        moved = entries_of_slice(cast.table.starts, copies // SLICES)
        entries = len(cast.table.rows) + 2 * SLICES * moved
    return estimate_memory(
        len(counts),
        settings.dimensions,
        threads=settings.threads,
        window=observations.window,
        copies=copies,
        documents=0 if cast.family is None else len(cast.family.ends),
        pieces=0 if cast.table is None else cast.table.pieces,
        entries=entries,
    )


def vectors_of(
    corpus: Corpus,
    settings: StreamSettings,
    cast: Cast,
    result: StreamResult,
    *,
    keep_context: bool,
    config: dict[str, Any],
) -> Vectors:
    """Return the words' vectors that a run has left.

    The rows of a tree's nodes are no contexts of words, so they are not kept.
    """
    vocabulary = corpus.vocabulary
    context = result.context if keep_context and settings.kind.loss != "hierarchical" else None
    subwords = None
    if cast.subwords is not None and result.pieces is not None:
        own, ngrams = result.pieces[: len(vocabulary)], result.pieces[len(vocabulary) :]
        keys = cast.subwords.keys
        subwords = SubwordVectors(cast.subwords.settings, word_matrix=own, ngram_matrix=ngrams, keys=keys)
    return Vectors(
        vocabulary.words,
        result.center,
        counts=vocabulary.counts,
        context_matrix=context,
        subwords=subwords,
        config=config,
    )
