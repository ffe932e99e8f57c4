"""One sparse row against a dense matrix, in vectors: the sum of the rows that its cells name, and their scores.

A cell names a row of the dense matrix, anywhere in it: rows are asked for before they are needed.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from firth.training.lanes import (
    SIZE,
    Lines,
    everywhere,
    items_of,
    multiply_add,
    panels,
    row_sums,
    size,
    zero_sums,
)

_REGISTERS = 8
"""Lines of a row that are summed at once."""

_AHEAD = 6
"""Cells whose rows are asked for before they are needed."""

_TOGETHER = 4
"""Cells that are scored at once."""

_BYTE = ir.IntType(8).as_pointer()


class _Cells:
    """The cells of one sparse row, and the rows of the dense matrix that they name."""

    def __init__(self, target: Any, builder: ir.IRBuilder, matrix: tuple, contexts: tuple, last: ir.Value) -> None:
        self.builder = builder
        self.lines = Lines(target, builder, *matrix)
        self._ids = items_of(target, builder, *contexts)
        self._final = builder.sub(last, size(1))
        flag = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [_BYTE, flag, flag, flag])
        self._prefetch = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0i8")
        self._hints = [ir.Constant(flag, number) for number in (0, 3, 1)]

    def row(self, cell: ir.Value) -> ir.Value:
        """Return the address of the dense row that a cell names; beyond the last cell, that of the last."""
        cell = self.builder.select(self.builder.icmp_signed("<", cell, self._final), cell, self._final)
        word = self.builder.load(self.builder.gep(self._ids, [cell]))
        return self.lines.row(self.builder.sext(word, SIZE))

    def fetch(self, row: ir.Value, line: ir.Value) -> None:
        """Ask for a line of a row before it is needed."""
        address = self.builder.bitcast(self.builder.gep(row, [line]), _BYTE)
        self.builder.call(self._prefetch, [address, *self._hints])


@intrinsic
def sum_row(
    typing_context: Any, matrix: Any, contexts: Any, values: Any, first: Any, last: Any, out: Any, row: Any
) -> Any:
    """Set out[row] to Σ values[k − first] · matrix[contexts[k]] over first ≤ k < last."""

    def generate(target: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> Any:
        pairs = list(zip(signature.args, arguments, strict=True))
        begin, end = arguments[3], arguments[4]
        cells, sums = _Cells(target, builder, pairs[0], pairs[1], end), Lines(target, builder, *pairs[5])
        weights, place, vector = items_of(target, builder, *pairs[2]), sums.row(arguments[6]), cells.lines.vector
        for count, line, _ in panels(builder, cells.lines.count, _REGISTERS):
            totals = zero_sums(builder, vector, count)
            with cgutils.for_range_slice(builder, begin, end, size(1)) as (cell, _step):
                far, here = cells.row(builder.add(cell, size(_AHEAD))), cells.row(cell)
                weight = builder.load(builder.gep(weights, [builder.sub(cell, begin)]))
                for j, total in enumerate(totals):
                    index = builder.add(line, size(j))
                    cells.fetch(far, index)
                    value = cells.lines.load(here, index)
                    value = multiply_add(builder, everywhere(builder, vector, weight), value, builder.load(total))
                    builder.store(value, total)
            for j, total in enumerate(totals):
                sums.store(builder.load(total), place, builder.add(line, size(j)))
        return target.get_dummy_value()

    return types.void(matrix, contexts, values, types.int64, types.int64, out, types.int64), generate


@intrinsic
def score_row(
    typing_context: Any, own: Any, row: Any, matrix: Any, contexts: Any, first: Any, last: Any, scores: Any
) -> Any:
    """Set scores[k − first] to own[row] · matrix[contexts[k]] over first ≤ k < last; three more may be written to."""

    def generate(target: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> Any:
        pairs = list(zip(signature.args, arguments, strict=True))
        begin, end = arguments[4], arguments[5]
        left, cells = Lines(target, builder, *pairs[0]), _Cells(target, builder, pairs[2], pairs[3], end)
        place, out = left.row(arguments[1]), items_of(target, builder, *pairs[6])
        sums = zero_sums(builder, left.vector, _TOGETHER)
        zero = ir.Constant(left.vector, [0.0] * left.vector.count)
        with cgutils.for_range_slice(builder, begin, end, size(_TOGETHER)) as (cell, _step):
            rows = [cells.row(builder.add(cell, size(j))) for j in range(2 * _TOGETHER)]
            for total in sums:
                builder.store(zero, total)
            with cgutils.for_range(builder, left.count) as loop:
                mine = left.load(place, loop.index)
                for total, here, far in zip(sums, rows[:_TOGETHER], rows[_TOGETHER:], strict=True):
                    cells.fetch(far, loop.index)
                    other = cells.lines.load(here, loop.index)
                    builder.store(multiply_add(builder, mine, other, builder.load(total)), total)
            pointer = builder.gep(out, [builder.sub(cell, begin)])
            for packed in row_sums(builder, [builder.load(total) for total in sums]):
                builder.store(packed, builder.bitcast(pointer, packed.type.as_pointer()), align=4)
                pointer = builder.gep(pointer, [size(packed.type.count)])
        return target.get_dummy_value()

    return types.void(own, types.int64, matrix, contexts, types.int64, types.int64, scores), generate
