"""Threads that work in rounds: the same bytes, however many there are. What they do is in `rounds_kernel`."""

from __future__ import annotations

import logging
import threading
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np

from firth.observations.noise import alias_table
from firth.observations.settings import Observations
from firth.observations.windows import window_rule
from firth.randomness import stream_key
from firth.training.matrices import LINE, SPARE, own_lines, start_matrices
from firth.training.parts import Parts, cut_corpus
from firth.training.rounds_kernel import Drawn, Shape, Source, work_in_rounds
from firth.training.sampling_kernel import PAIRS, RESTRAINED, kernel_room
from firth.training.schedule import STILL, Rates
from firth.training.settings import (
    CURVATURE,
    FEWEST_ROUNDS,
    LONGEST_SLICE,
    MOST_RELAXED,
    POOL,
    SHORTEST_SLICE,
    SLICES,
    TURN,
    StreamSettings,
)
from firth.training.sharing import BITS, Names, Scratch

logger = logging.getLogger(__name__)

SCORED_SHARE = 32
"""One word in so many is scored before it is trained on: the loss that is shown."""

FEW = 1 << 18
"""Positions of a corpus of which all are scored: it takes no time, and the losses of its passes can be compared."""

_SAMPLE = 16
"""Rounds that tell how fast a run will be."""


def relaxation_rate(observations: Observations, counts: np.ndarray, negatives: int) -> float:
    """Return how far a position brings the context row that gets most to where it is drawn, per unit of learning rate.

    A word o gets pairs · (share of kept words + K q(o)) steps a position. How far steps that add up to 1 bring a row is
    the curvature of the loss along them: larger the fewer words there are to be drawn to, so CURVATURE + ½ Σ share².
    A rough measure of both; what it is good for was found by trial (docs/decisions/0003-the-fastest-kernel.md).
    """
    kept = counts * observations.keep_probabilities(counts)
    share = kept / kept.sum()
    pairs = 2 * observations.pair_weights().sum() * kept.sum() / counts.sum()
    load = pairs * (share + negatives * observations.noise_distribution(counts)).max()
    return float(load * (CURVATURE + 0.5 * (share**2).sum()))


def slice_length(positions: int, relaxation: float) -> int:
    """Return how many positions a slice has in one round.

    Slices of a round don't see each other's moves; if each brought its rows too far, all together would overshoot. And
    a small corpus, too, has some rounds.

    Args:
        positions: of the corpus.
        relaxation: of the heaviest row, a position: `relaxation_rate` times the learning rate.

    >>> slice_length(1_000, 4e-4), slice_length(100_000, 4e-4), slice_length(17_000_000, 4e-4)
    (8, 195, 250)
    """
    longest = min(positions / (SLICES * FEWEST_ROUNDS), MOST_RELAXED / relaxation)
    return int(min(LONGEST_SLICE, max(SHORTEST_SLICE, longest)))


def copies_of_slice(length: int, window: int, words: int, *, turn: int = TURN, pool: int = POOL) -> int:
    """Return how many words a slice can touch at the most.

    >>> copies_of_slice(512, 5, 100_000)
    779
    """
    return min(words, length + 2 * window + 1 + -(-length // turn) * pool)


def copies_of_run(positions: int, counts: np.ndarray, observations: Observations, settings: StreamSettings) -> int:
    """Return how many rows of each matrix the copies of a run take."""
    relaxation = relaxation_rate(observations, counts, settings.negatives)
    length = slice_length(positions, settings.learning_rate * relaxation)
    return SLICES * copies_of_slice(length, observations.window, len(counts))


class Rounds:
    """A corpus, a model, and threads that train it in rounds.

    Args:
        ids: word ids, −1 after each sentence, (N,) int32.
        counts: of each word, (V,).
        observations: how pairs and noise are taken.
        settings: of the run.
        slices: of a round.
        length: positions of a slice in one round; None takes what `slice_length` says.
        pool: noise words that a group meets.
        turn: kept words that share a pool.
        dtype: precision.
    """

    def __init__(
        self,
        ids: np.ndarray,
        counts: np.ndarray,
        observations: Observations,
        settings: StreamSettings,
        *,
        slices: int = SLICES,
        length: int | None = None,
        pool: int = POOL,
        turn: int = TURN,
        dtype: type = np.float32,
    ) -> None:
        self.ids, self.settings = ids, settings
        self.threads = min(settings.threads, slices)  # more would find no work, and spin
        if settings.threads > slices:
            logger.info("%d of %d threads work: a round has %d slices", slices, settings.threads, slices)
        self.rule = window_rule(observations, counts)
        self.noise_table = alias_table(observations.noise_distribution(counts))
        relaxation = relaxation_rate(observations, counts, settings.negatives)
        self.length = slice_length(len(ids), settings.learning_rate * relaxation) if length is None else length
        self.parts = cut_corpus(ids, slices, held_out=settings.held_out)
        self.steps = -(-int((self.parts.ends - self.parts.starts).max()) // self.length)
        self.positions = int((self.parts.ends - self.parts.starts).sum())
        window = observations.window
        copies = copies_of_slice(self.length, window, len(counts), turn=turn, pool=pool)
        rows = SPARE * slices + slices * copies
        self.matrices = start_matrices(len(counts), settings.dimensions, spare=rows, seed=settings.seed, dtype=dtype)
        self._drawn = _room_to_draw(slices, self.length, window, turn, pool, dtype)
        self._names = _room_to_share(slices, copies, len(counts), self._drawn.words.shape[2])
        scored = 1 if len(ids) <= FEW else SCORED_SHARE
        self._shape = Shape(turn, settings.negatives, scored, relaxation * self.length, trains=True)
        columns = self.matrices.center.shape[1]
        self._rooms = [
            (kernel_room(window, dtype), Scratch(own_lines(columns, dtype), own_lines(slices + 1, dtype)))
            for _ in range(self.threads)
        ]
        self._tallies = own_lines((slices, LINE // 8), np.float64)
        self._counters = np.zeros(4, np.int64)

    def submit(
        self, pool: ThreadPoolExecutor, pass_index: int, rates: Rates, span: tuple[int, int] | None = None
    ) -> list[Future[None]]:
        """Start the threads on a pass, or on the rounds [first, last) of it; return what to wait for."""
        return self._submit(pool, pass_index, rates, (0, self.steps) if span is None else span, self.parts, self._shape)

    def submit_sample(self, pool: ThreadPoolExecutor, rates: Rates) -> list[Future[None]]:
        """Start the threads on some rounds, to see how fast they are."""
        return self.submit(pool, 0, rates, (0, min(self.steps, _SAMPLE)))

    def submit_held_out(self, pool: ThreadPoolExecutor) -> list[Future[None]]:
        """Start the threads on scoring what is held out, with the same random numbers every time."""
        parts = self.parts.held_out()
        rounds = -(-int((parts.ends - parts.starts).max()) // self.length)
        shape = self._shape._replace(scored=1, trains=False)
        return self._submit(pool, self.settings.passes, STILL, (0, rounds), parts, shape)

    def _submit(
        self,
        pool: ThreadPoolExecutor,
        pass_index: int,
        rates: Rates,
        span: tuple[int, int],
        parts: Parts,
        shape: Shape,
    ) -> list[Future[None]]:
        """Start the threads on some rounds."""
        self._counters = np.zeros(4 + 3 * (span[1] - span[0] + 1), np.int64)
        gate = threading.Barrier(self.threads)
        source = self._source(pass_index, parts)
        arguments = gate, self._counters, source, span, shape, rates
        try:
            return [pool.submit(self._work, thread, *arguments) for thread in range(self.threads)]
        except BaseException:
            gate.abort()  # those that did start are not to wait for one that could not
            raise

    def stop(self) -> None:
        """End after the round under way."""
        self._counters[1] = 1

    def step_reached(self) -> int:
        """Return the round of the pass that comes next, when the threads have ended."""
        return int(self._counters[3])

    def compile(self) -> None:
        """Go through one round at learning rate 0."""
        source = self._source(0, self.parts)
        self._work(0, threading.Barrier(1), np.zeros(10, np.int64), source, (0, 1), self._shape, STILL)

    def tally(self) -> np.ndarray:
        """Return what was done since the last `forget`, (4,): see `firth.training.sampling_kernel`."""
        tally = self._tallies.sum(axis=0)
        tally[RESTRAINED] += tally[RESTRAINED + 1]  # by the two kinds of work, which may be those of two threads
        return tally[PAIRS : RESTRAINED + 1]

    def positions_done(self) -> int:
        """Return how many positions were done since then."""
        return int(self._tallies[:, -1].sum())

    def forget(self) -> None:
        """Start counting anew."""
        self._tallies[:] = 0

    def tallies(self) -> np.ndarray:
        """Return a copy of all that was counted, (S, 8) float64, for `set_tallies`."""
        return self._tallies.copy()

    def set_tallies(self, tallies: np.ndarray) -> None:
        """Go on counting from here."""
        self._tallies[:] = tallies

    def state(self) -> dict[str, np.ndarray]:
        """Return the arrays that are the model between two rounds, as views: V whole rows, padding included."""
        center, context, _ = self.matrices
        words = len(self.rule.keep)
        return {"center": center[:words], "context": context[:words]}

    def _source(self, pass_index: int, parts: Parts) -> Source:
        """Return what the rounds of a pass draw from."""
        return Source(
            self.ids,
            self.rule,
            *self.noise_table,
            keep=stream_key(self.settings.seed, "keep", pass_index),
            noise=stream_key(self.settings.seed, "noise", pass_index),
            starts=parts.starts,
            ends=parts.ends,
            length=self.length,
            stretch=len(self.ids) / int((self.parts.ends - self.parts.starts).max()),
            words=len(self.rule.keep),
        )

    def _work(
        self,
        thread: int,
        gate: threading.Barrier,
        counters: np.ndarray,
        source: Source,
        span: tuple[int, int],
        shape: Shape,
        rates: Rates,
    ) -> None:
        """Do one thread's share."""
        gate.wait()
        work_in_rounds(
            source,
            span,
            self.matrices,
            self._drawn,
            self._names,
            shape,
            rates,
            counters,
            gate.parties,
            *self._rooms[thread],
            self._tallies,
        )


def _room_to_draw(slices: int, length: int, window: int, turn: int, pool: int, dtype: type) -> Drawn:
    """Return room for the windows and pools of all slices."""
    room = -(-(length + 2 * window + 2) // LINE) * LINE
    turns = -(-length // turn)
    columns = {name: own_lines((2, slices, room), np.int32) for name in ("words", "left", "right", "pairs")}
    return Drawn(
        **columns,
        positions=own_lines((2, slices, room), np.int64),
        pool_words=own_lines((2, slices, turns, pool), np.int32),
        pool_times=own_lines((2, slices, turns, 4 * pool), dtype),
        extents=own_lines((2, slices, LINE // 8), np.int64),
    )


def _room_to_share(slices: int, copies: int, words: int, room: int) -> Names:
    """Return room for what the words of all slices stand for."""
    bits = BITS // 64
    return Names(
        touched=own_lines((2, slices, bits), np.uint64),
        shared=own_lines((2, bits), np.uint64),
        once=own_lines((2, bits), np.uint64),
        contexts=own_lines((slices, room), np.int32),
        words=own_lines((slices, copies), np.int32),
        sides=own_lines((slices, copies), np.uint8),
        numbers=own_lines((words, slices), np.int16),
        counts=own_lines((slices, LINE // 8), np.int64),
        first=words + SPARE * slices,
    )
