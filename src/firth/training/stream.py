"""The streamed trainer: passes over a corpus, ranges handed to threads, tallies, progress, a clean stop."""

from __future__ import annotations

import logging
import threading
import time
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass

import numpy as np

from firth.errors import TrainingError, sentence
from firth.observations.settings import Observations
from firth.training.interrupts import interrupt_as_request
from firth.training.matrices import compact
from firth.training.progress import Progress, ProgressCallback
from firth.training.racing import Race
from firth.training.rounds import Rounds
from firth.training.sampling_kernel import LONGEST
from firth.training.schedule import STILL, Rates, linear_rates
from firth.training.settings import StreamSettings

logger = logging.getLogger(__name__)

INTERVAL = 0.25
"""Seconds between reports."""


@dataclass(frozen=True)
class PassTally:
    """What one pass did.

    Attributes:
        pairs: (centre, context) trained.
        scored: those among them that were scored before they were trained on.
        loss: nats of the scored pairs in all, each pair's own and that of its K noise words.
        restrained: how often a row was scaled back to the longest allowed.
        seconds: it took.
        share: of the pass that was done, 1 unless it was interrupted.
    """

    pairs: int
    scored: int
    loss: float
    restrained: int
    seconds: float
    share: float


@dataclass(frozen=True)
class StreamResult:
    """What a streamed run leaves.

    Attributes:
        center: (V, D) float32, the word vectors.
        context: (V, D) float32.
        passes: a tally for each pass begun.
        interrupted: whether it was stopped before the end.
    """

    center: np.ndarray
    context: np.ndarray
    passes: list[PassTally]
    interrupted: bool


class Stream:
    """A run over a corpus: made, measured with `words_per_second`, then trained once with `train`.

    Args:
        ids: word ids, −1 after each sentence, (N,) int32.
        counts: of each word, (V,).
        observations: how pairs and noise are taken; collisions must be "allow".
        settings: the rest.
        raw_words: words in the corpus before any were dropped, for speeds; by default those in `ids`.

    Raises:
        TrainingError: if the observations ask for what shared noise words can't do, or there is no position.
    """

    def __init__(
        self,
        ids: np.ndarray,
        counts: np.ndarray,
        *,
        observations: Observations,
        settings: StreamSettings,
        raw_words: int | None = None,
    ) -> None:
        if observations.collisions != "allow":
            expected = "collisions='allow': the stream shares its noise words among pairs"
            raise TrainingError(sentence(expected, repr(observations.collisions), "keep the default"))
        if len(ids) == 0:
            raise TrainingError(sentence("a corpus of at least one word", "no position", "pass the ids of a corpus"))
        self.ids = ids
        self.settings = settings
        self.raw_words = int(counts.sum()) if raw_words is None else raw_words
        self.words = len(counts)
        self.team = (Rounds if settings.reproducible else Race)(ids, counts, observations, settings)
        self._is_trained = False

    def compile_kernels(self) -> None:
        """Compile the kernels, or load what was compiled before: score and train a little at learning rate 0."""
        self.team.compile()
        self.team.forget()

    def words_per_second(self) -> float:
        """Measure the speed to expect, in raw words a second, by training a little at learning rate 0.

        Rows are read, scored and written as in training, and none changes.
        """
        began = time.perf_counter()
        with ThreadPoolExecutor(self.settings.threads) as pool:
            self._wait(self.team.submit_sample(pool, STILL))
        seconds = time.perf_counter() - began
        positions = self.team.positions_done()
        self.team.forget()
        return self.raw_words * positions / len(self.ids) / seconds

    def train(self, on_progress: ProgressCallback | None = None) -> StreamResult:
        """Train all passes. Ctrl-C ends the run after the ranges under way; what was learnt is kept.

        Args:
            on_progress: called about four times a second with a `Progress`.

        Raises:
            TrainingError: if the corpus has no pair, a number is no longer finite, or this was done before.
            Exception: what a thread or `on_progress` raised, as it was raised, after all threads stopped.
        """
        if self._is_trained:
            raise TrainingError(sentence("a stream to be trained once", "a second time", "make another stream"))
        self._is_trained = True  # its matrices become those of the result
        settings = self.settings
        tallies: list[PassTally] = []
        reporter = _Reporter(self, on_progress)
        with interrupt_as_request() as asked, ThreadPoolExecutor(settings.threads, "firth") as pool:
            for pass_index in range(settings.passes):
                rates = linear_rates(settings.learning_rate, pass_index, settings.passes, len(self.ids))
                began = time.perf_counter()
                reporter.begin_pass(pass_index, rates)
                self._wait(self.team.submit(pool, pass_index, rates), reporter, asked)
                tallies.append(self._pass_tally(time.perf_counter() - began))
                self._check_pass(tallies[-1])
                if asked.is_set():
                    logger.warning(
                        "interrupted in pass %d of %d; what was learnt is kept", pass_index + 1, settings.passes
                    )
                    break
        self._check_pairs(tallies, interrupted=asked.is_set())
        words, dimensions = self.words, settings.dimensions
        center, context = (compact(matrix, words, dimensions) for matrix in self.team.matrices[:2])
        return StreamResult(center, context, tallies, asked.is_set())

    def _wait(
        self, futures: list[Future[None]], reporter: _Reporter | None = None, asked: threading.Event | None = None
    ) -> None:
        """Wait until all threads are done, and tell them to stop when asked to or when one of them failed."""
        waiting: set[Future[None]] = set(futures)
        try:
            while waiting and not any(future.done() and future.exception() for future in futures):
                _, waiting = wait(futures, timeout=INTERVAL, return_when=FIRST_EXCEPTION)
                if asked is not None and asked.is_set():
                    self.team.stop()
                if reporter is not None:
                    reporter.report()
        finally:
            self.team.stop()
        for future in futures:
            future.result()

    def _pass_tally(self, seconds: float) -> PassTally:
        """Return what the threads tallied in a pass, and forget it."""
        pairs, scored, loss, restrained = self.team.tally()
        share = self.team.positions_done() / len(self.ids)
        self.team.forget()
        return PassTally(int(pairs), int(scored), float(loss), int(restrained), seconds, share)

    def _check_pass(self, tally: PassTally) -> None:
        """Refuse numbers that are not finite; warn of rows that had to be held back."""
        if tally.restrained:
            logger.warning(
                "a vector grew beyond length %g %d times and was scaled back: the learning rate %g is too high for "
                "%d negatives and this corpus; try a tenth of it",
                LONGEST,
                tally.restrained,
                self.settings.learning_rate,
                self.settings.negatives,
            )
        # The extremes tell without a copy of a matrix: NaN goes through both.
        extremes = [extreme(matrix) for matrix in self.team.matrices[:2] for extreme in (np.min, np.max)]
        if not np.isfinite([tally.loss, *extremes]).all():
            expected = "finite vectors after each pass"
            raise TrainingError(sentence(expected, "a number that is not", "lower the learning rate"))

    def _check_pairs(self, tallies: list[PassTally], *, interrupted: bool) -> None:
        """Refuse a run that trained nothing."""
        if not interrupted and not any(tally.pairs for tally in tallies):
            expected = "at least two known words beside each other in some sentence"
            advice = "lower min_count, raise subsample, or give sentences of more words"
            raise TrainingError(sentence(expected, "no pair at all", advice))


class _Reporter:
    """Turns the tallies of a run into `Progress`, at most once an interval."""

    def __init__(self, stream: Stream, on_progress: ProgressCallback | None) -> None:
        self.stream = stream
        self.on_progress = on_progress
        self.began = time.perf_counter()
        self.pass_index = 0
        self.rates = STILL
        self.seen = (0.0, 0.0)
        self.due = 0.0

    def begin_pass(self, pass_index: int, rates: Rates) -> None:
        """Note that a pass begins."""
        self.pass_index, self.rates, self.seen = pass_index, rates, (0.0, 0.0)

    def report(self) -> None:
        """Tell where the run stands, unless that was told a moment ago."""
        stream, passes = self.stream, self.stream.settings.passes
        done = stream.team.positions_done()
        share = (self.pass_index + done / len(stream.ids)) / passes
        seconds = time.perf_counter() - self.began
        if self.on_progress is None or (seconds < self.due and share < 1):
            return
        self.due = seconds + INTERVAL / 2
        _, pairs, loss, _ = stream.team.tally()
        new_pairs, new_loss = pairs - self.seen[0], loss - self.seen[1]
        self.seen = pairs, loss
        self.on_progress(
            Progress(
                stage="training",
                share_done=share,
                seconds=seconds,
                seconds_left=seconds * (1 - share) / share if share > 0 else None,
                pass_number=self.pass_index + 1,
                passes=passes,
                words_per_second=share * passes * stream.raw_words / seconds,
                loss_per_pair=new_loss / new_pairs if new_pairs > 0 else None,
                learning_rate=max(self.rates.lowest, self.rates.first + self.rates.slope * done),
            )
        )
