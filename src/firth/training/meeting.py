"""Threads that meet inside compiled code: tickets and barriers on shared counters, without the interpreter.

A meeting of two threads takes well under a microsecond this way, and tens of them with `threading.Barrier`
(`benchmarks/roofline.py`). Who waits long gives its core away, so more threads than cores are slow and not stuck.
"""

from __future__ import annotations

import sys
from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from firth.compiling import compiled

_SPINS = 2000
"""Looks at the counter before the core is given away: some microseconds."""


def _counter(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> ir.Value:
    """Return the address of counters[index]."""
    array = context.make_array(signature.args[0])(context, builder, arguments[0])
    return builder.gep(array.data, [arguments[1]])


@intrinsic
def next_ticket(typing_context: Any, counters: Any, index: Any) -> Any:
    """Add 1 to counters[index] (int64), and return what it was: each caller gets another number."""

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> Any:
        place = _counter(context, builder, signature, arguments)
        return builder.atomic_rmw("add", place, ir.Constant(ir.IntType(64), 1), "seq_cst")

    return types.int64(counters, types.int64), generate


@intrinsic
def _look(typing_context: Any, counters: Any, index: Any) -> Any:
    """Return counters[index] as other threads left it."""

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> Any:
        return builder.load_atomic(_counter(context, builder, signature, arguments), "seq_cst", 8)

    return types.int64(counters, types.int64), generate


@intrinsic
def _give_way(typing_context: Any) -> Any:
    """Let another thread have this core."""

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> Any:
        name = "SwitchToThread" if sys.platform == "win32" else "sched_yield"
        kind = ir.FunctionType(ir.IntType(32), [])
        builder.call(numba.core.cgutils.get_or_insert_function(builder.module, kind, name), [])
        return context.get_dummy_value()

    return types.void(), generate


@compiled()
def meet(counters: np.ndarray, index: int, threads: int) -> None:
    """Wait until `threads` callers are here; counters[index] (int64) counts arrivals and is used for nothing else."""
    arrived = next_ticket(counters, index)
    everybody = (arrived // threads + 1) * threads
    spins = 0
    while _look(counters, index) < everybody:
        spins += 1
        if spins > _SPINS:
            _give_way()
