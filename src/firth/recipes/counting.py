"""`firth.count`: from a corpus to its pair counts in one call."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import replace
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Any

from firth.errors import SettingsError, check_integer, sentence
from firth.machine import check_threads
from firth.observations import Observations
from firth.observations.cells import LEAST_MEMORY
from firth.recipes.preparing import prepared_corpus, share_progress, source_of
from firth.text import Corpus, Vocabulary
from firth.training.progress import ProgressCallback
from firth.vectors import Vectors

if TYPE_CHECKING:
    from firth.observations.counts import Counts

logger = logging.getLogger(__name__)


def count(
    corpus: str | Path | Iterable[Any] | Corpus,
    *,
    window: int = 5,
    min_count: int = 5,
    max_words: int | None = None,
    vocabulary: Vocabulary | Counts | Vectors | None = None,
    subsample: float = 1e-3,
    noise_exponent: float = 0.75,
    window_weights: str = "dynamic",
    dropping: str = "before",
    keep: str = "word2vec",
    tokenizer: Any = "whitespace",  # noqa: ANN401 - a name, an object or a callable
    fold_case: bool = False,
    errors: str = "strict",
    cache: str | Path | None = None,
    threads: int | None = None,
    memory: int | None = None,
    on_progress: ProgressCallback | None = None,
) -> Counts:
    """Count how often each word is expected in the window of each other: what `firth.train` optimises, exactly.

        N⁺(c, o) = Σ over places i ≠ j of one sentence, w_i = c, w_j = o, of E[o at j is in the window of c at i]

    The expectation is over the words that are dropped and the windows' widths. It is computed on whole numbers: any
    number of threads and any memory give the same bytes, and counts of parts add up to those of the whole.

    Args:
        corpus: a file (plain, .gz, .bz2, .xz, .zst), a folder, a glob pattern, "-" for standard input, a list of
            `Path`; or an iterable of lines of text or of lists of tokens. A line is a sentence. Or what
            `prepare_corpus` made, with the settings of the text given there.
        window: largest distance of a pair, in words.
        min_count: words seen less often are left out.
        max_words: the most frequent words kept; None keeps all.
        vocabulary: the words to count in, and the counts that keep probabilities come from, instead of the corpus's
            own: a `Vocabulary`, or what has one. Parts of a corpus counted in one vocabulary add up exactly.
        subsample: share of the corpus above which a word's occurrences are dropped at random; 0 drops none.
        noise_exponent: noise words are drawn in proportion to count ** noise_exponent; stored, not used here.
        window_weights: weight of distance δ: "dynamic" (W − δ + 1)/W, "fixed" 1, "harmonic" 1/δ.
        dropping: frequent words are dropped "before" the window is laid or "after".
        keep: how probable it is that a word is kept, "word2vec" or "paper": see `Observations`.
        tokenizer: "whitespace", "words", or a callable from a line to a list of tokens; not used on token lists.
        fold_case: whether words that differ in case alone are one.
        errors: what bytes that are not UTF-8 do: "strict" is an error, "replace" puts U+FFFD.
        cache: folder that keeps the prepared corpus; None uses a temporary one (or $FIRTH_CACHE).
        threads: that count at once; None takes every core this process may use.
        memory: budget in bytes, beyond which temporary files are used; None takes a quarter of what is available.
        on_progress: called with a `firth.training.Progress` about four times a second.

    Raises:
        CorpusError: if the corpus can't be read or nothing is left of it.
        OutputError: if the disk is full.
        SettingsError: if a setting is out of range, or the counts could pass 2⁶⁴.

    >>> counts = count([["you", "shall", "know", "a", "word"]], window=2, min_count=1, subsample=0)
    >>> counts.expectation("know", "shall"), counts.expectation("know", "you")
    (1.0, 0.5)

    How: `docs/decisions/0004-counting-by-rows.md`. Firth 1957: "You shall know a word by the company it keeps."
    """
    observations = Observations(
        window=window,
        window_weights=window_weights,
        subsample=subsample,
        dropping=dropping,
        keep=keep,
        noise_exponent=noise_exponent,
    )
    threads = check_threads(threads)
    if memory is not None:
        check_integer("memory", memory, LEAST_MEMORY)
    given, total = _reference(vocabulary)
    text = {
        "tokenizer": tokenizer,
        "fold_case": fold_case,
        "min_count": min_count,
        "max_words": max_words,
        "errors": errors,
        "cache": cache,
    }
    if given is not None and not isinstance(corpus, Corpus):
        _check_no_choice(text)
        text |= {"min_count": 1, "max_words": None}  # the given words choose
    with prepared_corpus(corpus, text, signature(count), threads, on_progress) as prepared:
        from firth.compiling import is_compiled
        from firth.observations.pairs import count_pairs

        if not is_compiled("merge_rows"):
            logger.info("compiling the kernels: this happens once and takes some seconds")
        counts = count_pairs(
            prepared,
            observations,
            vocabulary=given,
            reference_total=total,
            threads=threads,
            memory=memory,
            on_share=share_progress(on_progress, "counting"),
        )
    (known,) = counts.record.corpora
    counts.record = replace(counts.record, corpora=({**known, "source": source_of(corpus)},))
    return counts


def _reference(vocabulary: Vocabulary | Counts | Vectors | None) -> tuple[Vocabulary | None, int | None]:
    """Return the words to count in, and of what their shares are taken; None for those of the corpus."""
    if vocabulary is None or isinstance(vocabulary, Vocabulary):
        return vocabulary, None
    if isinstance(vocabulary, Vectors):
        if vocabulary.counts is None:
            came = "vectors without counts"
            advice = "pass vectors that firth.train made, or a Vocabulary"
            raise SettingsError(sentence("a vocabulary with counts", came, advice))
        return Vocabulary(list(vocabulary.words), vocabulary.counts), None
    from firth.observations.counts import Counts

    if isinstance(vocabulary, Counts):
        return vocabulary.vocabulary, vocabulary.record.reference_total
    came = f"a {type(vocabulary).__name__}"  # type: ignore[unreachable]  # for those who don't check types
    raise SettingsError(sentence("vocabulary to be a Vocabulary, Counts or Vectors", came, "pass one of them"))


def _check_no_choice(text: dict[str, Any]) -> None:
    """Refuse settings that choose words beside a vocabulary."""
    usual = signature(count).parameters
    if changed := [name for name in ("min_count", "max_words") if text[name] != usual[name].default]:
        came = " and ".join(f"{name}={text[name]!r}" for name in changed)
        raise SettingsError(sentence("no choice of words beside a vocabulary", came, "leave it out"))
