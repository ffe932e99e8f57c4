"""A context row against all centre rows of its window: the row stays in registers while the window goes by.

    scores:  x_c = v_c · u                                2 n D flops, n D numbers read
    update:  u += s_c v_c   and   v_c += s_c u_old        4 n D flops, n D numbers read and written, one c after another

One centre after the other, so a word that stands twice in a window is moved twice: nothing has to be merged.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from firth.training.lanes import (
    SIZE,
    VECTOR,
    Lines,
    everywhere,
    items_of,
    lines_of,
    load_line,
    multiply_add,
    panels,
    size,
    store_line,
)

_HELD = VECTOR // 8
"""Lines of the context row held in registers at once, and as many of its move: half of all registers."""


class _Window:
    """The arguments that both intrinsics share: (context matrix, row, centre matrix, words, where, …)."""

    def __init__(self, target: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> None:
        self.builder = builder
        context, row, center, words, where = arguments[:5]
        self.left, self.right, self.index = cgutils.unpack_tuple(builder, where)
        self.contexts = Lines(target, builder, signature.args[0], context)
        self.centers = Lines(target, builder, signature.args[2], center)
        self.u = self.contexts.row(row)
        self.words = items_of(target, builder, signature.args[3], words)

    def hold(self, count: int, line: ir.Value) -> tuple[list[ir.Value], list[ir.Value]]:
        """Return the places of `count` lines from `line` on, and the context row there."""
        places = [self.builder.add(line, size(j)) for j in range(count)]
        return places, [self.contexts.load(self.u, place) for place in places]

    @contextmanager
    def each_center(self) -> Iterator[tuple[ir.Value, ir.Value]]:
        """Build a loop over the window's other words: yields the number of each, and its centre row."""
        builder = self.builder
        with cgutils.for_range(builder, builder.sub(self.right, self.left)) as loop:
            place = builder.add(self.left, loop.index)
            # The word itself is not its own context.
            place = builder.add(place, builder.zext(builder.icmp_signed(">=", place, self.index), SIZE))
            word = builder.load(builder.gep(self.words, [place]))
            yield loop.index, self.centers.row(builder.sext(word, SIZE))


@intrinsic
def window_scores(
    typing_context: Any,
    context: Any,
    row: Any,
    center: Any,
    words: Any,
    where: Any,
    parts: Any,
    first: Any,
) -> Any:
    """Fill parts[first:] (…, lanes) with the scores of one window, not added up.

    A row for each other word of the window; its sum is the score. `row` is that of the word in `context`, `where` three
    int64: the first and the last index of the window in `words`, and that of the word itself.
    """

    def generate(target: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> Any:
        window = _Window(target, builder, signature, arguments)
        parts = builder.gep(lines_of(target, builder, signature.args[5], arguments[5]), [arguments[6]])
        for count, line, is_first in panels(builder, window.contexts.count, _HELD):
            places, held = window.hold(count, line)
            with window.each_center() as (number, v):
                total = None if is_first else load_line(builder, parts, number)
                for place, u in zip(places, held, strict=True):
                    x = window.centers.load(v, place)
                    total = builder.fmul(u, x) if total is None else multiply_add(builder, u, x, total)
                store_line(builder, total, parts, number)
        return target.get_dummy_value()

    return types.void(context, types.int64, center, words, where, parts, types.int64), generate


@intrinsic
def window_update(
    typing_context: Any,
    context: Any,
    row: Any,
    center: Any,
    words: Any,
    where: Any,
    steps: Any,
    first: Any,
) -> Any:
    """Move the context row and the centre rows of a window by steps[first:], one for each other word of it."""

    def generate(target: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> Any:
        window = _Window(target, builder, signature, arguments)
        vector = window.contexts.vector
        steps = builder.gep(items_of(target, builder, signature.args[5], arguments[5]), [arguments[6]])
        for count, line, _ in panels(builder, window.contexts.count, _HELD):
            places, held = window.hold(count, line)
            moved = [cgutils.alloca_once_value(builder, u) for u in held]
            with window.each_center() as (number, v):
                step = everywhere(builder, vector, builder.load(builder.gep(steps, [number])))
                for place, u, kept in zip(places, held, moved, strict=True):
                    x = window.centers.load(v, place)
                    builder.store(multiply_add(builder, step, x, builder.load(kept)), kept)
                    window.centers.store(multiply_add(builder, step, u, x), v, place)
            for place, kept in zip(places, moved, strict=True):
                window.contexts.store(builder.load(kept), window.u, place)
        return target.get_dummy_value()

    return types.void(context, types.int64, center, words, where, steps, types.int64), generate
