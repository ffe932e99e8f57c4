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
from firth.training.bags import BagRoom, Family, bag_room, bags_room
from firth.training.drawing import BagsDrawn, Drawn, Shape, Source, Team
from firth.training.matrices import LINE, SPARE, own_lines, start_documents, start_matrices, start_pieces
from firth.training.parts import Parts, cut_corpus
from firth.training.pieces import Pieces, PieceTable, compose_all, pieces_of
from firth.training.rounds_kernel import TICKETS, work_in_rounds
from firth.training.sampling_kernel import PAIRS, RESTRAINED, Room, kernel_room
from firth.training.schedule import STILL, Rates
from firth.training.settings import SLICES, StreamSettings, pool_of
from firth.training.sharing import BITS, CENTER, Names, Scratch
from firth.training.slices import copies_of_slice, pace_of, slice_length

logger = logging.getLogger(__name__)

SCORED_SHARE = 32
"""One word in so many is scored before it is trained on: the loss that is shown."""

FEW = 1 << 18
"""Positions of a corpus of which all are scored: it takes no time, and the losses of its passes can be compared."""

_SAMPLE = 16
"""Rounds that tell how fast a run will be."""


class Rounds:
    """A corpus, a model, and threads that train it in rounds.

    Args:
        ids: word ids, −1 after each sentence, (N,) int32.
        counts: of each word, (V,).
        observations: how pairs and noise are taken.
        settings: of the run.
        slices: of a round.
        length: positions of a slice in one round; None takes what `slice_length` says.
        pool: noise words that a group meets; None takes what `pool_of` says.
        turn: kept words that share a pool; None takes what `pool_of` says.
        dtype: precision.
        family: what bags are drawn from; None for skip-gram with negative sampling.
        table: which pieces words are made of; None where each is a row of its own.
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
        pool: int | None = None,
        turn: int | None = None,
        dtype: type = np.float32,
        family: Family | None = None,
        table: PieceTable | None = None,
    ) -> None:
        self.ids, self.settings = ids, settings
        usual_pool, usual_turn = pool_of(settings.kind)
        pool, turn = pool or usual_pool, turn or usual_turn
        self.threads = min(settings.threads, slices)  # more would find no work, and spin
        if settings.threads > slices:
            logger.info("%d of %d threads work: a round has %d slices", slices, settings.threads, slices)
        self.rule = window_rule(observations, counts)
        self.family = family
        self.noise_table = alias_table(observations.noise_distribution(counts))
        pace = pace_of(observations, counts, settings.negatives, family=family, table=table)
        self.length = length or slice_length(len(ids), settings.learning_rate * pace.usual)
        words = len(counts)
        ends = None if family is None else family.ends
        self.parts = cut_corpus(ids, slices, held_out=settings.held_out, ends=ends)
        self.steps = -(-int((self.parts.ends - self.parts.starts).max()) // self.length)
        self.positions = int((self.parts.ends - self.parts.starts).sum())
        window = observations.window
        copies = copies_of_slice(self.length, window, words, turn=turn, pool=pool, family=family)
        rows = SPARE * slices + slices * copies
        self.matrices = start_matrices(words, settings.dimensions, spare=rows, seed=settings.seed, dtype=dtype)
        documents = 0 if family is None else len(family.ends)
        room = -(-(self.length + 2 * window + 2) // LINE) * LINE
        scored = 1 if len(ids) <= FEW else SCORED_SHARE
        columns = self.matrices.center.shape[1]
        self._team = Team(
            self.matrices,
            start_documents(documents, settings.dimensions, seed=settings.seed, dtype=dtype),
            _room_to_draw(slices, room, self.length, turn, pool, dtype),
            None if family is None else BagsDrawn(*bags_room(room, self.length, words, family, shape=(2, slices))),
            _room_to_share(slices, copies, words, room),
            Shape(turn, settings.negatives, scored, pace.heaviest * self.length, pace.halvings, trains=True),
            None if table is None else _pieces(table, slices, min(copies, room), settings, dtype),
        )
        if table is not None:
            self._team.names.always[CENTER] = ~np.uint64(0)  # every word that is made of pieces is copied
        self._rooms = [_room_to_work(self._team, family, window, columns, dtype) for _ in range(self.threads)]
        self._tallies = own_lines((slices, LINE // 8), np.float64)
        self._counters = np.zeros(4, np.int64)

    def freeze(self, words: np.ndarray, pieces: np.ndarray | None = None) -> None:
        """Let the rows of some words, and of some pieces, stay as they are.

        Args:
            words: rows, of both matrices.
            pieces: rows of pieces, where words are made of them: those of the frozen words, or they move all the same.
        """
        names = self._team.names
        names.frozen[words] = 1
        for word in np.unique(np.asarray(words) & (BITS - 1)):
            names.always[:, word >> 6] |= np.uint64(1 << (int(word) & 63))
        if self._team.pieces is not None and pieces is not None:
            self._team.pieces.frozen[pieces] = 1

    @property
    def pieces(self) -> np.ndarray | None:
        """Rows of the pieces that words are made of, (pieces, columns), or None."""
        return None if self._team.pieces is None else self._team.pieces.matrix

    def compose(self) -> None:
        """Fill the rows of all words with the means of their pieces, if they are made of pieces."""
        pieces = self._team.pieces
        if pieces is not None:
            compose_all(self.matrices.center, pieces.matrix, pieces.starts, pieces.rows)

    @property
    def documents(self) -> np.ndarray:
        """Vectors of documents, (documents + SPARE, columns), or of length 0."""
        return self._team.documents

    def submit(
        self, pool: ThreadPoolExecutor, pass_index: int, rates: Rates, span: tuple[int, int] | None = None
    ) -> list[Future[None]]:
        """Start the threads on a pass, or on the rounds [first, last) of it; return what to wait for."""
        return self._submit(pool, pass_index, rates, (0, self.steps) if span is None else span, self.parts, trains=True)

    def submit_sample(self, pool: ThreadPoolExecutor, rates: Rates) -> list[Future[None]]:
        """Start the threads on some rounds, to see how fast they are."""
        return self.submit(pool, 0, rates, (0, min(self.steps, _SAMPLE)))

    def submit_held_out(self, pool: ThreadPoolExecutor) -> list[Future[None]]:
        """Start the threads on scoring what is held out, with the same random numbers every time."""
        parts = self.parts.held_out()
        rounds = -(-int((parts.ends - parts.starts).max()) // self.length)
        return self._submit(pool, self.settings.passes, STILL, (0, rounds), parts, trains=False)

    def _submit(
        self,
        pool: ThreadPoolExecutor,
        pass_index: int,
        rates: Rates,
        span: tuple[int, int],
        parts: Parts,
        *,
        trains: bool,
    ) -> list[Future[None]]:
        """Start the threads on some rounds."""
        self._counters = np.zeros(4 + TICKETS * (span[1] - span[0] + 1), np.int64)
        gate = threading.Barrier(self.threads)
        shape = self._team.shape if trains else self._team.shape._replace(scored=1, trains=False)
        team = self._team._replace(shape=shape)
        arguments = gate, self._counters, self._source(pass_index, parts), span, team, rates
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
        self._work(0, threading.Barrier(1), np.zeros(4 + 2 * TICKETS, np.int64), source, (0, 1), self._team, STILL)

    def tally(self) -> np.ndarray:
        """Return what was done since the last `forget`, (4,): see `firth.training.sampling_kernel`."""
        tally = self._tallies.sum(axis=0)
        tally[RESTRAINED] += tally[RESTRAINED + 1]  # by the two kinds of work, which may be those of two threads
        if self._team.pieces is not None:
            tally[RESTRAINED] += self._team.pieces.restrained.sum()
        return tally[PAIRS : RESTRAINED + 1]

    def positions_done(self) -> int:
        """Return how many positions were done since then."""
        return int(self._tallies[:, -1].sum())

    def forget(self) -> None:
        """Start counting anew."""
        self._tallies[:] = 0
        if self._team.pieces is not None:
            self._team.pieces.restrained[:] = 0

    def tallies(self) -> np.ndarray:
        """Return a copy of all that was counted, (S, 8) float64, for `set_tallies`."""
        tallies = self._tallies.copy()
        if self._team.pieces is not None:
            tallies[0, RESTRAINED + 1] += self._team.pieces.restrained.sum()
        return tallies

    def set_tallies(self, tallies: np.ndarray) -> None:
        """Go on counting from here."""
        self.forget()  # what was counted of pieces is among the tallies
        self._tallies[:] = tallies

    def state(self) -> dict[str, np.ndarray]:
        """Return the arrays that are the model between two rounds, as views: whole rows, padding included."""
        words = len(self.rule.keep)
        state = {"context": self.matrices.context[:words]}
        if self.pieces is not None:
            state["pieces"] = self.pieces
        else:
            state["center"] = self.matrices.center[:words]
        if len(self.documents):
            state["documents"] = self.documents[:-SPARE]
        return state

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
            family=self.family,
        )

    def _work(
        self,
        thread: int,
        gate: threading.Barrier,
        counters: np.ndarray,
        source: Source,
        span: tuple[int, int],
        team: Team,
        rates: Rates,
    ) -> None:
        """Do one thread's share."""
        gate.wait()
        work_in_rounds(source, span, team, rates, counters, gate.parties, *self._rooms[thread], self._tallies)


def _room_to_draw(slices: int, room: int, length: int, turn: int, pool: int, dtype: type) -> Drawn:
    """Return room for the windows and pools of all slices."""
    turns = -(-length // turn)
    columns = {name: own_lines((2, slices, room), np.int32) for name in ("words", "left", "right", "pairs")}
    return Drawn(
        **columns,
        positions=own_lines((2, slices, room), np.int64),
        pool_words=own_lines((2, slices, turns, pool), np.int32),
        pool_times=own_lines((2, slices, turns, 4 * pool), dtype),
        extents=own_lines((2, slices, LINE // 8), np.int64),
    )


def _pieces(table: PieceTable, slices: int, copies: int, settings: StreamSettings, dtype: type) -> Pieces:
    """Return the pieces of words as training starts, with room for their moves."""
    matrix = start_pieces(table.pieces, settings.dimensions, seed=settings.seed, dtype=dtype)
    return pieces_of(matrix, table.starts, table.rows, is_shared=table.is_shared, slices=slices, copies=copies)


def _room_to_work(
    team: Team, family: Family | None, window: int, columns: int, dtype: type
) -> tuple[Room | None, tuple[Room, BagRoom] | None, Scratch]:
    """Return one thread's own room."""
    room = kernel_room(window, dtype)
    slices, words = len(team.names.words), len(team.names.numbers)
    shares = own_lines((1 + int(team.shape.halvings.max()), slices + 1), dtype)
    scratch = Scratch(own_lines(columns, dtype), shares)
    if family is None:
        return room, None, scratch
    pool = team.drawn.pool_words.shape[-1]
    own = bag_room(columns, len(room.parts), pool=pool, words=words, loss=family.member.loss, dtype=dtype)
    return None, (room, own), scratch


def _room_to_share(slices: int, copies: int, words: int, room: int) -> Names:
    """Return room for what the words of all slices stand for."""
    bits = BITS // 64
    return Names(
        touched=own_lines((2, slices, bits), np.uint64),
        shared=own_lines((2, bits), np.uint64),
        once=own_lines((2, bits), np.uint64),
        always=own_lines((2, bits), np.uint64),
        frozen=own_lines(words, np.uint8),
        contexts=own_lines((slices, room), np.int32),
        words=own_lines((slices, copies), np.int32),
        sides=own_lines((slices, copies), np.uint8),
        numbers=own_lines((words, slices), np.int16 if copies < 2**15 else np.int32),
        counts=own_lines((slices, LINE // 8), np.int64),
        first=words + SPARE * slices,
    )
