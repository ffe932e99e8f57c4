"""`firth.train`: from a corpus to its vectors in one call."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from dataclasses import asdict, replace
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Any

from firth.machine import available_memory, check_threads
from firth.observations import Observations
from firth.provenance import made_with
from firth.recipes.continuing import (
    check_start,
    dimensions_of,
    join_vectors,
    place_rows,
    start_of,
)
from firth.recipes.kinds import Cast, cast_of, kind_of, memory_of, vectors_of
from firth.recipes.preparing import prepared_corpus, source_of
from firth.recipes.resuming import Keeping, checked_checkpoints, keeping_of, run_of
from firth.text import Corpus, Phrases
from firth.text.subwords import Subwords
from firth.training.checkpoints import Checkpoints
from firth.training.intervals import IntervalCallback, check_callback, check_intervals
from firth.training.progress import Progress, ProgressCallback
from firth.training.settings import StreamSettings, kernel_choices
from firth.vectors import Vectors

if TYPE_CHECKING:
    from firth.training.stream import Stream, StreamResult

logger = logging.getLogger(__name__)


def train(
    corpus: str | Path | Iterable[Any] | Corpus,
    *,
    model: str = "skip-gram",
    loss: str = "sampling",
    gradient: str | None = None,
    subwords: Subwords | None = None,
    dimensions: int | None = None,
    window: int = 5,
    negatives: int = 5,
    min_count: int = 5,
    max_words: int | None = None,
    subsample: float = 1e-3,
    passes: int = 5,
    learning_rate: float | None = None,
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
    start: Vectors | str | Path | None = None,
    frozen: bool | Iterable[str] = False,
    held_out: float = 0.0,
    interval_words: int | None = None,
    threads: int | None = None,
    seed: int = 1,
    reproducible: bool = True,
    checkpoints: Checkpoints | str | Path | None = None,
    resume: bool = False,
    on_interval: IntervalCallback | None = None,
    on_progress: ProgressCallback | None = None,
) -> Vectors:
    """Train word vectors on a corpus, streamed: skip-gram with negative sampling, or another of its family.

    Minimises, over the pairs (bag h, word o) that the observation settings give, with K noise words each,

        J = −log σ(u_o·h) − Σ_k log σ(−u_k·h)

    where h is the vector of one word, v_c (skip-gram), or the mean of a window (CBOW); and other losses of h.

    Ctrl-C stops cleanly, after a checkpoint where there are any: what was learnt until then is returned, and
    `config["training"]["stopped"]` is "interrupted".

    Args:
        corpus: a file (plain, .gz, .bz2, .xz, .zst), a folder, a glob pattern, "-" for standard input, a list of
            `Path`; or an iterable of lines of text or of lists of tokens. A line is a sentence. Or what
            `prepare_corpus` made, with the settings of the text given there.
        model: "skip-gram", or "cbow": the mean of the words of a window predicts the word in its middle.
        loss: "sampling" (K noise words), "hierarchical" (softmax over a Huffman tree) or "softmax" (over all words, of
            which there are at most 20 000).
        gradient: of a mean: "true", divided among its words, or "historical", the whole to each, as in word2vec.c,
            gensim and fastText. None takes the true one, but for words with subwords, as fastText has it.
        subwords: `firth.Subwords(…)` makes each word the mean of its own row and those of its character n-grams, so
            that words never seen have vectors, too.
        dimensions: D, length of a vector; None takes 100, or that of the start.
        window: largest distance of a pair, in words.
        negatives: K, noise words a pair, in expectation.
        min_count: words seen less often are left out.
        max_words: the most frequent words kept; None keeps all.
        subsample: share of the corpus above which a word's occurrences are dropped at random; 0 drops none.
        passes: over the corpus.
        learning_rate: at the start; it falls to 0 along a straight line. None takes 0.025, or what is good for the
            model: 0.2 for the mean of a window, 0.05 with its historical gradient.
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
        start: vectors, or their folder, that training goes on from. Words they know start where they are; new ones at
            random, or with the n-grams that are known. Words that are not in the corpus stay as they are, and all are
            in the result, with the counts of both texts.
        frozen: True, or some words of the start: their rows stay as they are, and others are drawn to them.
        held_out: share of the corpus, up to 0.5, that is never trained on; its loss is told after each interval.
        interval_words: raw words, about, in an interval; None makes each pass one.
        threads: that train at once; None takes every core this process may use. More than eight find work only where
            they race.
        seed: of every random number.
        reproducible: whether the same corpus, settings and seed give the same bytes, however many threads there are;
            False lets threads race, which is a little faster, and two runs differ.
        checkpoints: a folder that gets one every ten minutes, or `Checkpoints` to say when; None writes none. The
            last two are kept, also after the end of the run. One that can't be written is a warning.
        resume: whether to go on from the newest checkpoint that is whole, to the bytes of a run that was never
            stopped; settings, text and vocabulary must be those it began with. Where there is none, from the start.
        on_interval: called with a `firth.training.Interval` after each interval; what is true stops training, and a
            text is stored as the reason. When training is resumed it gets all earlier reports first, so that one that
            decides by them (`EarlyStopping`) stands where it stood. It is never stored.
        on_progress: called with a `firth.training.Progress` about four times a second.

    Returns:
        The vectors; `config["training"]["losses"]` has one entry a pass: `pass`, `pairs`, `loss_per_pair` (nats),
        `words_per_second` (raw words), `held_out_loss_per_pair`; `config["training"]["intervals"]` has the reports, and
        `stopped` why it ended early, or None. `config["training"]["made_with"]` has the versions and the processor, and
        `config["corpus"]["source"]` the corpus as it was named: see `firth.verify`.

    Raises:
        CorpusError: if the corpus can't be read or nothing is left of it.
        FormatError: if all checkpoints are damaged.
        OutputExistsError: if there are checkpoints, and it is not to be resumed.
        OutputError: if the disk is full, or the place of the checkpoints can't be written to.
        SettingsError: if a setting is out of range, or the checkpoint is of a run with others.
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
    base, subwords = start_of(start, frozen, subwords)
    kind = kind_of(model, loss, gradient, subwords)
    check_start(base, kind, reproducible=reproducible)
    settings = StreamSettings(
        kind=kind,
        dimensions=dimensions_of(dimensions, base),
        negatives=negatives,
        passes=passes,
        learning_rate=kind.learning_rate if learning_rate is None else learning_rate,
        threads=threads,
        seed=seed,
        reproducible=reproducible,
        held_out=held_out,
        interval_words=interval_words,
    )
    settings = replace(
        settings, learning_rate=float(settings.learning_rate)
    )  # as it is stored: a float32 gives other bytes
    check_callback(on_interval, held_out)
    kept = checked_checkpoints(checkpoints, resume=resume)
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
        check_intervals(passes, prepared.tokens, interval_words)
        run = run_of(prepared, observations, settings, subwords, base)
        keeping = keeping_of(kept, run, prepared, kind, resume=resume)
        cast = cast_of(prepared, settings, subwords)._replace(start=base)
        result = train_stream(prepared, observations, settings, cast, keeping, on_interval, on_progress)
        outcome = outcome_of(prepared, settings, result, keeping, time.perf_counter() - began)
        config = {"training": {**run["training"], **outcome}, "corpus": {**run["corpus"], "source": source_of(corpus)}}
        vectors = vectors_of(prepared, settings, cast, result, keep_context=keep_context, config=config)
        return join_vectors(base, vectors)


def train_stream(
    corpus: Corpus,
    observations: Observations,
    settings: StreamSettings,
    cast: Cast,
    keeping: Keeping,
    on_interval: IntervalCallback | None,
    on_progress: ProgressCallback | None,
) -> StreamResult:
    """Say what the run will take, check that the machine has it, and run."""
    from firth.compiling import is_compiled
    from firth.training.estimate import check_memory
    from firth.training.stream import Stream

    vocabulary = corpus.vocabulary
    estimate = memory_of(corpus, observations, settings, cast)
    check_memory(estimate)
    if len(vocabulary) == 1:
        logger.warning("one word is left (%r): its vector will say nothing; lower min_count", vocabulary.words[0])
    stream = Stream(
        corpus.ids,
        vocabulary.counts,
        observations=observations,
        settings=settings,
        raw_words=corpus.tokens,
        family=cast.family,
        table=cast.table,
    )
    if cast.start is not None:
        place_rows(stream, cast.start, corpus, cast.subwords)
    if not is_compiled("train_windows" if cast.family is None else "go_through_bags"):
        long = "some ten seconds" if cast.family is None else "up to a minute"
        logger.info("compiling the kernels: this happens once and takes %s", long)
        if on_progress is not None:
            on_progress(Progress(stage="compiling", share_done=None, seconds=0.0))
    stream.compile_kernels()
    _announce(stream, estimate.total, str(estimate))
    return stream.train(on_progress, on_interval=on_interval, keeper=keeping.keeper, found=keeping.found)


def _announce(stream: Stream, memory: int, parts: str) -> None:
    """Log what the run will take."""
    if not logger.isEnabledFor(logging.INFO):
        return
    speed = stream.words_per_second()
    seconds = stream.settings.passes * stream.raw_words / speed
    available = available_memory()
    share = f", {memory / available:.1%} of what is available" if available else ""
    logger.info("memory: about %s%s; time: about %.0f s at %.2f M words/s", parts, share, seconds, speed / 1e6)


def _losses(result: StreamResult, raw_words: int) -> list[dict[str, Any]]:
    """Return one entry a pass, as it is stored."""
    held_out = {interval.pass_number: interval.held_out_loss_per_pair for interval in result.intervals}
    return [
        {
            "pass": number,
            "pairs": tally.pairs,
            "pairs_scored": tally.scored,
            "loss_per_pair": tally.loss / tally.scored if tally.scored else None,
            "held_out_loss_per_pair": held_out.get(number),
            "words_per_second": tally.share * raw_words / tally.seconds,
            "seconds": tally.seconds,
        }
        for number, tally in enumerate(result.passes, start=1)
    ]


def outcome_of(
    corpus: Corpus, settings: StreamSettings, result: StreamResult, keeping: Keeping, seconds: float
) -> dict[str, Any]:
    """Return what came of a run, as it is stored beside the vectors."""
    outcome = {
        "kernel": kernel_choices(settings.reproducible, settings.kind),
        "threads": settings.threads,
        "losses": _losses(result, corpus.tokens),
        "intervals": [asdict(interval) for interval in result.intervals],
        "rows_scaled_back": sum(tally.restrained for tally in result.passes),
        "stopped": result.stopped,
        "interrupted": result.interrupted,
        "seconds": seconds + keeping.seconds,
        "made_with": made_with(),
    }
    return {**outcome, "resumed_with_changes": list(keeping.changes)} if keeping.changes else outcome
