"""Blocks of centre rows against context rows: their scores, their steps, their update.

A block is m centre rows against n context rows; the rows of one side are distinct (or spare with weight 0).

    scores:  x_ij = v_i · u_j                                          2 m n D flops
    steps:   s_ij from x_ij, by σ
    update:  v_i += Σ_j s_ij u_j    and    u_j += Σ_i s_ij v_i         4 m n D flops, both from the old values

Four by four fills the registers of a processor with 32 vectors: 16 sums and four rows; 16 steps and eight rows.
"""

from __future__ import annotations

from collections.abc import Callable
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
    lines_of,
    load_line,
    logistic,
    multiply_add,
    packed_sums,
    row_sums,
    size,
    store_line,
    zero_sums,
)


def rows_of(target: Any, builder: ir.IRBuilder, matrix: tuple, ids: tuple, count: int) -> tuple[Lines, list[ir.Value]]:
    """Return a matrix as lines, and the addresses of the rows `ids[:count]` names."""
    lines = Lines(target, builder, *matrix)
    first = items_of(target, builder, *ids)
    return lines, [lines.row(builder.load(builder.gep(first, [size(j)]))) for j in range(count)]


def _store_sums(builder: ir.IRBuilder, sums: list[ir.Value], pointer: ir.Value) -> None:
    """Write the sum of each of the vectors kept at `sums`, one item after the other."""
    for vector in row_sums(builder, [builder.load(place) for place in sums]):
        here = builder.bitcast(pointer, vector.type.as_pointer())
        builder.store(vector, here, align=4)
        pointer = builder.gep(pointer, [size(vector.type.count)])


def scores_of(centers: int, contexts: int) -> Callable[..., Any]:
    """Build the intrinsic that fills scores (centers · contexts,) of a block of that size."""

    def scores(typing_context: Any, center: Any, center_ids: Any, context: Any, context_ids: Any, out: Any) -> Any:
        def generate(target: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> Any:
            pairs = list(zip(signature.args, arguments, strict=True))
            left, v_rows = rows_of(target, builder, pairs[0], pairs[1], centers)
            right, u_rows = rows_of(target, builder, pairs[2], pairs[3], contexts)
            sums = zero_sums(builder, left.vector, centers * contexts)
            with cgutils.for_range(builder, left.count) as loop:
                us = [right.load(row, loop.index) for row in u_rows]
                for i, row in enumerate(v_rows):
                    v = left.load(row, loop.index)
                    for j, u in enumerate(us):
                        place = sums[i * contexts + j]
                        builder.store(multiply_add(builder, v, u, builder.load(place)), place)
            _store_sums(builder, sums, items_of(target, builder, *pairs[4]))
            return target.get_dummy_value()

        return types.void(center, center_ids, context, context_ids, out), generate

    return scores


def update_of(centers: int, contexts: int) -> Callable[..., Any]:
    """Build the intrinsic that moves the rows of a block of that size by its steps (centers · contexts,)."""

    def update(typing_context: Any, center: Any, center_ids: Any, context: Any, context_ids: Any, steps: Any) -> Any:
        def generate(target: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> Any:
            pairs = list(zip(signature.args, arguments, strict=True))
            left, v_rows = rows_of(target, builder, pairs[0], pairs[1], centers)
            right, u_rows = rows_of(target, builder, pairs[2], pairs[3], contexts)
            pointer = items_of(target, builder, *pairs[4])
            step = [
                everywhere(builder, left.vector, builder.load(builder.gep(pointer, [size(k)])))
                for k in range(centers * contexts)
            ]
            with cgutils.for_range(builder, left.count) as loop:
                vs = [left.load(row, loop.index) for row in v_rows]
                us = [right.load(row, loop.index) for row in u_rows]
                for i, moved in enumerate(vs):
                    for j, u in enumerate(us):
                        moved = multiply_add(builder, step[i * contexts + j], u, moved)
                    left.store(moved, v_rows[i], loop.index)
                for j, moved in enumerate(us):
                    for i, v in enumerate(vs):
                        moved = multiply_add(builder, step[i * contexts + j], v, moved)
                    right.store(moved, u_rows[j], loop.index)
            return target.get_dummy_value()

        return types.void(center, center_ids, context, context_ids, steps), generate

    return update


@intrinsic
def scores_of_four(typing_context: Any, center: Any, center_ids: Any, context: Any, context_ids: Any, out: Any) -> Any:
    """Fill scores (4,) of four centre rows, each with a context row of its own."""

    def generate(target: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> Any:
        pairs = list(zip(signature.args, arguments, strict=True))
        left, v_rows = rows_of(target, builder, pairs[0], pairs[1], 4)
        right, u_rows = rows_of(target, builder, pairs[2], pairs[3], 4)
        sums = zero_sums(builder, left.vector, 4)
        with cgutils.for_range(builder, left.count) as loop:
            for place, v, u in zip(sums, v_rows, u_rows, strict=True):
                x = left.load(v, loop.index), right.load(u, loop.index)
                builder.store(multiply_add(builder, *x, builder.load(place)), place)
        _store_sums(builder, sums, items_of(target, builder, *pairs[4]))
        return target.get_dummy_value()

    return types.void(center, center_ids, context, context_ids, out), generate


@intrinsic
def update_four(typing_context: Any, center: Any, center_ids: Any, context: Any, context_ids: Any, steps: Any) -> Any:
    """Move four centre rows and their context rows by steps (4,), one pair after the other."""

    def generate(target: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> Any:
        pairs = list(zip(signature.args, arguments, strict=True))
        left, v_rows = rows_of(target, builder, pairs[0], pairs[1], 4)
        right, u_rows = rows_of(target, builder, pairs[2], pairs[3], 4)
        pointer = items_of(target, builder, *pairs[4])
        step = [everywhere(builder, left.vector, builder.load(builder.gep(pointer, [size(k)]))) for k in range(4)]
        with cgutils.for_range(builder, left.count) as loop:
            for by, v_row, u_row in zip(step, v_rows, u_rows, strict=True):
                v, u = left.load(v_row, loop.index), right.load(u_row, loop.index)
                left.store(multiply_add(builder, by, u, v), v_row, loop.index)
                right.store(multiply_add(builder, by, v, u), u_row, loop.index)
        return target.get_dummy_value()

    return types.void(center, center_ids, context, context_ids, steps), generate


@intrinsic
def row_squares(typing_context: Any, matrix: Any, words: Any, first: Any, count: Any, parts: Any) -> Any:
    """Fill parts[:count] (…, lanes) with the squares of the rows words[first:first + count], not added up."""

    def generate(target: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> Any:
        pairs = list(zip(signature.args, arguments, strict=True))
        lines, source = Lines(target, builder, *pairs[0]), items_of(target, builder, *pairs[1])
        places = lines_of(target, builder, *pairs[4])
        (total,) = zero_sums(builder, lines.vector, 1)
        with cgutils.for_range(builder, arguments[3]) as rows:
            word = builder.load(builder.gep(source, [builder.add(arguments[2], rows.index)]))
            row = lines.row(builder.sext(word, SIZE))
            builder.store(ir.Constant(lines.vector, [0.0] * lines.vector.count), total)
            with cgutils.for_range(builder, lines.count) as loop:
                x = lines.load(row, loop.index)
                builder.store(multiply_add(builder, x, x, builder.load(total)), total)
            store_line(builder, builder.load(total), places, rows.index)
        return target.get_dummy_value()

    return types.void(matrix, words, types.int64, types.int64, parts), generate


@intrinsic
def steps_apart(typing_context: Any, scores: Any, weights: Any, times: Any, sizes: Any) -> Any:
    """Replace 16 scores x by the steps that lower Σ weight · −log σ(−x): −weight · σ(x).

    All (16,) and of one precision; a weight is weights · times, the learning rate included. The sizes of the steps are
    added to `sizes`, one line: its sum bounds how far the steps since it was 0 moved any row, in rows as long as the
    longest.
    """

    def generate(target: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> Any:
        pairs = zip(signature.args, arguments, strict=True)
        places, weights, times, sizes = (lines_of(target, builder, *pair) for pair in pairs)
        total = load_line(builder, sizes, size(0))
        for k in range(16 // places.type.pointee.count):
            x = load_line(builder, places, size(k))
            weight = builder.fmul(load_line(builder, weights, size(k)), load_line(builder, times, size(k)))
            length = builder.fmul(weight, logistic(builder, x, 1.0))
            total = builder.fadd(total, length)
            store_line(builder, builder.fneg(length), places, size(k))
        store_line(builder, total, sizes, size(0))
        return target.get_dummy_value()

    return types.void(scores, weights, times, sizes), generate


@intrinsic
def steps_together(typing_context: Any, scores: Any, count: Any, rate: Any, sizes: Any) -> Any:
    """Replace the first `count` scores x by the steps that lower Σ −log σ(x): rate · σ(−x).

    What fills their last line becomes 0. `sizes` is as in `steps_apart`.
    """

    def generate(target: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> Any:
        places = lines_of(target, builder, signature.args[0], arguments[0])
        vector = places.type.pointee
        count, rate = arguments[1:3]
        if not isinstance(vector.element, ir.DoubleType):
            rate = builder.fptrunc(rate, vector.element)
        rates = everywhere(builder, vector, rate)
        sizes = lines_of(target, builder, signature.args[3], arguments[3])
        lanes = ir.VectorType(SIZE, vector.count)
        numbers, none = ir.Constant(lanes, list(range(vector.count))), ir.Constant(vector, [0.0] * vector.count)
        lines = builder.udiv(builder.add(count, size(vector.count - 1)), size(vector.count))
        with cgutils.for_range(builder, lines) as loop:
            left = builder.sub(count, builder.mul(loop.index, size(vector.count)))
            is_score = builder.icmp_signed("<", numbers, everywhere(builder, lanes, left))
            step = builder.fmul(rates, logistic(builder, load_line(builder, places, loop.index), -1.0))
            step = builder.select(is_score, step, none)
            store_line(builder, builder.fadd(load_line(builder, sizes, size(0)), step), sizes, size(0))
            store_line(builder, step, places, loop.index)
        return target.get_dummy_value()

    return types.void(scores, types.int64, types.float64, sizes), generate


@intrinsic
def sum_of_line(typing_context: Any, line: Any) -> Any:
    """Return the sum of one line of numbers."""

    def generate(target: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> Any:
        vector = load_line(builder, lines_of(target, builder, signature.args[0], arguments[0]), size(0))
        (total,) = row_sums(builder, [vector])
        return builder.extract_element(total, ir.Constant(ir.IntType(32), 0))

    return line.dtype(line), generate


@intrinsic
def add_up(typing_context: Any, parts: Any, scores: Any, lines: Any) -> Any:
    """Fill that many lines of scores: each score is the sum of one row of `parts`, which are lines themselves."""

    def generate(target: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> Any:
        pairs = list(zip(signature.args, arguments, strict=True))
        source, places = (lines_of(target, builder, *pair) for pair in pairs[:2])
        lanes = places.type.pointee.count
        with cgutils.for_range(builder, arguments[2]) as loop:
            first = builder.mul(loop.index, size(lanes))
            vectors = [load_line(builder, source, builder.add(first, size(j))) for j in range(lanes)]
            store_line(builder, packed_sums(builder, vectors)[0], places, loop.index)
        return target.get_dummy_value()

    return types.void(parts, scores, types.int64), generate


scores_4x4 = intrinsic(scores_of(4, 4))
update_4x4 = intrinsic(update_of(4, 4))
