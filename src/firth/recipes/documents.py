"""`firth.train_documents`: from a corpus to vectors of its documents in one call."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from dataclasses import replace
from inspect import signature
from pathlib import Path
from typing import Any

import numpy as np

from firth.machine import check_threads
from firth.observations import Observations
from firth.recipes.kinds import cast_of
from firth.recipes.preparing import prepared_corpus, source_of
from firth.recipes.resuming import checked_checkpoints, keeping_of, run_of
from firth.recipes.training import outcome_of, train_stream
from firth.text import Corpus
from firth.training.checkpoints import Checkpoints
from firth.training.documents import DocumentModel
from firth.training.intervals import IntervalCallback, check_callback, check_intervals
from firth.training.progress import ProgressCallback
from firth.training.settings import StreamSettings
from firth.vectors.documents import DocumentVectors
from firth.vectors.tags import checked_tags

logger = logging.getLogger(__name__)


def train_documents(
    corpus: str | Path | Iterable[Any] | Corpus,
    *,
    way: str = "dbow",
    train_words: bool = True,
    loss: str = "sampling",
    gradient: str = "true",
    tags: Iterable[str] | None = None,
    dimensions: int = 100,
    window: int = 5,
    negatives: int = 5,
    min_count: int = 5,
    max_words: int | None = None,
    subsample: float = 1e-3,
    passes: int = 10,
    learning_rate: float | None = None,
    noise_exponent: float = 0.75,
    tokenizer: Any = "whitespace",  # noqa: ANN401 - a name, an object or a callable
    fold_case: bool = False,
    errors: str = "strict",
    cache: str | Path | None = None,
    keep_outputs: bool = True,
    interval_words: int | None = None,
    threads: int | None = None,
    seed: int = 1,
    checkpoints: Checkpoints | str | Path | None = None,
    resume: bool = False,
    on_interval: IntervalCallback | None = None,
    on_progress: ProgressCallback | None = None,
) -> DocumentVectors:
    """Train vectors of documents: a line of the corpus, or an item of the iterable, is a document.

        way="dbow"   the document predicts each of its words                          h = d
        way="dm"     it and the n words around predict the word in the middle         h = (d + Σ_i v_i) / (1 + n)

    What a prediction is judged by is `loss`, with K noise words each if it is "sampling":

        J = −log σ(u_o·h) − Σ_k log σ(−u_k·h)

    Lines without a known word are documents, too: their vectors are zero, and how many there are is a warning in the
    log. The same corpus, settings and seed give the same bytes, however many threads there are. Ctrl-C stops cleanly:
    what was learnt until then is returned, and `config["training"]["interrupted"]` is true.

    Args:
        corpus: a file (plain, .gz, .bz2, .xz, .zst), a folder, a glob pattern, "-" for standard input, a list of
            `Path`; or an iterable of texts or of lists of tokens. Or what `prepare_corpus` made with `keep_empty=True`,
            with the settings of the text given there.
        way: "dbow" or "dm".
        train_words: whether words get vectors, too; with "dbow" by skip-gram beside, with "dm" they always do.
        loss: "sampling", "hierarchical" or "softmax": see `firth.objectives.bags`.
        gradient: with "dm", "true" gives each row of the mean its share, "historical" all of it to each, as gensim has
            it.
        tags: names of the documents, in their order; None to call them by their numbers, "0" for the first line.
        dimensions: D, length of a vector.
        window: largest distance of two words that have to do with each other.
        negatives: K, noise words for each word, in expectation.
        min_count: words seen less often are left out.
        max_words: the most frequent words kept; None keeps all.
        subsample: share of the corpus above which a word's occurrences are dropped at random; 0 drops none.
        passes: over the corpus.
        learning_rate: at the start; it falls to 0 along a straight line. None takes 0.05; with "dm" and its true
            gradient 0.2.
        noise_exponent: noise words are drawn in proportion to count ** noise_exponent.
        tokenizer: "whitespace", "words", or a callable from a line to a list of tokens; not used on token lists.
        fold_case: whether words that differ in case alone are one.
        errors: what bytes that are not UTF-8 do: "strict" is an error, "replace" puts U+FFFD.
        cache: folder that keeps the prepared corpus; None uses a temporary one (or $FIRTH_CACHE).
        keep_outputs: whether the output vectors are kept, which `infer` needs.
        interval_words: raw words, about, in an interval; None makes each pass one.
        threads: that train at once; None takes every core this process may use. More than eight find no work.
        seed: of every random number.
        checkpoints: where they go: a folder, or `firth.Checkpoints`; None keeps none. See `firth.train`.
        resume: whether to go on from the newest.
        on_interval: called after each interval with a `firth.training.Interval`; what it returns that is true stops
            training.
        on_progress: called with a `firth.training.Progress` about four times a second, and at the end of each pass.

    Returns:
        The vectors; `config["training"]["losses"]` has one entry a pass: `pass`, `pairs` (how often a document or a
        word, or the mean of some, predicted a word), `loss_per_pair` (nats), `words_per_second` (raw words).

    Raises:
        CorpusError: if the corpus can't be read or nothing is left of it.
        OutputError: if the disk is full.
        SettingsError: if a setting is out of range, or there is not a tag for each document.
        TrainingError: if there is nothing to train on, or no room in memory.

    >>> texts = ["a rose is a rose", "a dog is a dog"] * 20
    >>> documents = train_documents(texts, dimensions=8, min_count=1, threads=1)
    >>> documents.matrix.shape, documents.infer("a dog").shape
    ((40, 8), (8,))

    Le & Mikolov 2014. The objective: `firth.objectives.bags`; vectors of other documents: `firth.training.inference`.
    """
    model = DocumentModel(way=way, train_words=train_words, loss=loss, gradient=gradient)
    observations = Observations(window=window, subsample=subsample, noise_exponent=noise_exponent)
    settings = StreamSettings(
        kind=model.kind,
        dimensions=dimensions,
        negatives=negatives,
        passes=passes,
        learning_rate=model.kind.learning_rate if learning_rate is None else learning_rate,
        threads=check_threads(threads),
        seed=seed,
        interval_words=interval_words,
    )
    settings = replace(settings, learning_rate=float(settings.learning_rate))  # as it is stored
    check_callback(on_interval, settings.held_out)
    kept = checked_checkpoints(checkpoints, resume=resume)
    began = time.perf_counter()
    text = {
        "tokenizer": tokenizer,
        "fold_case": fold_case,
        "min_count": min_count,
        "max_words": max_words,
        "errors": errors,
        "cache": cache,
    }
    recipe = signature(train_documents)
    with prepared_corpus(corpus, text, recipe, settings.threads, on_progress, keep_empty=True) as prepared:
        names = None if tags is None else checked_tags(tags, prepared.sentences)
        check_intervals(passes, prepared.tokens, interval_words)
        run = run_of(prepared, observations, settings)
        keeping = keeping_of(kept, run, prepared, settings.kind, resume=resume)
        cast = cast_of(prepared, settings, None, ends := document_ends(prepared.ids))
        result = train_stream(prepared, observations, settings, cast, keeping, on_interval, on_progress)
        outcome = outcome_of(prepared, settings, result, keeping, time.perf_counter() - began)
        training = {**run["training"], **outcome, **model.as_dict()}
        return DocumentVectors(
            _without_empty(np.asarray(result.documents), ends),
            words=prepared.vocabulary.words,
            counts=prepared.vocabulary.counts,
            word_matrix=result.center if model.train_words else None,
            output_matrix=result.context if keep_outputs else None,
            tags=names,
            config={"training": training, "corpus": {**run["corpus"], "source": source_of(corpus)}},
        )


def document_ends(ids: np.ndarray) -> np.ndarray:
    """Return where each document ends, behind its −1, (N,) int64; the ids are looked through a stretch at a time.

    >>> document_ends(np.array([4, -1, -1, 2, -1], np.int32))
    array([2, 3, 5])
    """
    step = 1 << 22
    parts = [np.flatnonzero(ids[first : first + step] < 0) + first + 1 for first in range(0, len(ids), step)]
    return np.concatenate(parts)


def _without_empty(documents: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Let the vectors of documents without a known word be zero: where they began they would be near to others."""
    is_empty = np.diff(ends, prepend=0) == 1
    if is_empty.any():
        logger.warning("%d of %d documents have no known word: their vectors are zero", is_empty.sum(), len(ends))
        documents[is_empty] = 0
    return documents
