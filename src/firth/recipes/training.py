"""`firth.train`: from a corpus to its vectors in one call."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from dataclasses import replace
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Any

from firth.machine import available_memory, check_threads
from firth.observations import Observations
from firth.provenance import made_with
from firth.recipes.preparing import prepared_corpus, source_of
from firth.text import Corpus, Phrases
from firth.training.progress import Progress, ProgressCallback
from firth.training.settings import StreamSettings, kernel_choices
from firth.vectors import Vectors

if TYPE_CHECKING:
    from firth.training.stream import PassTally, Stream, StreamResult

logger = logging.getLogger(__name__)


def train(
    corpus: str | Path | Iterable[Any] | Corpus,
    *,
    dimensions: int = 100,
    window: int = 5,
    negatives: int = 5,
    min_count: int = 5,
    max_words: int | None = None,
    subsample: float = 1e-3,
    passes: int = 5,
    learning_rate: float = 0.025,
    noise_exponent: float = 0.75,
    window_weights: str = "dynamic",
    dropping: str = "before",
    keep: str = "word2vec",
    tokenizer: Any = "whitespace",  # noqa: ANN401 - a name, an object or a callable
    fold_case: bool = False,
    errors: str = "strict",
    phrases: Phrases | str | Path | None = None,
    cache: str | Path | None = None,
    keep_context: bool = True,
    threads: int | None = None,
    seed: int = 1,
    reproducible: bool = True,
    on_progress: ProgressCallback | None = None,
) -> Vectors:
    """Train word vectors on a corpus: skip-gram with negative sampling, streamed.

    Minimises, over the pairs (centre c, context o) that the observation settings give, with K noise words each,

        J = −log σ(u_o·v_c) − Σ_k log σ(−u_k·v_c)

    Ctrl-C stops cleanly: what was learnt until then is returned, and `config["training"]["interrupted"]` is true.

    Args:
        corpus: a file (plain, .gz, .bz2, .xz, .zst), a folder, a glob pattern, "-" for standard input, a list of
            `Path`; or an iterable of lines of text or of lists of tokens. A line is a sentence. Or what
            `prepare_corpus` made, with the settings of the text given there.
        dimensions: D, length of a vector.
        window: largest distance of a pair, in words.
        negatives: K, noise words a pair, in expectation.
        min_count: words seen less often are left out.
        max_words: the most frequent words kept; None keeps all.
        subsample: share of the corpus above which a word's occurrences are dropped at random; 0 drops none.
        passes: over the corpus.
        learning_rate: at the start; it falls to 0 along a straight line.
        noise_exponent: noise words are drawn in proportion to count ** noise_exponent.
        window_weights: weight of distance δ: "dynamic" (W − δ + 1)/W, "fixed" 1, "harmonic" 1/δ.
        dropping: frequent words are dropped "before" the window is laid or "after".
        keep: how probable it is that a word is kept, "word2vec" or "paper": see `Observations`.
        tokenizer: "whitespace", "words", or a callable from a line to a list of tokens; not used on token lists.
        fold_case: whether words that differ in case alone are one.
        errors: what bytes that are not UTF-8 do: "strict" is an error, "replace" puts U+FFFD.
        phrases: joined in the text before rare words are left out: what `firth.find_phrases` made, or its folder.
        cache: folder that keeps the prepared corpus; None uses a temporary one (or $FIRTH_CACHE).
        keep_context: whether the context vectors are kept; the gap and further training need them.
        threads: that train at once; None takes every core this process may use. More than eight find work only where
            they race.
        seed: of every random number.
        reproducible: whether the same corpus, settings and seed give the same bytes, however many threads there are;
            False lets threads race, which is a little faster, and two runs differ.
        on_progress: called with a `firth.training.Progress` about four times a second.

    Returns:
        The vectors; `config["training"]["losses"]` has one entry a pass: `pass`, `pairs`, `loss_per_pair` (nats),
        `words_per_second` (raw words). `config["training"]["made_with"]` has the versions and the processor, and
        `config["corpus"]["source"]` the corpus as it was named: see `firth.verify`.

    Raises:
        CorpusError: if the corpus can't be read or nothing is left of it.
        OutputError: if the disk is full.
        SettingsError: if a setting is out of range.
        TrainingError: if there is no pair to train on, or no room in memory.

    >>> vectors = train([["a", "rose", "is", "a", "rose"]] * 20, dimensions=8, min_count=1, threads=1)
    >>> vectors.words[0], vectors.matrix.shape
    ('a', (3, 8))

    Mikolov et al. 2013, eq. 4. The objective: `firth.objectives.sampling`.
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
    settings = StreamSettings(
        dimensions=dimensions,
        negatives=negatives,
        passes=passes,
        learning_rate=learning_rate,
        threads=threads,
        seed=seed,
        reproducible=reproducible,
    )
    settings = replace(settings, learning_rate=float(learning_rate))  # as it is stored: a float32 gives other bytes
    began = time.perf_counter()
    text = {
        "tokenizer": tokenizer,
        "fold_case": fold_case,
        "min_count": min_count,
        "max_words": max_words,
        "errors": errors,
        "phrases": phrases,
        "cache": cache,
    }
    with prepared_corpus(corpus, text, signature(train), threads, on_progress) as prepared:
        result = _train_stream(prepared, observations, settings, on_progress)
        config = _config(prepared, observations, settings, result, time.perf_counter() - began)
        config["corpus"]["source"] = source_of(corpus)
        vocabulary = prepared.vocabulary
        context = result.context if keep_context else None
        return Vectors(vocabulary.words, result.center, counts=vocabulary.counts, context_matrix=context, config=config)


def _train_stream(
    corpus: Corpus, observations: Observations, settings: StreamSettings, on_progress: ProgressCallback | None
) -> StreamResult:
    """Say what the run will take, check that the machine has it, and run."""
    from firth.compiling import is_compiled
    from firth.training.estimate import check_memory, estimate_memory
    from firth.training.slices import copies_of_run
    from firth.training.stream import Stream

    vocabulary = corpus.vocabulary
    copies = copies_of_run(len(corpus.ids), vocabulary.counts, observations, settings) if settings.reproducible else 0
    estimate = estimate_memory(
        len(vocabulary), settings.dimensions, threads=settings.threads, window=observations.window, copies=copies
    )
    check_memory(estimate)
    if len(vocabulary) == 1:
        logger.warning("one word is left (%r): its vector will say nothing; lower min_count", vocabulary.words[0])
    stream = Stream(
        corpus.ids, vocabulary.counts, observations=observations, settings=settings, raw_words=corpus.tokens
    )
    if not (is_compiled("train_windows") and is_compiled("score_windows")):
        logger.info("compiling the kernels: this happens once and takes some ten seconds")
        if on_progress is not None:
            on_progress(Progress(stage="compiling", share_done=None, seconds=0.0))
    stream.compile_kernels()
    _announce(stream, estimate.total, str(estimate))
    return stream.train(on_progress)


def _announce(stream: Stream, memory: int, parts: str) -> None:
    """Log what the run will take."""
    if not logger.isEnabledFor(logging.INFO):
        return
    speed = stream.words_per_second()
    seconds = stream.settings.passes * stream.raw_words / speed
    available = available_memory()
    share = f", {memory / available:.1%} of what is available" if available else ""
    logger.info("memory: about %s%s; time: about %.0f s at %.2f M words/s", parts, share, seconds, speed / 1e6)


def _losses(passes: list[PassTally], raw_words: int) -> list[dict[str, Any]]:
    """Return one entry a pass, as it is stored."""
    return [
        {
            "pass": number,
            "pairs": tally.pairs,
            "pairs_scored": tally.scored,
            "loss_per_pair": tally.loss / tally.scored if tally.scored else None,
            "words_per_second": tally.share * raw_words / tally.seconds,
            "seconds": tally.seconds,
        }
        for number, tally in enumerate(passes, start=1)
    ]


def _config(
    corpus: Corpus, observations: Observations, settings: StreamSettings, result: StreamResult, seconds: float
) -> dict[str, Any]:
    """Return how the vectors came to be, as it is stored beside them."""
    return {
        "training": {
            "objective": "skip-gram with negative sampling",
            "reproducible": settings.reproducible,
            "kernel": kernel_choices(settings.reproducible),
            "observations": observations.as_dict(),
            "dimensions": settings.dimensions,
            "negatives": settings.negatives,
            "passes": settings.passes,
            "learning_rate": settings.learning_rate,
            "threads": settings.threads,
            "seed": settings.seed,
            "losses": _losses(result.passes, corpus.tokens),
            "rows_scaled_back": sum(tally.restrained for tally in result.passes),
            "interrupted": result.interrupted,
            "seconds": seconds,
            "made_with": made_with(),
        },
        "corpus": {
            "tokens": corpus.tokens,
            "words_seen": corpus.words_seen,
            "sentences": corpus.sentences,
            "checksum": corpus.checksum,
            **corpus.settings,
        },
    }
