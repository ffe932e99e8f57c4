"""The streamed trainer: passes over a corpus, ranges handed to threads, tallies, progress, a clean stop."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass

import numpy as np

from firth.errors import TrainingError, sentence
from firth.observations.noise import alias_table
from firth.observations.settings import Observations
from firth.observations.windows import WindowRule, draw_windows, window_room, window_rule
from firth.randomness import stream_key
from firth.training.interrupts import interrupt_as_request
from firth.training.matrices import SPARE, Matrices, compact, own_lines, start_matrices
from firth.training.pools import draw_pools, pool_room
from firth.training.progress import Progress, ProgressCallback
from firth.training.sampling_kernel import LONGEST, LOSS, SCORED, block_room, score_windows, train_windows
from firth.training.schedule import Rates, linear_rates
from firth.training.settings import POOL, RANGE, TURN, StreamSettings

logger = logging.getLogger(__name__)

SCORED_RANGES = 16
"""One range in so many is scored before it is trained on: the loss that is shown."""

INTERVAL = 0.25
"""Seconds between reports."""

_STILL = Rates(0.0, 0.0, 0.0)


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


class _Worker:
    """One thread's room and tally: everything that a range of positions needs and no other thread writes."""

    def __init__(self, stream: Stream, spare: int) -> None:
        self.stream = stream
        self.matrices = Matrices(stream.matrices.center, stream.matrices.context, spare)
        self.windows = window_room(RANGE, len(stream.rule.reach))
        self.pools = pool_room(RANGE, turn=TURN, size=POOL, negatives=stream.settings.negatives)
        self.group, self.block = block_room(np.float32), block_room(np.float32)
        self.tally = own_lines(4, np.float64)
        self.positions = 0

    def train_range(self, start: int, pass_index: int, rates: Rates) -> None:
        """Train on the positions from `start` on."""
        stream = self.stream
        stop = min(start + RANGE, len(stream.ids))
        keep = stream_key(stream.settings.seed, "keep", pass_index)
        noise = stream_key(stream.settings.seed, "noise", pass_index)
        first, last = draw_windows(stream.ids, start, stop, stream.rule, keep, self.windows)
        draw_pools(first, last, self.windows, *stream.noise_table, noise, self.matrices.spare, self.pools)
        model, drawn = self.matrices, (self.windows, first, last, self.pools)
        if stream.is_scored(start, pass_index):
            score_windows(model, *drawn, self.group, self.block, self.tally)
        train_windows(model, *drawn, rates, self.group, self.block, self.tally)
        self.positions += stop - start

    def train_all(self, pass_index: int, rates: Rates) -> None:
        """Train on one range after another until none is left."""
        while (start := self.stream.next_start()) is not None:
            self.train_range(start, pass_index, rates)


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
        self.rule: WindowRule = window_rule(observations, counts)
        self.noise_table = alias_table(observations.noise_distribution(counts))
        self.matrices = start_matrices(len(counts), settings.dimensions, threads=settings.threads, seed=settings.seed)
        self._workers = [_Worker(self, len(counts) + SPARE * thread) for thread in range(settings.threads)]
        self._is_trained = False
        self._starts: Iterator[int] = iter(())
        self._lock = threading.Lock()

    def next_start(self) -> int | None:
        """Return the start of the next range, in order over all threads, or None if there is none."""
        with self._lock:
            return next(self._starts, None)

    def is_scored(self, start: int, pass_index: int) -> bool:
        """Tell whether the range from `start` on is scored in this pass: one in `SCORED_RANGES`, others in each pass.

        All of a corpus with no more ranges than that: it takes no time, and the losses of its passes can be compared.
        """
        few = len(self.ids) <= SCORED_RANGES * RANGE
        return few or (start // RANGE - pass_index) % SCORED_RANGES == 0

    def compile_kernels(self) -> None:
        """Compile the kernels, or load what was compiled before: score and train one range at learning rate 0."""
        self._workers[0].train_range(0, 0, _STILL)  # position 0 is scored in the first pass
        self._forget_tallies()

    def words_per_second(self) -> float:
        """Measure the speed to expect, in raw words a second, by training a few ranges at learning rate 0.

        Rows are read, scored and written as in training, and none changes.
        """
        starts = range(0, len(self.ids), RANGE)
        sample = starts[:: max(1, len(starts) // (3 * len(self._workers)))]
        began = time.perf_counter()
        with ThreadPoolExecutor(len(self._workers)) as pool:
            self._run(pool, sample, 0, _STILL)
        seconds = time.perf_counter() - began
        positions = sum(worker.positions for worker in self._workers)
        self._forget_tallies()
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
                self._run(pool, range(0, len(self.ids), RANGE), pass_index, rates, reporter, asked)
                tallies.append(self._pass_tally(time.perf_counter() - began))
                self._check_pass(tallies[-1])
                if asked.is_set():
                    logger.warning(
                        "interrupted in pass %d of %d; what was learnt is kept", pass_index + 1, settings.passes
                    )
                    break
        self._check_pairs(tallies, interrupted=asked.is_set())
        words, dimensions = len(self.rule.keep), settings.dimensions
        center, context = (compact(matrix, words, dimensions) for matrix in self.matrices[:2])
        return StreamResult(center, context, tallies, asked.is_set())

    def positions_done(self) -> int:
        """Return how many positions of this pass are done."""
        return sum(worker.positions for worker in self._workers)

    def loss_so_far(self) -> tuple[float, float]:
        """Return how many pairs of this pass were scored so far, and their loss."""
        tally = np.sum([worker.tally for worker in self._workers], axis=0)
        return float(tally[SCORED]), float(tally[LOSS])

    def _run(
        self,
        pool: ThreadPoolExecutor,
        starts: range,
        pass_index: int,
        rates: Rates,
        reporter: _Reporter | None = None,
        asked: threading.Event | None = None,
    ) -> None:
        """Train the ranges that begin at `starts` on all threads, until done or asked to stop."""
        self._starts = iter(starts)
        futures = [pool.submit(worker.train_all, pass_index, rates) for worker in self._workers]
        waiting: set[Future[None]] = set(futures)
        try:
            while waiting and not any(future.done() and future.exception() for future in futures):
                _, waiting = wait(futures, timeout=INTERVAL, return_when=FIRST_EXCEPTION)
                if asked is not None and asked.is_set():
                    self._stop()
                if reporter is not None:
                    reporter.report()
        finally:
            self._stop()
        for future in futures:
            future.result()

    def _stop(self) -> None:
        """Hand out no further range."""
        with self._lock:
            self._starts = iter(())

    def _pass_tally(self, seconds: float) -> PassTally:
        """Add up what the threads tallied in a pass, and forget it."""
        pairs, scored, loss, restrained = np.sum([worker.tally for worker in self._workers], axis=0)
        share = self.positions_done() / len(self.ids)
        self._forget_tallies()
        return PassTally(int(pairs), int(scored), float(loss), int(restrained), seconds, share)

    def _forget_tallies(self) -> None:
        """Start counting anew."""
        for worker in self._workers:
            worker.tally[:] = 0
            worker.positions = 0

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
        extremes = [extreme(matrix) for matrix in self.matrices[:2] for extreme in (np.min, np.max)]
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
        self.rates = _STILL
        self.seen = (0.0, 0.0)
        self.due = 0.0

    def begin_pass(self, pass_index: int, rates: Rates) -> None:
        """Note that a pass begins."""
        self.pass_index, self.rates, self.seen = pass_index, rates, (0.0, 0.0)

    def report(self) -> None:
        """Tell where the run stands, unless that was told a moment ago."""
        stream, passes = self.stream, self.stream.settings.passes
        done = stream.positions_done()
        share = (self.pass_index + done / len(stream.ids)) / passes
        seconds = time.perf_counter() - self.began
        if self.on_progress is None or (seconds < self.due and share < 1):
            return
        self.due = seconds + INTERVAL / 2
        pairs, loss = stream.loss_so_far()
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
