"""`firth.train_documents`: from a corpus to vectors of its documents in one call."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import replace
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from firth.errors import TrainingError, sentence
from firth.machine import check_threads
from firth.observations import Observations
from firth.provenance import made_with
from firth.recipes.preparing import prepared_corpus, source_of
from firth.text import Corpus
from firth.training.documents import DocumentModel
from firth.training.progress import Progress, ProgressCallback
from firth.training.settings import StreamSettings, kernel_choices
from firth.vectors.documents import DocumentVectors
from firth.vectors.tags import checked_tags

if TYPE_CHECKING:
    from firth.training.bags import Family
    from firth.training.rounds import Rounds

logger = logging.getLogger(__name__)

_INTERVAL = 0.25  # seconds between reports
# Noise words that a group of four meets, and words that share them. A document is in one bag for each of its words,
# not in as many as a window has: fewer noise words a group are enough, and more of them over all are better.
_POOL, _TURN = 8, 8


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
    threads: int | None = None,
    seed: int = 1,
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
        threads: that train at once; None takes every core this process may use. More than eight find no work.
        seed: of every random number.
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
        dimensions=dimensions,
        negatives=negatives,
        passes=passes,
        learning_rate=model.learning_rate if learning_rate is None else learning_rate,
        threads=check_threads(threads),
        seed=seed,
    )
    settings = replace(settings, learning_rate=float(settings.learning_rate))  # as it is stored
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
        run = _train(prepared, model, observations, settings, on_progress)
        config = _config(prepared, model, observations, settings, run, time.perf_counter() - began)
        config["corpus"]["source"] = source_of(corpus)
        return DocumentVectors(
            run.documents,
            words=prepared.vocabulary.words,
            counts=prepared.vocabulary.counts,
            word_matrix=run.center if model.train_words else None,
            output_matrix=run.context if keep_outputs else None,
            tags=names,
            config=config,
        )


class _Run(NamedTuple):
    """What training leaves: the three matrices, an entry a pass, and whether it was interrupted."""

    center: np.ndarray
    context: np.ndarray
    documents: np.ndarray
    losses: list[dict[str, Any]]
    rows_scaled_back: int
    interrupted: bool


def _train(
    corpus: Corpus,
    model: DocumentModel,
    observations: Observations,
    settings: StreamSettings,
    on_progress: ProgressCallback | None,
) -> _Run:
    """Check that the machine has room, make the kernels, and run."""
    from firth.compiling import is_compiled
    from firth.objectives.huffman import HuffmanTree
    from firth.training.bags import family_of
    from firth.training.matrices import compact
    from firth.training.rounds import Rounds

    ids, counts = corpus.ids, corpus.vocabulary.counts
    ends = _document_ends(ids)
    tree = HuffmanTree.of(counts) if model.loss == "hierarchical" else None
    paths = (tree.starts, tree.nodes, tree.codes) if tree is not None else None
    family = family_of(model.member, len(counts), ends=ends, paths=paths)
    _check_room(len(ids), counts, observations, settings, family)
    rounds = Rounds(ids, counts, observations, settings, pool=_POOL, turn=_TURN, family=family)
    if not is_compiled("go_through_bags"):
        logger.info("compiling the kernels: this happens once and takes about a minute")
        if on_progress is not None:
            on_progress(Progress(stage="compiling", share_done=None, seconds=0.0))
    rounds.compile()
    rounds.forget()
    losses, scaled_back, interrupted = _run(rounds, corpus.tokens, on_progress)
    if not interrupted and not any(entry["pairs"] for entry in losses):
        advice = "lower min_count, or raise subsample"
        raise TrainingError(sentence("a known word in some document", "none that is kept", advice))
    words, dimensions = len(counts), settings.dimensions
    center, context = (compact(matrix, words, dimensions) for matrix in rounds.matrices[:2])
    documents = compact(rounds.documents, len(ends), dimensions)
    is_empty = np.diff(ends, prepend=0) == 1
    if is_empty.any():
        logger.warning("%d of %d documents have no known word: their vectors are zero", is_empty.sum(), len(ends))
        documents[is_empty] = 0  # not where they began, which would be near to others by chance
    return _Run(center, context, documents, losses, scaled_back, interrupted)


def _document_ends(ids: np.ndarray) -> np.ndarray:
    """Return where each document ends, behind its −1, (N,) int64; the ids are looked through a stretch at a time."""
    step = 1 << 22
    parts = [np.flatnonzero(ids[first : first + step] < 0) + first + 1 for first in range(0, len(ids), step)]
    return np.concatenate(parts)


def _check_room(
    positions: int, counts: np.ndarray, observations: Observations, settings: StreamSettings, family: Family
) -> None:
    """Refuse a run that this machine has no memory for."""
    from firth.training.estimate import check_memory, estimate_memory
    from firth.training.rounds import copies_of_slice, relaxation_rate, slice_length
    from firth.training.settings import SLICES

    relaxation = relaxation_rate(observations, counts, settings.negatives)
    length = slice_length(positions, settings.learning_rate * relaxation)
    sizes = {"turn": _TURN, "pool": _POOL}
    copies = SLICES * copies_of_slice(length, observations.window, len(counts), **sizes, family=family)
    estimate = estimate_memory(
        len(counts),
        settings.dimensions,
        threads=settings.threads,
        window=observations.window,
        copies=copies,
        documents=len(family.ends),
    )
    check_memory(estimate)
    logger.info("memory: about %s", estimate)


def _run(
    rounds: Rounds, raw_words: int, on_progress: ProgressCallback | None
) -> tuple[list[dict[str, Any]], int, bool]:
    """Go through all passes, or until Ctrl-C; return an entry a pass, rows scaled back, and whether it was stopped."""
    from firth.training.interrupts import interrupt_as_request
    from firth.training.schedule import linear_rates

    settings, positions = rounds.settings, len(rounds.ids)
    losses: list[dict[str, Any]] = []
    scaled_back, began = 0, time.perf_counter()
    with interrupt_as_request() as asked, ThreadPoolExecutor(settings.threads, "firth") as pool:
        for number in range(settings.passes):
            rates = linear_rates(settings.learning_rate, number, settings.passes, positions)
            futures, begun = rounds.submit(pool, number, rates), time.perf_counter()
            try:
                is_done = False
                while not is_done:
                    is_done = not wait(futures, timeout=_INTERVAL, return_when=FIRST_EXCEPTION).not_done
                    if asked.is_set() or any(future.done() and future.exception() for future in futures):
                        rounds.stop()
                    share = (number + rounds.positions_done() / positions) / settings.passes
                    _report(on_progress, share, time.perf_counter() - began, number, settings.passes, raw_words)
            finally:
                rounds.stop()
            for future in futures:
                future.result()
            pairs, scored, loss, restrained = rounds.tally()
            seconds, done = time.perf_counter() - begun, rounds.positions_done() / positions
            rounds.forget()
            scaled_back += int(restrained)
            losses.append(
                {
                    "pass": number + 1,
                    "pairs": int(pairs),
                    "pairs_scored": int(scored),
                    "loss_per_pair": loss / scored if scored else None,
                    "words_per_second": done * raw_words / seconds,
                    "seconds": seconds,
                }
            )
            if asked.is_set():
                logger.warning("interrupted in pass %d of %d; what was learnt is kept", number + 1, settings.passes)
                break
    return losses, scaled_back, asked.is_set()


def _report(
    on_progress: ProgressCallback | None, share: float, seconds: float, number: int, passes: int, raw_words: int
) -> None:
    """Tell where the run stands."""
    if on_progress is not None:
        on_progress(
            Progress(
                stage="training",
                share_done=share,
                seconds=seconds,
                seconds_left=seconds * (1 - share) / share if share > 0 else None,
                pass_number=number + 1,
                passes=passes,
                words_per_second=share * passes * raw_words / seconds,
            )
        )


def _config(
    corpus: Corpus,
    model: DocumentModel,
    observations: Observations,
    settings: StreamSettings,
    run: _Run,
    seconds: float,
) -> dict[str, Any]:
    """Return how the vectors came to be, as it is stored beside them."""
    return {
        "training": {
            "objective": model.objective,
            **model.as_dict(),
            "observations": observations.as_dict(),
            "dimensions": settings.dimensions,
            "negatives": settings.negatives,
            "passes": settings.passes,
            "kernel": kernel_choices(True) | {"pool": _POOL, "turn": _TURN},
            "learning_rate": settings.learning_rate,
            "threads": settings.threads,
            "seed": settings.seed,
            "losses": run.losses,
            "rows_scaled_back": run.rows_scaled_back,
            "interrupted": run.interrupted,
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
