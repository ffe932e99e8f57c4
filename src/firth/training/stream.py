"""The streamed trainer: passes over a corpus in spans, tallies, progress, reports, checkpoints, a clean stop.

A span ends where an interval does, where a checkpoint is due by words, or wherever the threads are when one is due by
the clock or Ctrl-C was pressed. It leaves no trace in the bytes: a step depends on the matrices and its number alone.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait

import numpy as np

from firth.errors import TrainingError, sentence
from firth.observations.settings import Observations
from firth.training.bags import Family
from firth.training.checkpoints import Checkpoint, Keeper
from firth.training.interrupts import interrupt_as_request
from firth.training.intervals import Interval, IntervalCallback, interval_ends
from firth.training.matrices import compact
from firth.training.pieces import PieceTable
from firth.training.progress import Progress, ProgressCallback
from firth.training.racing import Race
from firth.training.rounds import Rounds
from firth.training.sampling_kernel import LONGEST
from firth.training.schedule import STILL, Rates, linear_rates
from firth.training.settings import StreamSettings
from firth.training.standing import INTERRUPTED, Mark, PassTally, Standing, StreamResult

logger = logging.getLogger(__name__)

INTERVAL = 0.25
"""Seconds between reports."""


class Stream:
    """A run over a corpus: made, measured with `words_per_second`, then trained once with `train`.

    Args:
        ids: word ids, −1 after each sentence, (N,) int32.
        counts: of each word, (V,).
        observations: how pairs and noise are taken; collisions must be "allow".
        settings: the rest.
        raw_words: words in the corpus before any were dropped, for speeds; by default those in `ids`.
        family: what bags are drawn from, as `firth.training.members.family_of_kind` gives it.
        table: which pieces words are made of, if they are.

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
        family: Family | None = None,
        table: PieceTable | None = None,
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
        self.standing = Standing()
        self.team: Rounds | Race
        if settings.reproducible:
            self.team = Rounds(ids, counts, observations, settings, family=family, table=table)
        else:
            self.team = Race(ids, counts, observations, settings)
        self._ends = interval_ends(self.team.steps, self.raw_words, settings.interval_words)
        self._keeper: Keeper | None = None
        self._on_interval: IntervalCallback | None = None
        self._is_trained = False

    def freeze(self, words: np.ndarray, pieces: np.ndarray | None = None) -> None:
        """Let the rows of some words, and of some pieces, stay as they are; of threads in rounds alone."""
        if isinstance(self.team, Rounds):
            self.team.freeze(words, pieces)

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

    def train(
        self,
        on_progress: ProgressCallback | None = None,
        *,
        on_interval: IntervalCallback | None = None,
        keeper: Keeper | None = None,
        found: Checkpoint | None = None,
    ) -> StreamResult:
        """Train all passes. Ctrl-C ends the run after the steps under way; what was learnt is kept.

        Args:
            on_progress: called about four times a second with a `Progress`.
            on_interval: called with a report after each interval; what it returns may stop the run. When a run goes on
                from a checkpoint, it first gets the reports of the intervals before that, and its answers don't count.
            keeper: writes checkpoints.
            found: a checkpoint to go on from.

        Raises:
            TrainingError: if the corpus has no pair, a number is no longer finite, or this was done before.
            FormatError: if the checkpoint is not one of this run.
            Exception: what a thread or a callback raised, as it was raised, after all threads stopped.
        """
        if self._is_trained:
            raise TrainingError(sentence("a stream to be trained once", "a second time", "make another stream"))
        self._is_trained = True  # its matrices become those of the result
        if found is not None:
            self._restore(found)
        self._keeper, self._on_interval = keeper, on_interval
        for interval in self.standing.intervals:
            self._tell(interval)
        reporter = _Reporter(self, on_progress)
        with interrupt_as_request() as asked, ThreadPoolExecutor(self.settings.threads, "firth") as pool:
            if self.settings.held_out:
                self._score_held_out(pool)  # now, rather than after the first interval, it is an error if there is none
            stopped = self._train_spans(pool, reporter, asked)
        standing = self.standing
        if self.team.positions_done():
            standing.passes.append(self._pass_tally())
            self._check_pass(standing.passes[-1])
        self._check_pairs(standing.passes, interrupted=stopped == INTERRUPTED)
        told = standing.passes, standing.intervals, stopped, standing.seconds
        return StreamResult(*self._model(), *told)

    def _model(self) -> tuple[np.ndarray, np.ndarray, np.ndarray | None, np.ndarray | None]:
        """Return what was learnt, without padding: words, contexts, documents and pieces."""
        team, dimensions = self.team, self.settings.dimensions
        state = team.state()
        if isinstance(team, Rounds):
            team.compose()
        center, context = (compact(matrix, self.words, dimensions) for matrix in team.matrices[:2])
        documents, pieces = (
            compact(state[name], len(state[name]), dimensions) if name in state else None
            for name in ("documents", "pieces")
        )
        return center, context, documents, pieces

    def _restore(self, found: Checkpoint) -> None:
        """Go to where a checkpoint stands, and let go of its arrays."""
        state = self.team.state()
        found.check_fits(state, self.team.tallies(), steps=self.team.steps, passes=self.settings.passes)
        for name, array in state.items():
            array[:] = found.state[name]
        found.state.clear()  # a file that is mapped takes room on the disk even after it is removed
        self.team.set_tallies(found.tallies)
        self.standing = found.standing

    def _train_spans(self, pool: ThreadPoolExecutor, reporter: _Reporter, asked: threading.Event) -> str | None:
        """Train span after span to the end, or until something says stop; return what it was."""
        standing, team, passes = self.standing, self.team, self.settings.passes
        apart = self._steps_between_checkpoints()
        kept = self._steps_done()
        while standing.pass_index < passes:
            interval_end = next(end for end in self._ends if end > standing.step)
            to_go = team.steps if apart is None else kept + apart - self._steps_done()
            self._train_span(pool, min(interval_end, standing.step + to_go), reporter, asked)
            reason = self._end_interval(pool) if standing.step == interval_end else None
            if standing.step == team.steps:
                self._end_pass()
            if standing.pass_index == passes:
                break
            if reason:
                logger.info("stopped in pass %d of %d: %s", standing.pass_index + 1, passes, reason)
                return reason
            is_far = apart is not None and self._steps_done() >= kept + apart
            if asked.is_set() or is_far or (self._keeper is not None and self._keeper.is_due()):
                self._keep()
                kept = self._steps_done()
            if asked.is_set():
                logger.warning("interrupted in pass %d of %d; what was learnt is kept", standing.pass_index + 1, passes)
                return INTERRUPTED
        return None

    def _train_span(self, pool: ThreadPoolExecutor, last: int, reporter: _Reporter, asked: threading.Event) -> None:
        """Train the steps up to `last` of the pass under way, or fewer if asked to stop or a checkpoint is due."""
        standing, team, keeper = self.standing, self.team, self._keeper
        began, done = time.perf_counter(), team.positions_done()

        def is_asked() -> bool:
            # However often checkpoints are due, there is a step between two of them.
            return asked.is_set() or (keeper is not None and keeper.is_due() and team.positions_done() > done)

        futures = team.submit(pool, standing.pass_index, self.rates(), (standing.step, last))
        self._wait(futures, reporter, is_asked)
        seconds = time.perf_counter() - began
        standing.step = team.step_reached()
        standing.seconds += seconds
        standing.pass_seconds += seconds

    def rates(self) -> Rates:
        """Return the learning rates of the pass under way."""
        settings = self.settings
        return linear_rates(settings.learning_rate, self.standing.pass_index, settings.passes, len(self.ids))

    def learning_rate(self) -> float:
        """Return the learning rate at this moment."""
        rates = self.rates()
        return max(rates.lowest, rates.first + rates.slope * self.share_of_pass() * len(self.ids))

    def share_of_pass(self) -> float:
        """Return how much of the pass is done, 0 … 1."""
        return self.team.positions_done() / self.team.positions

    def share_done(self) -> float:
        """Return how much of the run is done, 0 … 1."""
        return (self.standing.pass_index + self.share_of_pass()) / self.settings.passes

    def _steps_done(self) -> int:
        """Return how many steps of the run are done."""
        return self.standing.pass_index * self.team.steps + self.standing.step

    def _steps_between_checkpoints(self) -> int | None:
        """Return after how many steps a checkpoint is due by words, or None."""
        words = None if self._keeper is None else self._keeper.checkpoints.words
        return None if words is None else max(1, round(words * self.team.steps / self.raw_words))

    def _end_interval(self, pool: ThreadPoolExecutor) -> str | None:
        """Report the interval that ends here; return the reason if the callback stops the run."""
        standing, team = self.standing, self.team
        pairs, scored, loss, _ = (float(number) for number in team.tally())
        mark, positions = standing.mark, team.positions_done()
        seconds = standing.seconds - mark.seconds
        words = (positions - mark.positions) / len(self.ids) * self.raw_words
        interval = Interval(
            number=len(standing.intervals) + 1,
            pass_number=standing.pass_index + 1,
            share_of_pass=self.share_of_pass(),
            share_done=self.share_done(),
            pairs=int(pairs - mark.pairs),
            loss_per_pair=(loss - mark.loss) / (scored - mark.scored) if scored > mark.scored else None,
            held_out_loss_per_pair=self._score_held_out(pool) if self.settings.held_out else None,
            learning_rate=self.learning_rate(),
            words_per_second=words / seconds if seconds > 0 else 0.0,
            seconds=standing.seconds,
        )
        standing.intervals.append(interval)
        standing.mark = Mark(pairs, scored, loss, positions, standing.seconds)
        if interval.held_out_loss_per_pair is not None or self.settings.interval_words is not None:
            logger.info("%s", interval)
        return self._tell(interval)

    def _tell(self, interval: Interval) -> str | None:
        """Hand a report to the callback; return the reason if it stops the run."""
        answer = None if self._on_interval is None else self._on_interval(interval)
        return answer if isinstance(answer, str) and answer else "callback" if answer else None

    def _score_held_out(self, pool: ThreadPoolExecutor) -> float:
        """Return the loss of what is held out, nats a pair."""
        kept = self.team.tallies()
        self.team.forget()
        self._wait(self.team.submit_held_out(pool))
        _, scored, loss, _ = (float(number) for number in self.team.tally())
        self.team.set_tallies(kept)
        if scored == 0:
            expected = f"a pair in what is held out, held_out={self.settings.held_out:g} of {self.raw_words:,} words"
            raise TrainingError(sentence(expected, "none", "hold out more, or nothing"))
        return loss / scored

    def _end_pass(self) -> None:
        """Tally the pass that ends here, and go to the next."""
        standing = self.standing
        standing.passes.append(self._pass_tally())
        self._check_pass(standing.passes[-1])
        standing.pass_index, standing.step, standing.pass_seconds = standing.pass_index + 1, 0, 0.0
        standing.mark = Mark(seconds=standing.seconds)

    def _keep(self) -> None:
        """Write a checkpoint of where the run stands, if it has any."""
        if self._keeper is not None:
            self._check_finite()  # or the run would go on from numbers that it is refused for
            self._keeper.write(self.standing, self.team.steps, self.team.state(), self.team.tallies())

    def _wait(
        self,
        futures: list[Future[None]],
        reporter: _Reporter | None = None,
        is_asked: Callable[[], bool] = lambda: False,
    ) -> None:
        """Wait until all threads are done, and tell them to stop when asked to or when one of them failed."""
        waiting: set[Future[None]] = set(futures)
        try:
            while waiting and not any(future.done() and future.exception() for future in futures):
                _, waiting = wait(futures, timeout=INTERVAL, return_when=FIRST_EXCEPTION)
                if is_asked():
                    self.team.stop()
                if reporter is not None:
                    reporter.report()
        finally:
            self.team.stop()
        for future in futures:
            future.result()

    def _pass_tally(self) -> PassTally:
        """Return what the threads tallied in the pass under way, and forget it."""
        pairs, scored, loss, restrained = self.team.tally()
        share = self.team.positions_done() / len(self.ids)
        self.team.forget()
        return PassTally(int(pairs), int(scored), float(loss), int(restrained), self.standing.pass_seconds, share)

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
        self._check_finite()

    def _check_finite(self) -> None:
        """Refuse numbers that are not finite."""
        # The extremes tell without a copy of a matrix: NaN goes through both.
        extremes = [extreme(array) for array in self.team.state().values() for extreme in (np.min, np.max)]
        if not np.isfinite([*self.team.tally(), *extremes]).all():
            raise TrainingError(sentence("finite vectors", "a number that is not", "lower the learning rate"))

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
        self.share_at_start = stream.share_done()  # above 0 if the run goes on from a checkpoint
        self.seen = (0, 0.0, 0.0)
        self.due = 0.0

    def report(self) -> None:
        """Tell where the run stands, unless that was told a moment ago."""
        stream, standing, passes = self.stream, self.stream.standing, self.stream.settings.passes
        share = stream.share_done()
        seconds = time.perf_counter() - self.began
        if self.on_progress is None or (seconds < self.due and share < 1):
            return
        self.due = seconds + INTERVAL / 2
        _, pairs, loss, _ = stream.team.tally()
        before = self.seen[1:] if self.seen[0] == standing.pass_index else (0.0, 0.0)
        new_pairs, new_loss = pairs - before[0], loss - before[1]
        self.seen = standing.pass_index, pairs, loss
        done = share - self.share_at_start
        words = stream.raw_words * stream.team.positions / len(stream.ids)  # trained in a pass
        self.on_progress(
            Progress(
                stage="training",
                share_done=share,
                seconds=seconds,
                seconds_left=seconds * (1 - share) / done if done > 0 else None,
                pass_number=standing.pass_index + 1,
                passes=passes,
                words_per_second=done * passes * words / seconds,
                loss_per_pair=new_loss / new_pairs if new_pairs > 0 else None,
                held_out_loss_per_pair=standing.intervals[-1].held_out_loss_per_pair if standing.intervals else None,
                learning_rate=stream.learning_rate(),
            )
        )
