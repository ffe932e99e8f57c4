"""`count_pairs`: from a prepared corpus to `Counts`, in its own words or in given ones."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np

from firth.errors import CorpusError, SettingsError, check_integer, sentence
from firth.observations.cells import LEAST_MEMORY
from firth.observations.counting import Text, count_rows
from firth.observations.counts import Counts
from firth.observations.record import Record
from firth.observations.rows import ShareCallback
from firth.observations.settings import Observations
from firth.provenance import made_with
from firth.text import Corpus, Vocabulary
from firth.text.kernels import SENTENCE_END, final_numbers
from firth.text.spool import IdFile

_IDS_AT_ONCE = 1 << 22


def count_pairs(
    corpus: Corpus,
    observations: Observations,
    *,
    vocabulary: Vocabulary | None = None,
    reference_total: int | None = None,
    threads: int | None = None,
    memory: int | None = None,
    on_share: ShareCallback | None = None,
) -> Counts:
    """Count the pairs of a corpus: exact expectations, both directions, within sentences.

    The arithmetic is on whole numbers: the result is the same to the last bit for any number of threads and any
    budget. What memory it takes: `firth.observations.counting`.

    Args:
        corpus: from `prepare_corpus`.
        observations: the settings.
        vocabulary: count in these words, with their counts as reference, instead of the corpus's own. Other words are
            left out, and gaps close, as for words below `min_count`; so the corpus must have all its words. The ids
            are numbered anew in a temporary file, which takes 4 bytes for each.
        reference_total: of what the shares of the given words are taken; None for the sum of their counts.
        threads: None for one on each core.
        memory: budget in bytes, beyond which temporary files are used, at least 2²⁰; None for a quarter of what is
            available.
        on_share: called with the share that is done, four times a second.

    Raises:
        CorpusError: if a vocabulary is given and the corpus was prepared without all its words.
        SettingsError: if a cell could pass 2⁶⁴, the budget is no number, or a given count is 0.
        OutputError: if counts pass the memory allowed and the disk is full.

    >>> from firth.text import prepare_corpus
    >>> with prepare_corpus(["to be or not to be"], min_count=1) as corpus:
    ...     counts = count_pairs(corpus, Observations(window=1, subsample=0))
    >>> counts.expectation("to", "be"), counts.marginals[:2]
    (2.0, array([3., 3.]))
    """
    if memory is not None:
        check_integer("memory", memory, LEAST_MEMORY)
    began = time.perf_counter()
    kept = corpus.vocabulary if vocabulary is None else vocabulary
    if kept.counts.min(initial=1) == 0:
        came = f"0 for {kept.words[int(kept.counts.argmin())]!r}"
        raise SettingsError(sentence("a vocabulary with counts above 0", came, "leave out words that never occur"))
    total = int(kept.counts.sum()) if reference_total is None else reference_total
    with _text(corpus, vocabulary) as text:
        keep = observations.keep_probabilities(kept.counts, total=total)
        rows = count_rows(
            Text(text.ids, text.occurrences, keep), observations, threads=threads, memory=memory, on_share=on_share
        )
    known = {"checksum": corpus.checksum, "tokens": corpus.tokens, "sentences": text.sentences, **corpus.settings}
    record = Record(
        tokens=corpus.tokens,
        reference_total=total,
        is_exact=True,
        has_own_words=vocabulary is None and len(kept) == corpus.words_seen,
        corpora=(known,),
        seconds=time.perf_counter() - began,
        made_with=made_with(),
    )
    return Counts(kept, text.occurrences.astype(np.uint64), observations, rows, record)


class _Numbered(NamedTuple):
    """Ids in the words that are counted."""

    ids: np.ndarray
    occurrences: np.ndarray
    sentences: int


@contextmanager
def _text(corpus: Corpus, vocabulary: Vocabulary | None) -> Iterator[_Numbered]:
    """Give the ids of a corpus, in other words if there are any, for the time of the block."""
    if vocabulary is None or vocabulary.words == corpus.vocabulary.words:
        ids = np.asarray(corpus.ids)
        yield _Numbered(ids, corpus.vocabulary.counts.astype(np.int64), corpus.sentences)
        return
    if len(corpus.vocabulary) < corpus.words_seen:
        came = f"{len(corpus.vocabulary)} of its {corpus.words_seen} words"
        advice = "prepare it with min_count=1 and without max_words"
        raise CorpusError(sentence("a corpus with all its words, to be counted in other ones", came, advice))
    with tempfile.TemporaryDirectory(prefix="firth-corpus-", ignore_cleanup_errors=True) as folder:
        yield _numbered_anew(corpus, vocabulary, Path(folder) / "ids")


def _numbered_anew(corpus: Corpus, vocabulary: Vocabulary, path: Path) -> _Numbered:
    """Write the ids of a corpus in other words to a file, without those that are none and without empty sentences."""
    place = {word: number for number, word in enumerate(vocabulary.words)}
    new_ids = np.array([place.get(word, -1) for word in corpus.vocabulary.words], np.int32)
    occurrences = np.zeros(len(vocabulary), np.int64)
    known = new_ids >= 0
    occurrences[new_ids[known]] = corpus.vocabulary.counts[known]
    ids = np.asarray(corpus.ids)
    file = IdFile(path, ids.nbytes)
    out = np.empty(_IDS_AT_ONCE, np.int32)
    last, sentences = SENTENCE_END, 0
    try:
        for start in range(0, len(ids), _IDS_AT_ONCE):
            written, ends = final_numbers(ids[start : start + _IDS_AT_ONCE], new_ids, out, False)
            # A sentence that ended before, or of which nothing is left, ends only once.
            repeats = int(written > 0 and last == SENTENCE_END == out[0])
            file.append(out[repeats:written])
            sentences += int(ends) - repeats
            last = int(out[written - 1]) if written else last
        size = file.size
    finally:
        file.close()
    numbered = np.asarray(np.memmap(path, np.int32, "r")) if size else np.empty(0, np.int32)
    numbered.flags.writeable = False  # as mapped ones are: kernels are compiled once
    return _Numbered(numbered, occurrences, sentences)
