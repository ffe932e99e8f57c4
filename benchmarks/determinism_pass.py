"""One pass over a corpus and how it is measured: what all ways of `determinism_ways.py` share."""

import platform
import time
from concurrent.futures import ThreadPoolExecutor
from types import FunctionType
from typing import NamedTuple

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from firth.compiling import compiled
from firth.observations.noise import alias_table
from firth.observations.settings import Observations
from firth.observations.windows import draw_windows, window_room, window_rule
from firth.randomness import stream_key
from firth.training.matrices import Matrices
from firth.training.meeting import _counter, meet
from firth.training.pools import draw_pools, pool_room
from firth.training.rounds_kernel import work_in_rounds
from firth.training.sampling_kernel import LOSS, SCORED, kernel_room, score_windows
from firth.training.schedule import Rates, linear_rates
from firth.training.settings import POOL, TURN, StreamSettings

OBSERVATIONS = Observations(window=5, subsample=1e-3)
NEGATIVES = 5
STILL = Rates(0.0, 0.0, 0.0)


class Problem(NamedTuple):
    """A corpus, and everything about one pass over it that does not depend on how it is trained."""

    ids: np.ndarray
    counts: np.ndarray
    dimensions: int
    learning_rate: float

    def settings(self, threads, *, reproducible=True):
        """Return what a team is told."""
        return StreamSettings(
            dimensions=self.dimensions,
            negatives=NEGATIVES,
            passes=1,
            learning_rate=self.learning_rate,
            threads=threads,
            seed=1,
            reproducible=reproducible,
        )


class Outcome(NamedTuple):
    """What a run leaves: matrices, wall seconds, processor seconds of all threads, share of the time they waited."""

    matrices: Matrices
    wall: float
    processor: float
    waits: float


def train_once(team, problem, threads):
    """Train one pass with a team that did nothing before; return an `Outcome`. Who waits spins: it is work, too."""
    team.compile(STILL)
    rates = linear_rates(problem.learning_rate, 0, 1, len(problem.ids))
    with ThreadPoolExecutor(threads) as pool:
        wall, processor, began = time.perf_counter(), time.process_time(), now()
        for future in team.submit(pool, 0, rates):
            future.result()
        wall, processor = time.perf_counter() - wall, time.process_time() - processor
        waits = getattr(team, "waited", 0) / max(1, threads * (now() - began))
    return Outcome(team.matrices, wall, processor, waits)


def measure_loss(problem, matrices, samples=64, length=4096):
    """Return nats a pair at vectors that stand still, over ranges spread evenly, with random numbers of their own."""
    rule = window_rule(OBSERVATIONS, problem.counts)
    table = alias_table(OBSERVATIONS.noise_distribution(problem.counts))
    windows = window_room(length, len(rule.reach))
    pools = pool_room(length, turn=TURN, size=POOL, negatives=NEGATIVES)
    keep, noise = stream_key(99, "keep", 0), stream_key(99, "noise", 0)
    room, tally = kernel_room(len(rule.reach), np.float32), np.zeros(4)
    for start in np.linspace(0, len(problem.ids) - length, samples).astype(int):
        first, last = draw_windows(problem.ids, int(start), int(start) + length, rule, keep, windows)
        draw_pools(first, last, windows, *table, noise, matrices.spare, pools)
        score_windows(matrices, windows, first, last, pools, room, tally)
    return float(tally[LOSS] / tally[SCORED])


@intrinsic
def cycles(typing_context):
    """Read the processor's counter of time; 0 on those where that takes a privilege."""

    def generate(context, builder, signature, arguments):
        if platform.machine() not in ("x86_64", "AMD64"):
            return ir.Constant(ir.IntType(64), 0)
        kind = ir.FunctionType(ir.IntType(64), [])
        return builder.call(cgutils.get_or_insert_function(builder.module, kind, "llvm.readcyclecounter"), [])

    return types.int64(), generate


@intrinsic
def _add(typing_context, counters, index, amount):
    """Add to counters[index], which other threads add to."""

    def generate(context, builder, signature, arguments):
        return builder.atomic_rmw("add", _counter(context, builder, signature, arguments), arguments[2], "monotonic")

    return types.int64(counters, types.int64, types.int64), generate


@compiled()
def now():
    """Return what `cycles` reads."""
    return cycles()


@compiled()
def meet_timed(counters, index, threads):
    """Do as `meet`; the last of the counters adds up how long everybody waited."""
    began = cycles()
    meet(counters, index, threads)
    _add(counters, len(counters) - 1, cycles() - began)


@compiled()
def meet_often(counters, threads, meetings):
    """Do nothing but meet."""
    for _ in range(meetings):
        meet(counters, 0, threads)


def with_parts(function, **parts):
    """Return a function that finds these parts under the names of its own ones."""
    if unknown := parts.keys() - set(function.__code__.co_names):
        raise SystemExit(f"expected {function.__name__} to call {', '.join(unknown)}; bring the sketches up to date")
    return FunctionType(function.__code__, {**function.__globals__, **parts})


def loop_with(**parts):
    """Return the shipped loop over rounds with timed meetings and these parts; no disk keeps it for the shipped one."""
    function = with_parts(work_in_rounds.py_func, meet=meet_timed, **parts)
    return numba.njit(nogil=True, error_model="numpy", _nrt=False)(function)
