"""`firth.find_phrases`: from a corpus to its phrases in one call."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable
from inspect import signature
from pathlib import Path
from typing import Any

from firth.machine import check_threads
from firth.recipes.preparing import prepared_corpus, share_progress, source_of
from firth.text import Corpus, Phrases
from firth.text import find_phrases as find_in_corpus
from firth.text.phrases import check_settings
from firth.training.progress import ProgressCallback

logger = logging.getLogger(__name__)


def find_phrases(
    corpus: str | Path | Iterable[Any] | Corpus,
    *,
    min_count: int = 5,
    threshold: float | None = None,
    score: str = "original",
    passes: int = 1,
    connectors: str | Collection[str] = (),
    separator: str = "_",
    longest: int | None = None,
    tokenizer: Any = "whitespace",  # noqa: ANN401 - a name, an object or a callable
    fold_case: bool = False,
    errors: str = "strict",
    cache: str | Path | None = None,
    threads: int | None = None,
    on_progress: ProgressCallback | None = None,
) -> Phrases:
    """Find the words that come together more often than by chance: "new york", "bank of america".

        original    N (n(a, b) − δ) / (n(a) n(b))          npmi    log(p(a, b)/(p(a) p(b))) / −log p(a, b)

    N tokens, n = counts, p = n/N, δ = min_count. Each further pass joins what was found and looks for pairs again. The
    result is the same for every number of threads.

    Args:
        corpus: a file (plain, .gz, .bz2, .xz, .zst), a folder, a glob pattern, "-" for standard input, a list of
            `Path`; or an iterable of lines of text or of lists of tokens. A line is a sentence. Or what
            `prepare_corpus` made with min_count=1, with the settings of the text given there.
        min_count: pairs that come less often are no phrases; words are all kept.
        threshold: a phrase has a higher score; None for 100 ("original") or 0.5 ("npmi"). gensim's "default" score is
            "original" with the size of its table, distinct words plus distinct pairs, in place of N.
        score: "original" (Mikolov et al.) or "npmi" (normalised pointwise mutual information, −1 … 1).
        passes: over the corpus: phrases of up to 2^passes words, connectors aside.
        connectors: words that may stand inside a phrase and never begin or end one; "english" for the usual ones.
        separator: what stands between the words of a phrase.
        longest: words that a phrase may have at most, connectors included; None for any number.
        tokenizer: "whitespace", "words", or a callable from a line to a list of tokens; not used on token lists.
        fold_case: whether words that differ in case alone are one.
        errors: what bytes that are not UTF-8 do: "strict" is an error, "replace" puts U+FFFD.
        cache: folder that keeps the prepared corpus; None uses a temporary one (or $FIRTH_CACHE).
        threads: that count at once; None takes every core this process may use.
        on_progress: called with a `firth.training.Progress` about four times a second.

    Returns:
        The phrases, with scores and counts; `firth.train(corpus, phrases=…)` joins them in the text.

    Raises:
        CorpusError: if the corpus can't be read or there is nothing in it.
        OutputError: if the disk is full.
        SettingsError: if a setting is out of range.

    >>> phrases = find_phrases(["he is in new york", "new york is wet", "a new day"], min_count=1, threshold=1.5)
    >>> phrases.apply(["new", "york", "is", "new"])
    ['new_york', 'is', 'new']

    How: `firth.text.find_phrases`. Mikolov et al. 2013, §4; Bouma 2009.
    """
    chosen: dict[str, Any] = {
        "min_count": min_count,
        "threshold": threshold,
        "score": score,
        "passes": passes,
        "connectors": connectors,
        "separator": separator,
        "longest": longest,
    }
    check_settings(**chosen)  # before a long text is read
    threads = check_threads(threads)
    from firth.compiling import is_compiled

    text = {"tokenizer": tokenizer, "fold_case": fold_case, "errors": errors, "cache": cache}
    if not isinstance(corpus, Corpus):
        text |= {"min_count": 1}  # of words, not of pairs
    with prepared_corpus(corpus, text, signature(find_phrases), threads, on_progress) as prepared:
        if not is_compiled("gather_followers"):
            logger.info("compiling the kernels: this happens once and takes some seconds")
        on_share = share_progress(on_progress, "counting")
        found = find_in_corpus(prepared, **chosen, threads=threads, on_share=on_share)
    found.config["corpus"]["source"] = source_of(corpus)
    return found
